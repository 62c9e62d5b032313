/**
 * The error of a call whose retries ended, with every attempt it made.
 *
 * @since 0.1.0
 */
import type { Retry } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Attempt from "./Attempt.ts"
import { nameOf } from "./internal/trail.ts"

/**
 * Why the retries ended: the schedule was done, the next retry would start past the deadline, the budget had no token, or the
 * circuit opened.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = Retry.Reason

// A generic error class needs a base that is not, and a declaration of what it holds.
class Base extends Data.TaggedError("RetryExhausted")<{
  readonly key: string
  readonly reason: Reason
  readonly attempts: Arr.NonEmptyReadonlyArray<Attempt.Attempt>
}> {}

/**
 * Fails because the call's retries ended without a success; `attempts` holds every one, first to last, with its error.
 *
 * Retriable errors exist only in here, so that what is left in the error channel is permanent.
 *
 * **Example** (Reading the trail)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect4"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 *
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 * const program = Effect.fail(new Timeout()).pipe(
 *   Truce.protect({ key: "users-api", classify, retry: { base: "1 millis" } }),
 *   Effect.catchTag("RetryExhausted", (error) => Effect.succeed(`${error.reason}: ${error.attempts.length} attempts`)),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "attempts: 3 attempts"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class RetryExhausted<out E = unknown> extends Base {
  declare readonly attempts: Arr.NonEmptyReadonlyArray<Attempt.Attempt<E>>

  constructor(fields: {
    readonly key: string
    readonly reason: Reason
    readonly attempts: Arr.NonEmptyReadonlyArray<Attempt.Attempt<E>>
  }) {
    super(fields)
  }

  /** The error of the last attempt. */
  get lastError(): E {
    return (this.attempts.at(-1) ?? this.attempts[0]).error
  }

  override get message(): string {
    const count = this.attempts.length
    const errors = this.attempts.map((attempt) => nameOf(attempt.error)).join(", ")
    return `call to ${this.key} ended after ${count} ${count === 1 ? "attempt" : "attempts"} (${this.reason}): ${errors}`
  }
}

/**
 * The schema of the error, from the schema of the errors its attempts failed with.
 *
 * **Example** (Sending it over a wire)
 *
 * ```ts
 * import { RetryExhausted } from "@truce/effect4"
 * import { Duration, Schema } from "effect"
 *
 * class Timeout extends Schema.TaggedError<Timeout>()("Timeout", {}) {}
 * const schema = RetryExhausted.schema(Timeout)
 *
 * const error = new RetryExhausted.RetryExhausted({
 *   key: "users-api",
 *   reason: "budget",
 *   attempts: [{
 *     key: "users-api", number: 0, start: Duration.zero, duration: Duration.millis(5), delay: Duration.zero,
 *     outcome: "Failure", error: new Timeout(), state: "Closed", score: 0.8
 *   }]
 * })
 * Schema.decodeSync(schema)(Schema.encodeSync(schema)(error)).lastError instanceof Timeout // => true
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = <E, I, RD, RE>(error: Schema.Codec<E, I, RD, RE>) => {
  const attempt = Attempt.schema(error)
  const isAttempt = Schema.is(Schema.toType(attempt))
  const fields = Schema.TaggedStruct("RetryExhausted", {
    key: Schema.String,
    reason: Schema.Literals(["attempts", "deadline", "budget", "circuit-open"]),
    attempts: Schema.NonEmptyArray(attempt)
  })
  const self = Schema.declare(
    (u: unknown): u is RetryExhausted<E> => isRetryExhausted(u) && u.attempts.every((item) => isAttempt(item)),
    { identifier: "RetryExhausted" }
  )
  return fields.pipe(
    Schema.decodeTo(
      self,
      SchemaTransformation.transform({
        decode: ({ attempts, key, reason }) => new RetryExhausted<E>({ key, reason, attempts }),
        encode: ({ attempts, key, reason }) => ({ _tag: "RetryExhausted" as const, key, reason, attempts })
      })
    )
  )
}

/**
 * Whether a value is a `RetryExhausted`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRetryExhausted = (u: unknown): u is RetryExhausted => u instanceof RetryExhausted
