import type { Backoff, Limits as Core } from "@truce/core"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import type { Classifier } from "../../Classifier.ts"
import type * as Schedules from "../../platform/Schedules.ts"

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

/** The rules of all keys, and those of some: all from one set of options, which does not change. */
export interface RulesByKey {
  readonly base: Fixed
  /** Of a key with an override, or with options of the code's own; `undefined` where the base is in force. */
  readonly of: (key: string, own: Options | undefined) => Fixed | undefined
  readonly limitsOf: (key: string | undefined) => Core.Limits
}

/** What options say; the limits are asked for later. */
export type Fixed = Omit<Rules, "limits" | "isRepeatable">

/**
 * The errors of `E` that may be retried: those called retriable, those called neither, and of a wider type the part called retriable.
 *
 * @category models
 * @since 0.1.0
 */
export type Again<E, ER, EP> = Extract<E, ER> | Extract<ER, E> | Exclude<E, EP | CircuitOpen>
