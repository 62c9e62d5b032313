/**
 * Retry as a service: an Effect `Schedule` with a deadline and a stance towards open circuits.
 *
 * The retry knows nothing of a breaker's type: it sees typed errors, and an optional effect that ends when retrying became pointless.
 * While it waits it holds no permit and no thread.
 *
 * @since 0.1.0
 */
import {
  type Again,
  type BackoffOptions,
  type LayerOptions,
  type RetryOptions,
  RetryPolicy,
  type RulesByKey,
  type Service,
  replace
} from "./run/services/RetryPolicy.ts"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type { CircuitOpen } from "./CircuitOpen.ts"
import { retryingAlone } from "./run/call/retryAlone.ts"
import { backingOff, rulesByKey } from "./run/settings/retryRules.ts"
import * as Schedules from "./platform/Schedules.ts"
import type { RetryExhausted } from "./RetryExhausted.ts"

export {
  type Again,
  type BackoffOptions,
  type CallOptions,
  type Input,
  type LayerOptions,
  type Limits,
  type Options,
  type RetryOptions,
  RetryPolicy,
  type Rules,
  type Service,
  replace
} from "./run/services/RetryPolicy.ts"

/**
 * Builds the rules; a schedule's own services are taken from the context now.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <R = never>(options: LayerOptions<R> = {}): Effect.Effect<Service, never, R> =>
  Effect.map(Effect.context<R>(), (context) => serviceOf(rulesByKey(options, context)))

/**
 * The rules at once, for schedules without services of their own.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafeMake = (options: LayerOptions = {}): Service => serviceOf(rulesByKey(options, Context.empty()))

const serviceOf = (rules: RulesByKey): Service => {
  let current = rules
  return {
    get schedule() {
      return current.base.schedule
    },
    get deadline() {
      return current.base.deadline
    },
    get maxRetryAfter() {
      return current.base.maxRetryAfter
    },
    get whenOpen() {
      return current.base.whenOpen
    },
    limits: () => current.limitsOf(undefined),
    of(key, own) {
      const limits = () => current.limitsOf(key)
      const special = current.of(key, own)
      if (special !== undefined) return { ...special, limits }
      // Of this object: `{ ...policy, deadline }` is a policy of its own.
      const { deadline, maxRetryAfter, schedule, whenOpen } = this
      return { schedule, deadline, maxRetryAfter, whenOpen, limits }
    },
    [replace]: (next) => {
      current = next
    }
  }
}

/**
 * Provides the policy.
 *
 * **Example** (Retrying without a breaker)
 *
 * ```ts
 * import { Classifier, RetryPolicy } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.fail(new Timeout()).pipe(
 *   RetryPolicy.retry({ key: "users-api", classify }),
 *   Effect.catchTag("RetryExhausted", (error) => Effect.succeed(error.attempts.length)),
 *   Effect.provide(RetryPolicy.layer({ attempts: 2, base: "1 millis" }))
 * )
 * await Effect.runPromise(program) // => 2
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <R = never>(options?: LayerOptions<R>): Layer.Layer<RetryPolicy, never, R> =>
  Layer.effect(
    RetryPolicy,
    Effect.suspend(() => make(options))
  )

/**
 * Exponential backoff with cap and jitter, without end; its output is the delay.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (At most five attempts within ten seconds)
 *
 * ```ts
 * import { RetryPolicy } from "@truce/effect3"
 * import { Schedule } from "effect"
 *
 * const schedule = RetryPolicy.exponential({ base: "200 millis", jitter: "full" }).pipe(
 *   Schedule.intersect(Schedule.recurs(4)),
 *   Schedule.upTo("10 seconds")
 * )
 * Schedule.isSchedule(schedule) // => true
 * ```
 *
 * @category schedules
 * @since 0.1.0
 */
export const exponential: (options?: BackoffOptions) => Schedule.Schedule<Duration.Duration> = backingOff

/**
 * Lengthens a schedule's delay to what the error asks for.
 *
 * For plain `Effect.retry`; `RetryPolicy.retry` and `Truce.protect` honour the classifier's `retryAfter` with any schedule.
 *
 * @category schedules
 * @since 0.1.0
 */
export const retryAfter: typeof Schedules.retryAfter = Schedules.retryAfter

/**
 * The error channel after a retry: permanent errors as they were, retriable ones inside `RetryExhausted`.
 *
 * An error that the types call neither, or both, is in both places: none is lost.
 *
 * @category models
 * @since 0.1.0
 */
export type Retried<E, ER, EP> = {
  // A property, as its type has no name: an editor shows the errors instead.
  readonly error:
    | Exclude<E, ER>
    | Extract<E, EP>
    | ([Again<E, ER, EP>] extends [never] ? never : RetryExhausted<Again<E, ER, EP>>)
}["error"]

/**
 * Retries an effect by the policy, as one call: only retriable errors reach the schedule, a rejection by a circuit ends the call.
 *
 * A `CircuitOpen` after the first attempt becomes `RetryExhausted` with reason `circuit-open`; before it, it stays what it is. Defects
 * and interruptions are never retried. Without `Truce` there is no budget and nothing to wait for: `whenOpen` is not used.
 *
 * @category combinators
 * @since 0.1.0
 */
export function retry<E, ER extends E, EP extends E, RS = never>(
  options: RetryOptions<E, ER, EP, RS>
): <A, E2 extends E | CircuitOpen, R>(
  self: Effect.Effect<A, E2, R>
) => Effect.Effect<A, Retried<E2, ER, EP>, R | RS | RetryPolicy>
export function retry<A, E2 extends E | CircuitOpen, R, E, ER extends E, EP extends E, RS = never>(
  self: Effect.Effect<A, E2, R>,
  options: RetryOptions<E, ER, EP, RS>
): Effect.Effect<A, Retried<E2, ER, EP>, R | RS | RetryPolicy>
export function retry<A, E, ER extends E, EP extends E, R, RS>(
  ...args:
    | readonly [RetryOptions<E, ER, EP, RS>]
    | readonly [Effect.Effect<A, E | CircuitOpen, R>, RetryOptions<E, ER, EP, RS>]
) {
  const retrying = (options: RetryOptions<E, ER, EP, RS>) => (self: Effect.Effect<A, E | CircuitOpen, R>) =>
    Effect.flatMap(RetryPolicy, (policy) => retryingAlone(self, policy.of(options.key), options))
  return args.length === 1 ? retrying(args[0]) : retrying(args[1])(args[0])
}
