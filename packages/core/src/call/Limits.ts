/**
 * What an operator lets any call do at most, whatever the code asks for.
 *
 * @since 0.1.0
 */

/**
 * Of one call: attempts in all, the time after which no retry starts, and the longest `Retry-After` that is waited for (both in ms);
 * Infinity for no limit.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  readonly attempts: number
  readonly deadlineMillis: number
  readonly maxRetryAfterMillis: number
}

/**
 * No limits.
 *
 * @category constants
 * @since 0.1.0
 */
export const unlimited: Limits = { attempts: Infinity, deadlineMillis: Infinity, maxRetryAfterMillis: Infinity }

/**
 * A policy within limits: of each the smaller.
 *
 * **Example** (An operator who stops retries)
 *
 * ```ts
 * import { CallPolicy, Limits } from "@truce/core"
 *
 * Limits.within(CallPolicy.make({ attempts: 5 }), { ...Limits.unlimited, attempts: 1 }).attempts // => 1
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const within = <Policy extends Limits>(policy: Policy, limits: Limits): Policy => ({
  ...policy,
  attempts: Math.min(policy.attempts, limits.attempts),
  deadlineMillis: Math.min(policy.deadlineMillis, limits.deadlineMillis),
  maxRetryAfterMillis: Math.min(policy.maxRetryAfterMillis, limits.maxRetryAfterMillis)
})

/**
 * What holds where several limits do: of each the smallest.
 *
 * @category combinators
 * @since 0.1.0
 */
export const strictest = (all: ReadonlyArray<Limits>): Limits =>
  all.reduce((strict, limits) => within(strict, limits), unlimited)
