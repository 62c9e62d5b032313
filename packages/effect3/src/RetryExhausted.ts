/**
 * The error of a call whose retries ended, with every attempt it made.
 *
 * @since 0.1.0
 */
import { type Call, Printable } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Attempt from "./Attempt.ts"
import { own, ownMessage } from "./run/errors/message.ts"
import { worded } from "./run/call/trail.ts"

/** What is known of the class by every copy of this package. */
const typeId: unique symbol = Symbol.for("@truce/effect3/RetryExhausted")

/**
 * Why the retries ended: the schedule was done or its limit reached, the next retry would start past the deadline, the budget had no
 * token, the circuit opened, or what was sent cannot be sent again (`not-repeatable`: a POST, a body that is a stream).
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = Call.Reason

// A generic error class needs a base that is not, and a declaration of what it holds.
class Base extends Data.TaggedError("RetryExhausted")<{
  readonly key: string
  readonly reason: Reason
  readonly attempts: Arr.NonEmptyReadonlyArray<Attempt.Attempt>
}> {}

/**
 * Fails because the call's retries ended without a success; `attempts` holds every one, first to last, with its error. The last one is its
 * `cause`, and the last ten are in its message.
 *
 * Retriable errors exist only in here, so that what is left in the error channel is permanent.
 *
 * **Example** (Reading the trail)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
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

  readonly #text: string

  constructor(fields: {
    readonly key: string
    readonly reason: Reason
    readonly attempts: Arr.NonEmptyReadonlyArray<Attempt.Attempt<E>>
  }) {
    super(fields)
    this.#text = ownMessage(this, textOf(this))
    own(this, "cause", this.lastError)
  }

  get [typeId](): typeof typeId {
    return typeId
  }

  /** The error of the last attempt. */
  get lastError(): E {
    return (this.attempts.at(-1) ?? this.attempts[0]).error
  }

  override get message(): string {
    return this.#text
  }
}

/** A trail may be long, and a line must not. */
const mostTold = 10

const textOf = ({ attempts, key, reason }: RetryExhausted): string => {
  const count = attempts.length
  const told = attempts.slice(-mostTold).map((attempt) => worded(attempt.error))
  const last = count > mostTold ? `, the last ${mostTold}` : ""
  return `call to ${Printable.shown(key)} ended after ${count} ${count === 1 ? "attempt" : "attempts"} (${reason})${last}: ${told.join(", ")}`
}

/**
 * The schema of the error, from the schema of the errors its attempts failed with.
 *
 * **Example** (Sending it over a wire)
 *
 * ```ts
 * import { RetryExhausted } from "@truce/effect3"
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
export const schema = <E, I, R>(error: Schema.Schema<E, I, R>) => {
  const attempt = Attempt.schema(error)
  const isAttempt = Schema.is(Schema.typeSchema(attempt))
  const fields = Schema.TaggedStruct("RetryExhausted", {
    key: Schema.String,
    reason: Schema.Literal("attempts", "deadline", "budget", "circuit-open", "not-repeatable"),
    attempts: Schema.NonEmptyArray(attempt)
  })
  const self = Schema.declare(
    (u: unknown): u is RetryExhausted<E> => isRetryExhausted(u) && u.attempts.every((item) => isAttempt(item)),
    { identifier: "RetryExhausted" }
  )
  return Schema.transform(fields, self, {
    strict: true,
    decode: ({ attempts, key, reason }) => new RetryExhausted<E>({ key, reason, attempts }),
    encode: ({ attempts, key, reason }) => ({ _tag: "RetryExhausted" as const, key, reason, attempts })
  })
}

/**
 * Whether a value is a `RetryExhausted`, of this copy of the package or of another one in the same program.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRetryExhausted = (u: unknown): u is RetryExhausted => hasProperty(u, typeId)
