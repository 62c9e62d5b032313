/**
 * What one call has behind it: how many of its attempts failed, by key, and its trail.
 *
 * `Truce.protect` and `RetryPolicy.retry` open one; `Truce.call` opens one by hand around a plain `Effect.retry`. The breaker reads
 * the number of failed attempts from it, so that one call's attempts do not count as many callers'. It is never read from
 * `Schedule`'s iteration metadata, which an outer `Effect.repeat` sets too.
 *
 * @since 0.1.0
 */
import { Trail } from "@truce/core"
import * as Effect from "effect/Effect"
import type { Attempt } from "./Attempt.ts"
import * as Reference from "./platform/Reference.ts"

/**
 * The context of the call a fiber works for.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallContext {
  /** Failed attempts so far on a key: the j of the weight 0.5^j of the next one. */
  readonly failed: (key: string) => number
  /** Every attempt settled so far, first to last. */
  readonly trail: () => ReadonlyArray<Attempt>
  /** Adds an attempt; the breaker and the retry do. */
  readonly record: (attempt: Attempt) => void
  /** When the call began, in ms on the monotonic clock of its first attempt. */
  readonly begun: (now: number) => number
  /** The call is over: fibers it left running belong to no call, so that what they find weighs in full and is kept nowhere. */
  readonly end: () => void
}

/**
 * A context with nothing behind it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): CallContext => {
  const attempts: Array<Attempt> = []
  let start: number | undefined
  let isOver = false
  return {
    failed: (key) => (isOver ? 0 : Trail.failed(attempts, key)),
    trail: () => [...attempts],
    record: (attempt) => {
      if (!isOver) attempts.push(attempt)
    },
    begun: (now) => (start ??= now),
    end: () => {
      isOver = true
    }
  }
}

/**
 * The context of the current fiber; `undefined` outside a call.
 *
 * @category references
 * @since 0.1.0
 */
export const current: Reference.Reference<CallContext | undefined> = Reference.make<CallContext | undefined>(
  "@truce/effect3/CallContext",
  () => undefined
)

/**
 * Runs an effect as one call: all attempts inside belong together.
 *
 * **Example** (Reading the trail after a success)
 *
 * ```ts
 * import { CallContext, Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * let attempts = 0
 * const flaky = Effect.suspend(() => (attempts++ === 0 ? Effect.fail(new Timeout()) : Effect.succeed("hello")))
 * const program = Effect.gen(function* () {
 *   yield* flaky.pipe(Truce.protect({ key: "users-api", classify, retry: { base: "1 millis" } }))
 *   return (yield* CallContext.trail).map((attempt) => attempt.outcome)
 * }).pipe(CallContext.open, Effect.provide(Truce.layer()))
 * await Effect.runPromise(program) // => ["Failure", "Success"]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const open = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const context = make()
    return Effect.ensuring(
      Effect.locally(self, current, context),
      Effect.sync(() => context.end())
    )
  })

/**
 * The attempts of the current call so far; empty outside a call.
 *
 * @category accessors
 * @since 0.1.0
 */
export const trail: Effect.Effect<ReadonlyArray<Attempt>> = Effect.withFiberRuntime((fiber) =>
  Effect.succeed(fiber.getFiberRef(current)?.trail() ?? [])
)

/**
 * The number of attempts of the current call that have been settled: 0 during the first attempt, and outside a call.
 *
 * @category accessors
 * @since 0.1.0
 */
export const attempt: Effect.Effect<number> = Effect.map(trail, (attempts) => attempts.length)
