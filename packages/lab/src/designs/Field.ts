/** Designs of the field: what libraries recommend or ship today. */
import { CircuitPolicy, HealthModel, RetryBudget } from "@truce/core"
import type { Design } from "../Design.ts"
import * as Bare from "./Bare.ts"
import * as Guarded from "./Guarded.ts"
import * as Throttle from "./Throttle.ts"

const budget = RetryBudget.unlimited()

/** Half a minute, always; one probe, whose success closes. */
const fixed30s = { openMillis: 30_000, maxOpenMillis: 30_000, openFactor: 1, openJitter: 0 } as const
/** In Effect 4.1 the first good probe closes: a score of 0.4 is one success from 0. */
const oneSuccess = { closeAt: 0.4 } as const
/** A probe of a whole call with its timeouts and waits ends within this. */
const longLease = { leaseMillis: 60_000 } as const

const field = (name: string, title: string, description: string, make: Design["make"]): Design => ({
  name,
  title,
  description,
  group: "field",
  make
})

export const retryOnly = field("retry-only", "Retry only", "Three attempts and no breaker.", Bare.make(budget))

export const effectConsecutive = field(
  "effect-consecutive",
  "Effect 4.1: breaker around retry, consecutive 5",
  "Five failed calls in a row open for 30 s; one probe, a whole call with its retries, closes or reopens.",
  Guarded.inside({
    policy: CircuitPolicy.make(HealthModel.consecutive(), { ...fixed30s, ...oneSuccess, ...longLease }),
    budget
  })
)

export const effectRate = field(
  "effect-rate",
  "Effect 4.1: breaker around retry, rate 50 % of 100",
  "Half of the last 100 calls failed opens for 30 s; one probe, a whole call with its retries, closes or reopens.",
  Guarded.inside({
    policy: CircuitPolicy.make(HealthModel.countWindow(), { ...fixed30s, ...oneSuccess, ...longLease }),
    budget
  })
)

export const outsideConsecutive = field(
  "outside-consecutive",
  "Retry around breaker, consecutive 5",
  "Five failed attempts in a row open for 30 s.",
  Guarded.outside({ policy: CircuitPolicy.make(HealthModel.consecutive(), fixed30s), budget })
)

export const outsideRate = field(
  "outside-rate",
  "Retry around breaker, rate 50 % of 100",
  "Half of the last 100 attempts failed opens for 30 s.",
  Guarded.outside({ policy: CircuitPolicy.make(HealthModel.countWindow(), fixed30s), budget })
)

export const outsideWindow = field(
  "outside-window",
  "Retry around breaker, 50 % of 10 s",
  "Half of the attempts of 10 s failed, of 20 at least, opens for 30 s.",
  Guarded.outside({ policy: CircuitPolicy.make(HealthModel.timeWindow(), fixed30s), budget })
)

export const effectConsecutiveShort = field(
  "effect-consecutive-short",
  "Breaker around retry, consecutive 5, short open time",
  "Effect's order with Truce's open time of 0.5 to 5 s, so that only order and model differ.",
  Guarded.inside({ policy: CircuitPolicy.make(HealthModel.consecutive(), { ...oneSuccess, ...longLease }), budget })
)

export const outsideConsecutiveShort = field(
  "outside-consecutive-short",
  "Retry around breaker, consecutive 5, short open time",
  "Consecutive failures with Truce's open time of 0.5 to 5 s, so that only the model differs.",
  Guarded.outside({ policy: CircuitPolicy.make(HealthModel.consecutive()), budget })
)

export const throttle15 = field(
  "sre-throttle-1.5",
  "Adaptive throttling, K = 1.5",
  "Refuses a share of the attempts as requests outgrow 1.5 times the accepts of 10 s.",
  Throttle.make({ k: 1.5, windowMillis: 10_000 })
)

export const throttle2 = field(
  "sre-throttle-2",
  "Adaptive throttling, K = 2",
  "Refuses a share of the attempts as requests outgrow twice the accepts of 30 s.",
  Throttle.make({ k: 2, windowMillis: 30_000 })
)

export const grpcBudget = field(
  "retry-grpc",
  "gRPC retry throttling",
  "Retries while more than half of 10 tokens are left; a failure takes 1, a success gives 0.1. No breaker.",
  Bare.make(RetryBudget.grpc())
)

export const awsBudget = field(
  "retry-aws",
  "AWS retry quota",
  "A retry takes 14 of 500 tokens and gets them back when it succeeds. No breaker.",
  Bare.make(RetryBudget.aws())
)

export const ratioBudget = field(
  "retry-ratio",
  "20 % retry budget",
  "One retry for five calls. No breaker.",
  Bare.make(RetryBudget.ratio())
)

export const saturationBudget = field(
  "retry-saturation",
  "Saturation-priced retry budget",
  "Truce's retry budget and no breaker.",
  Bare.make(RetryBudget.saturation())
)

export const all = [
  retryOnly,
  effectConsecutive,
  effectRate,
  outsideConsecutive,
  outsideRate,
  outsideWindow,
  effectConsecutiveShort,
  outsideConsecutiveShort,
  throttle15,
  throttle2,
  grpcBudget,
  awsBudget,
  ratioBudget,
  saturationBudget
] as const
