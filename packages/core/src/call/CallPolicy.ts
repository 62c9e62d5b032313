/**
 * What is fixed about a call: how often and how long it may be retried, and what it does while the circuit rejects.
 *
 * @since 0.1.0
 */
import { check, count, names, nonNegative, oneOf, positiveOrInfinity } from "../options/InvalidOption.ts"
import * as Backoff from "./Backoff.ts"
import type { Limits } from "./Limits.ts"

/**
 * What a call goes by. How long its retries wait is not in here: that is for a schedule to say.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules extends Limits {
  /** Whether a rejection ends the call, or is waited out. */
  readonly whenOpen: "stop" | "wait"
  /** Whether what was sent can be sent again. */
  readonly isRepeatable: boolean
}

/**
 * The same with the backoff that is its schedule.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallPolicy extends Rules {
  readonly backoff: Backoff.Backoff
}

/**
 * The defaults: 3 attempts, no deadline, `Retry-After` up to 5 s, and a rejection ends the call.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  attempts: 3,
  deadlineMillis: Infinity,
  maxRetryAfterMillis: 5_000,
  whenOpen: "stop"
} as const

/**
 * Builds a policy.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Two attempts within a second)
 *
 * ```ts
 * import { CallPolicy } from "@truce/core"
 *
 * const policy = CallPolicy.make({ attempts: 2, deadlineMillis: 1_000 })
 * policy.maxRetryAfterMillis // => 5_000
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: {
    /** Attempts in all, the first included. Default: 3. */
    readonly attempts?: number | undefined
    readonly backoff?: Backoff.Options | undefined
    /** No retry starts later than this after the call began, in ms. Default: Infinity. */
    readonly deadlineMillis?: number | undefined
    /** The longest `Retry-After` that is waited for, in ms; a longer one ends the call. Default: 5 000. */
    readonly maxRetryAfterMillis?: number | undefined
    /** Default: `"stop"`. */
    readonly whenOpen?: "stop" | "wait" | undefined
  } = {}
): CallPolicy => {
  const owner = "CallPolicy.make"
  names(owner, options, [...Object.keys(defaults), "backoff"])
  const { attempts, deadlineMillis, maxRetryAfterMillis } = options
  return {
    attempts: check(owner, "attempts", attempts, defaults.attempts, count),
    backoff: Backoff.make(options.backoff),
    deadlineMillis: check(owner, "deadlineMillis", deadlineMillis, defaults.deadlineMillis, positiveOrInfinity),
    maxRetryAfterMillis: check(
      owner,
      "maxRetryAfterMillis",
      maxRetryAfterMillis,
      defaults.maxRetryAfterMillis,
      nonNegative
    ),
    whenOpen: oneOf(owner, "whenOpen", options.whenOpen, ["stop", "wait"]),
    isRepeatable: true
  }
}
