/** What the pages compare beside the headline table: designs in a scenario by some metrics, the median of five runs. */
import type { Name } from "./Metric.ts"

export interface Comparison {
  /** Names of the catalogue. */
  readonly scenario: string
  readonly designs: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<Name>
}

/** The rules of retry budgets, as designs. */
export const budgets = ["truce", "truce-unlimited", "truce-ratio", "truce-aws", "truce-grpc"] as const

/** The parts of the score, each on top of the one before. */
export const parts = ["truce-half", "truce-two-thirds", "truce-discounted", "truce"] as const

export const all: ReadonlyArray<Comparison> = [
  { scenario: "brownout-30-100", designs: budgets, metrics: ["availability"] },
  { scenario: "brownout-50-100", designs: budgets, metrics: ["availability"] },
  { scenario: "brownout-busy", designs: budgets, metrics: ["availability"] },
  {
    scenario: "brownout-50-10",
    designs: [...parts, "truce-gated", "retry-only"],
    metrics: ["availability"]
  },
  { scenario: "brownout-50-bursty", designs: ["truce", "truce-budget-100", "retry-only"], metrics: ["availability"] },
  { scenario: "brownout-80-100", designs: ["truce", "retry-only"], metrics: ["availability", "load"] },
  {
    scenario: "blip-100-1000",
    designs: ["truce", "truce-persistence", "effect-consecutive-short"],
    metrics: ["availability-first-second"]
  },
  { scenario: "blackhole", designs: ["truce", "truce-ten-probes"], metrics: ["wasted"] }
]
