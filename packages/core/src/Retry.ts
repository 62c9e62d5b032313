/**
 * Whether to try again, and when: a pure decision from what a call has behind it.
 *
 * @since 0.1.0
 */
import * as Backoff from "./Backoff.ts"
import { check, count, nonNegative, positiveOrInfinity, names } from "./InvalidOption.ts"
import type { Outcome } from "./Outcome.ts"
import type { RetryBudget, Tokens } from "./RetryBudget.ts"

/**
 * Why the retries of a call ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = "attempts" | "deadline" | "budget" | "circuit-open" | "not-repeatable"

/**
 * Try again after the delay; the budget has paid `cost`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryAfter {
  readonly _tag: "RetryAfter"
  readonly delayMillis: number
  readonly tokens: Tokens
  readonly cost: number
}

/**
 * End the call with its last error.
 *
 * @category models
 * @since 0.1.0
 */
export interface GiveUp {
  readonly _tag: "GiveUp"
  readonly reason: Reason
}

/**
 * The rules of a retry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy {
  readonly attempts: number
  readonly backoff: Backoff.Backoff
  readonly deadlineMillis: number
  readonly maxRetryAfterMillis: number
}

/**
 * What an operator lets any call do at most, whatever the code asks for; Infinity for no limit.
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
 * The rules within limits: of each the smaller.
 *
 * **Example** (An operator who stops retries)
 *
 * ```ts
 * import { Retry } from "@truce/core"
 *
 * Retry.within(Retry.make({ attempts: 5 }), { ...Retry.unlimited, attempts: 1 }).attempts // => 1
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const within = <Rules extends Limits>(rules: Rules, limits: Limits): Rules => ({
  ...rules,
  attempts: Math.min(rules.attempts, limits.attempts),
  deadlineMillis: Math.min(rules.deadlineMillis, limits.deadlineMillis),
  maxRetryAfterMillis: Math.min(rules.maxRetryAfterMillis, limits.maxRetryAfterMillis)
})

/**
 * What holds where several limits do: of each the smallest.
 *
 * @category combinators
 * @since 0.1.0
 */
export const strictest = (all: ReadonlyArray<Limits>): Limits =>
  all.reduce((strict, limits) => within(strict, limits), unlimited)

/**
 * The defaults: 3 attempts, no deadline, `Retry-After` up to 5 s.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = { attempts: 3, deadlineMillis: Infinity, maxRetryAfterMillis: 5_000 } as const

/**
 * Builds the rules.
 *
 * Throws `InvalidOption`.
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
  } = {}
): Policy => {
  const owner = "Retry.make"
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
    )
  }
}

/**
 * The time to wait before a retry: the backoff or the dependency's wish, whichever is longer. `undefined` where that is past the
 * deadline or the wish longer than is waited for: a stop, not a wait.
 *
 * @category decisions
 * @since 0.1.0
 */
export const wait = (
  limits: { readonly deadlineMillis: number; readonly maxRetryAfterMillis: number },
  at: {
    readonly backoffMillis: number
    readonly retryAfterMillis: number | undefined
    readonly elapsedMillis: number
  }
): number | undefined => {
  const wish = at.retryAfterMillis ?? 0
  const delayMillis = Math.max(at.backoffMillis, wish)
  return wish > limits.maxRetryAfterMillis || at.elapsedMillis + delayMillis > limits.deadlineMillis
    ? undefined
    : delayMillis
}

/**
 * Decides after a retriable failure.
 *
 * `failed` counts the failed attempts of the call, the last included; `u` is a uniform draw in [0, 1).
 *
 * **Example** (The second retry of a call)
 *
 * ```ts
 * import { Outcome, Retry, RetryBudget } from "@truce/core"
 *
 * const policy = Retry.make({ backoff: { jitter: "none" } })
 * const budget = RetryBudget.saturation()
 * const call = { failed: 2, outcome: Outcome.failure(), elapsedMillis: 150, previousMillis: 100 }
 * const decision = Retry.decide(policy, budget, budget.init, call, 160, 0.5)
 * decision._tag === "RetryAfter" ? decision.delayMillis : decision.reason // => 200
 * ```
 *
 * @category decisions
 * @since 0.1.0
 */
export const decide = (
  policy: Policy,
  budget: RetryBudget,
  tokens: Tokens,
  call: {
    readonly failed: number
    readonly outcome: Outcome
    readonly elapsedMillis: number
    readonly previousMillis: number
  },
  now: number,
  u: number
): RetryAfter | GiveUp => {
  if (call.failed >= policy.attempts) return { _tag: "GiveUp", reason: "attempts" }
  const backoffMillis = Backoff.delay(
    policy.backoff,
    { retry: call.failed - 1, previousMillis: call.previousMillis },
    u
  )
  const delayMillis = wait(policy, {
    backoffMillis,
    retryAfterMillis: call.outcome._tag === "Failure" ? call.outcome.retryAfterMillis : undefined,
    elapsedMillis: call.elapsedMillis
  })
  if (delayMillis === undefined) return { _tag: "GiveUp", reason: "deadline" }
  const paid = budget.withdraw(tokens, call.outcome, now)
  return paid === undefined
    ? { _tag: "GiveUp", reason: "budget" }
    : { _tag: "RetryAfter", delayMillis, tokens: paid[0], cost: paid[1] }
}
