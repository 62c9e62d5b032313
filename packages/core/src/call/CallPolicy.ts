/**
 * What is fixed about a call: how often and how long it may be retried, and what it does while the circuit rejects.
 *
 * @since 0.1.0
 */
import { Given, inCore } from "../options/Given.ts"
import { oneOf } from "../options/InvalidOption.ts"
import * as Tables from "../options/Tables.ts"
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
  attempts: Tables.call.attempts.default,
  deadlineMillis: Tables.call.deadline.default,
  maxRetryAfterMillis: Tables.call.maxRetryAfter.default,
  whenOpen: Tables.call.whenOpen.choices[0]
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
  const given = new Given(inCore("CallPolicy.make"), Tables.call, options, ["backoff"])
  return { ...read(given), backoff: Backoff.make(options.backoff), isRepeatable: true }
}

/**
 * What options say of a call, however they are written: all but whether it can be repeated.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (given: Given<typeof Tables.call>): Omit<Rules, "isRepeatable"> => ({
  attempts: given.number("attempts"),
  deadlineMillis: given.number("deadline"),
  maxRetryAfterMillis: given.number("maxRetryAfter"),
  whenOpen: oneOf(given.style.owner, "whenOpen", given.value("whenOpen"), Tables.call.whenOpen.choices)
})
