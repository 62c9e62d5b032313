/**
 * How many retries a key can afford: tokens that retries spend and attempts earn.
 *
 * A budget judges nothing and waits for nothing. Each constructor is a pure rule `{ withdraw, refund, settle }` over `Tokens`.
 *
 * @since 0.1.0
 */
import { parametersOf } from "../options/Parameters.ts"
import { check, fraction, nonNegative, positive, names } from "../options/InvalidOption.ts"
import { epsilon } from "../health/Model.ts"
import { type Outcome, isSaturated } from "../health/Outcome.ts"

/**
 * The tokens of one key, as of `at` (milliseconds).
 *
 * @category models
 * @since 0.1.0
 */
export interface Tokens {
  readonly tokens: number
  readonly at: number
}

/**
 * A rule of spending and earning.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryBudget {
  readonly name: string
  readonly parameters: Readonly<Record<string, number>>
  readonly init: Tokens
  /** Takes what one retry costs after `failed`; `undefined` when it cannot be afforded. */
  readonly withdraw: (self: Tokens, failed: Outcome, now: number) => readonly [Tokens, number] | undefined
  /** Gives the cost of a retry back that was not sent. */
  readonly refund: (self: Tokens, cost: number) => Tokens
  /** Earns by what an attempt found; `cost` is 0 for a first attempt. The same reference if nothing changed. */
  readonly settle: (
    self: Tokens,
    attempt: { readonly cost: number; readonly retry: boolean; readonly outcome: Outcome },
    now: number
  ) => Tokens
}

/**
 * The default: retries are priced by saturation, not by failure.
 *
 * A retry reserves 1 token and pays back by what it found: fast success or answer 1, fast failure 0.9, slow or saturated 0. A first attempt
 * earns 0.1 when fast and successful and loses 0.2 when slow or saturated. A fast error costs a dependency little and a retry is
 * likely to help; a slow answer is the sign that load is the cause.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Paying for a timeout)
 *
 * ```ts
 * import { Outcome, RetryBudget } from "@truce/core"
 *
 * const budget = RetryBudget.saturation()
 * const timeout = Outcome.failure({ saturated: true })
 * const [left, cost] = budget.withdraw(budget.init, timeout, 0) ?? [budget.init, 0]
 * budget.settle(left, { cost, retry: true, outcome: timeout }, 0).tokens // => 9
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const saturation = (
  options: {
    /** The most tokens a key holds, and those it starts with. Default: 10. */
    readonly capacity?: number | undefined
    /** What a fast failed retry costs, in [0, 1]. Default: 0.1. */
    readonly fastFailureCost?: number | undefined
    /** What a fast first success earns. Default: 0.1. */
    readonly earn?: number | undefined
    /** What a slow or saturated first attempt loses. Default: 0.2. */
    readonly slowPenalty?: number | undefined
  } = {}
): RetryBudget => {
  const owner = "RetryBudget.saturation"
  names(owner, options, ["capacity", "fastFailureCost", "earn", "slowPenalty"])
  const capacity = check(owner, "capacity", options.capacity, 10, positive)
  const fastFailureCost = check(owner, "fastFailureCost", options.fastFailureCost, 0.1, fraction)
  const earn = check(owner, "earn", options.earn, 0.1, nonNegative)
  const slowPenalty = check(owner, "slowPenalty", options.slowPenalty, 0.2, nonNegative)
  return bucket({
    name: "saturation",
    parameters: { capacity, fastFailureCost, earn, slowPenalty },
    capacity,
    cost: () => 1,
    earned: ({ cost, outcome, retry }) => {
      if (isSaturated(outcome)) return retry ? 0 : -slowPenalty
      // A retry that is answered has cost the dependency nothing it did not have.
      if (retry) return outcome._tag === "Success" || outcome._tag === "Answered" ? cost : cost * (1 - fastFailureCost)
      return outcome._tag === "Success" ? earn : 0
    }
  })
}

/**
 * A share of the calls: every first attempt earns `ratio` tokens and `perSecond` more come with time; a retry costs 1.
 *
 * The shape of Finagle's and linkerd's retry budgets.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ratio = (
  options: {
    /** Retries per call in the long run. Default: 0.2. */
    readonly ratio?: number | undefined
    /** Tokens that come with time. Default: 0. */
    readonly perSecond?: number | undefined
    /** The most tokens a key holds, and those it starts with. Default: 10. */
    readonly capacity?: number | undefined
  } = {}
): RetryBudget => {
  const owner = "RetryBudget.ratio"
  names(owner, options, ["ratio", "perSecond", "capacity"])
  const share = check(owner, "ratio", options.ratio, 0.2, nonNegative)
  const perSecond = check(owner, "perSecond", options.perSecond, 0, nonNegative)
  const capacity = check(owner, "capacity", options.capacity, 10, positive)
  return bucket({
    name: "ratio",
    parameters: { ratio: share, perSecond, capacity },
    capacity,
    perSecond,
    cost: () => 1,
    earned: ({ retry }) => (retry ? 0 : share)
  })
}

/**
 * gRPC's retry throttling (proposal A6): a failure of weight 0.5 or more takes 1 token, a success gives `tokenRatio`, and retries are
 * sent while more than half the tokens are left.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const grpc = (
  options: {
    /** The most tokens a key holds, and those it starts with. Default: 10. */
    readonly maxTokens?: number | undefined
    /** What a success gives. Default: 0.1. */
    readonly tokenRatio?: number | undefined
  } = {}
): RetryBudget => {
  const owner = "RetryBudget.grpc"
  names(owner, options, ["maxTokens", "tokenRatio"])
  const capacity = check(owner, "maxTokens", options.maxTokens, 10, positive)
  const tokenRatio = check(owner, "tokenRatio", options.tokenRatio, 0.1, nonNegative)
  return bucket({
    name: "grpc",
    parameters: { maxTokens: capacity, tokenRatio },
    capacity,
    above: capacity / 2,
    cost: () => 0,
    earned: ({ outcome }) =>
      outcome._tag === "Success" ? tokenRatio : outcome._tag === "Failure" && outcome.weight >= 0.5 ? -1 : 0
  })
}

/**
 * The AWS SDK's retry quota: a retry costs 14 tokens, after a throttle 5, and gets them back when it succeeds; a first success earns 1.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const aws = (
  options: {
    /** The most tokens a key holds, and those it starts with. Default: 500. */
    readonly capacity?: number | undefined
    /** The price of a retry. Default: 14. */
    readonly retryCost?: number | undefined
    /** The price of a retry after a throttle (a failure lighter than 0.5). Default: 5. */
    readonly throttleCost?: number | undefined
  } = {}
): RetryBudget => {
  const owner = "RetryBudget.aws"
  names(owner, options, ["capacity", "retryCost", "throttleCost"])
  const capacity = check(owner, "capacity", options.capacity, 500, positive)
  const retryCost = check(owner, "retryCost", options.retryCost, 14, positive)
  const throttleCost = check(owner, "throttleCost", options.throttleCost, 5, positive)
  return bucket({
    name: "aws",
    parameters: { capacity, retryCost, throttleCost },
    capacity,
    cost: (failed) => (failed._tag === "Failure" && failed.weight < 0.5 ? throttleCost : retryCost),
    earned: ({ cost, outcome, retry }) => (outcome._tag === "Success" ? (retry ? cost : 1) : 0)
  })
}

/**
 * No budget: every retry is afforded.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unlimited = (): RetryBudget => {
  const init: Tokens = { tokens: Infinity, at: 0 }
  return {
    name: "unlimited",
    parameters: {},
    init,
    withdraw: (self) => [self, 0],
    refund: (self) => self,
    settle: (self) => self
  }
}

const bucket = (rule: {
  readonly name: string
  readonly parameters: Readonly<Record<string, number>>
  readonly capacity: number
  readonly perSecond?: number
  /** Retries need more tokens than this, beside their cost. */
  readonly above?: number
  readonly cost: (failed: Outcome) => number
  readonly earned: (attempt: { readonly cost: number; readonly retry: boolean; readonly outcome: Outcome }) => number
}): RetryBudget => {
  const { above, capacity, perSecond = 0 } = rule
  const within = (tokens: number): number => Math.min(capacity, Math.max(0, tokens))
  const refilled = (self: Tokens, now: number): number =>
    perSecond === 0 ? self.tokens : within(self.tokens + (perSecond * Math.max(0, now - self.at)) / 1_000)
  return {
    name: rule.name,
    parameters: rule.parameters,
    init: { tokens: capacity, at: 0 },
    withdraw: (self, failed, now) => {
      const tokens = refilled(self, now)
      const cost = rule.cost(failed)
      const enough = above === undefined ? tokens >= cost - epsilon : tokens > above + epsilon
      return enough ? [{ tokens: Math.max(0, tokens - cost), at: Math.max(self.at, now) }, cost] : undefined
    },
    refund: (self, cost) => (cost === 0 ? self : { ...self, tokens: within(self.tokens + cost) }),
    settle: (self, attempt, now) => {
      const tokens = within(refilled(self, now) + rule.earned(attempt))
      return tokens === self.tokens ? self : { tokens, at: Math.max(self.at, now) }
    }
  }
}

/**
 * A budget as plain data: by the name of its rule, and its parameters. What is left out has its default.
 *
 * @category models
 * @since 0.1.0
 */
export type Data =
  | {
      readonly type: "saturation"
      readonly capacity?: number
      readonly fastFailureCost?: number
      readonly earn?: number
      readonly slowPenalty?: number
    }
  | { readonly type: "ratio"; readonly ratio?: number; readonly perSecond?: number; readonly capacity?: number }
  | { readonly type: "grpc"; readonly maxTokens?: number; readonly tokenRatio?: number }
  | { readonly type: "aws"; readonly capacity?: number; readonly retryCost?: number; readonly throttleCost?: number }
  | { readonly type: "unlimited" }

/**
 * The budget that data stands for.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (One retry in five calls)
 *
 * ```ts
 * import { RetryBudget } from "@truce/core"
 *
 * const budget = RetryBudget.fromData({ type: "ratio", ratio: 0.2, capacity: 5 })
 * budget.init.tokens // => 5
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromData = (data: Data): RetryBudget => {
  switch (data.type) {
    case "saturation":
      return saturation(parametersOf(data))
    case "ratio":
      return ratio(parametersOf(data))
    case "grpc":
      return grpc(parametersOf(data))
    case "aws":
      return aws(parametersOf(data))
    case "unlimited":
      return unlimited()
  }
}
