/** What the first table shows: the designs that are compared, and the metrics that tell them apart in a scenario. */
import type { Design } from "../Design.ts"
import { metrics, type Metric } from "../Metric.ts"
import type { Scenario } from "../Scenario.ts"

/** Those of the published table, in its order. */
export const designs: ReadonlyArray<string> = [
  "retry-only",
  "seed-fused",
  "seed-callback",
  "effect-consecutive",
  "outside-consecutive",
  "effect-consecutive-short",
  "outside-consecutive-short",
  "truce-additive",
  "sre-throttle-1.5",
  "truce",
  "truce-slow-start"
]

/** Those whose runs are drawn. */
export const pictured: ReadonlyArray<string> = ["retry-only", "seed-fused", "outside-consecutive-short", "truce"]

/** The named ones in the order of the names; all where the catalogue has none of them. */
export const choose = (all: ReadonlyArray<Design>, names: ReadonlyArray<string>): ReadonlyArray<Design> => {
  const chosen = names.flatMap((name) => all.filter((design) => design.name === name))
  return chosen.length === 0 ? all : chosen
}

/** A fault this short is over before a breaker has had its say: the first second tells. */
const blip = 1000

/** The metrics that tell designs apart under the faults of a scenario. */
export const telling = ({ world }: Scenario): ReadonlyArray<Metric> => {
  const { arrivals, faults } = world
  const tags = new Set(faults.map(({ effect }) => effect._tag))
  const isShort = faults.length > 0 && faults.every((fault) => fault.untilMillis - fault.fromMillis <= blip)
  const names = new Set<string>()
  const tell = (...more: ReadonlyArray<string>): void => more.forEach((name) => names.add(name))
  if (isShort) tell("availability-first-second", "availability-after")
  else if (faults.length > 1) tell("availability", "availability-after")
  else {
    if (tags.has("Outage") || tags.has("Blackhole")) tell("absorbed", "wasted", "recovery")
    if (tags.has("Latency")) tell("absorbed", "recovery")
    if (tags.has("Brownout")) tell("availability", "load")
    if (tags.has("Poison")) tell("availability", "opens")
    if (tags.has("Surge") || tags.has("ColdCache")) tell("availability", "availability-after", "recovery")
  }
  if (arrivals._tag === "ClosedLoop") tell("absorbed", "wasted")
  if (names.size === 0) tell("availability")
  return metrics.filter(({ name }) => names.has(name))
}
