/**
 * Retry as a service: an Effect `Schedule` with a deadline and a stance towards open circuits.
 *
 * The retry knows nothing of a breaker's type: it sees typed errors, and an optional effect that ends when retrying became pointless.
 * While it waits it holds no permit and no thread.
 *
 * @since 0.1.0
 */
import type { Backoff, Limits as Core } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type { CircuitOpen } from "./CircuitOpen.ts"
import type { Classifier } from "./Classifier.ts"
import { configured } from "./internal/options.ts"
import { retryingAlone } from "./internal/retryAlone.ts"
import { type RulesByKey, backingOff, rulesByKey } from "./internal/retryRules.ts"
import * as Schedules from "./platform/Schedules.ts"
import type { RetryExhausted } from "./RetryExhausted.ts"

/**
 * What a schedule is told before each retry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly key: string
  /** The error of the last attempt. */
  readonly error: unknown
  /** Failed attempts of the call so far. */
  readonly failed: number
  /** When the dependency asked to be tried again; the wait is never shorter. */
  readonly retryAfter: Option.Option<Duration.Duration>
}

/**
 * Options of a backoff. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackoffOptions {
  /** The delay before the first retry. Default: 100 millis. */
  readonly base?: Duration.DurationInput | undefined
  /** The factor from one retry to the next, at least 1. Default: 2. */
  readonly factor?: number | undefined
  /** The longest delay before jitter. Default: 2 seconds. */
  readonly cap?: Duration.DurationInput | undefined
  /** The spread: "none", "full", "equal", "decorrelated" or a range of factors. Default: `{ min: 0.5, max: 1.5 }`. */
  readonly jitter?: Backoff.Jitter | undefined
}

/**
 * Options of a retry. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<R = never> extends BackoffOptions {
  /** Attempts in all, the first included. Default: 3. */
  readonly attempts?: number | undefined
  /** A schedule of your own, instead of `attempts`, `base`, `factor`, `cap` and `jitter`. */
  readonly schedule?: Schedules.Of<unknown, Input, R> | undefined
  /** No retry starts, and no admission is waited for, later than this after the call began; a running attempt is not cut. Default: none. */
  readonly deadline?: Duration.DurationInput | undefined
  /** The longest `retryAfter` that is waited for; a longer one ends the call. Default: 5 seconds. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
  /** Whether a rejection by the circuit ends the call or waits, inside the deadline, for the next admission. Default: "stop". */
  readonly whenOpen?: "stop" | "wait" | undefined
}

/**
 * Options of a retry where the code stands that is retried: over those of the key's override and of the layer, field by field.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallOptions<RetryTimeouts extends boolean = boolean> extends Options {
  /** Whether an `AttemptTimeout` is retried; `false` for what must not be sent twice: it then ends the call, as itself. Default: true. */
  readonly retryTimeouts?: RetryTimeouts | undefined
}

/**
 * Options of the service: those of a retry, and others for some keys.
 *
 * @category models
 * @since 0.1.0
 */
export interface LayerOptions<R = never> extends Options<R> {
  /** What any call may do at most, whatever the code asks for. Default: no limits. */
  readonly limits?: Limits | undefined
  /** Options for keys of a pattern, over the others: `*` stands for any characters, the most exact pattern counts. */
  readonly overrides?: { readonly [pattern: string]: Options<R> & { readonly limits?: Limits | undefined } } | undefined
}

/**
 * What an operator lets any call do at most: they cap the options of every level and schedules of the user's own, and are looked up before
 * each retry, so that a reload reaches calls that are under way.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  /** Attempts in all, the first included: 1 stops all retries. Default: no limit. */
  readonly attempts?: number | undefined
  /** As the option of this name. Default: no limit. */
  readonly deadline?: Duration.DurationInput | undefined
  /** As the option of this name. Default: no limit. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
}

/**
 * The rules of a retry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  readonly schedule: Schedule.Schedule<unknown, Input>
  readonly deadline: Duration.Duration
  readonly maxRetryAfter: Duration.Duration
  readonly whenOpen: "stop" | "wait"
  /** What is in force when it is asked for. */
  readonly limits: () => Core.Limits
  /** Whether what was sent may be sent again; left out for yes. */
  readonly isRepeatable?: boolean | undefined
}

/**
 * The rules in force.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends Rules {
  /** The rules for a key: options of the code's own over those of an override over the others, field by field. */
  readonly of: (key: string, own?: Options) => Rules
  /** For `Truce.reload`: other rules, from the next call on. */
  readonly [replace]: (rules: RulesByKey) => void
}

/**
 * The key under which a policy can be replaced.
 *
 * @category symbols
 * @since 0.1.0
 */
export const replace: unique symbol = Symbol.for("@truce/effect3/RetryPolicy/replace")

/**
 * The retry policy of a program.
 *
 * @category tags
 * @since 0.1.0
 */
export class RetryPolicy extends Context.Tag("@truce/effect3/RetryPolicy")<RetryPolicy, Service>() {}

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
 * Provides the policy from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = <R = never>(
  options: Config.Config.Wrap<LayerOptions<R>>
): Layer.Layer<RetryPolicy, ConfigError.ConfigError, R> => configured(options, (unwrapped) => layer(unwrapped))

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
 * Options of `retry`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions<E, ER extends E, EP extends E, RS = never> {
  /** The dependency, for the error and the schedule. */
  readonly key: string
  readonly classify: Classifier<E, ER, EP>
  /** Ends when retrying became pointless: a wait for a retry ends with it, and the call with reason `circuit-open`. */
  readonly pointless?: Effect.Effect<unknown, never, RS> | undefined
}

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
 * The errors of `E` that may be retried: those called retriable, those called neither, and of a wider type the part called retriable.
 *
 * @category models
 * @since 0.1.0
 */
export type Again<E, ER, EP> = Extract<E, ER> | Extract<ER, E> | Exclude<E, EP | CircuitOpen>

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
