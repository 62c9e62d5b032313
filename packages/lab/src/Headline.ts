/** The headline table: its rows, its columns, what each cell measures, and the figures it is compared with. */
import { type Metric, type Name, metrics } from "./Metric.ts"
import type { Scenario } from "./Scenario.ts"
import * as Scenarios from "./Scenarios.ts"

/** How long the fault lasts in the three runs of a cell. */
export const faultShare = [47 / 60, 1, 73 / 60] as const

export const columns = [
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
] as const

export type Column = (typeof columns)[number]

/** A figure of the table this is compared with; `null` for "never". */
type Figures = ReadonlyArray<number | null>

export interface Row {
  readonly name: string
  readonly title: string
  /** One for each seed of a cell. */
  readonly scenarios: ReadonlyArray<Scenario>
  readonly metrics: ReadonlyArray<Metric>
  /** By column, in the order of the metrics. */
  readonly reference: { readonly [C in Column]: Figures }
  /** Points of availability by which a cell may differ. */
  readonly points: number
  /** What the reference leaves open of the world, and how it was settled here. */
  readonly assumed?: string
}

const lasting = (make: Scenarios.Lasting): ReadonlyArray<Scenario> => {
  const whole = make()
  const millis = whole.fault.untilMillis - whole.fault.fromMillis
  return faultShare.map((share) => make(Math.round(millis * share)))
}

const thrice = (scenario: Scenario): ReadonlyArray<Scenario> => faultShare.map(() => scenario)

const row = (
  scenarios: ReadonlyArray<Scenario>,
  names: ReadonlyArray<Name>,
  figures: ReadonlyArray<Figures | number | null>,
  more: { readonly points?: number; readonly assumed?: string } = {}
): Row => {
  const at = (column: Column): Figures => {
    const found = figures[columns.indexOf(column)] ?? null
    return typeof found === "number" || found === null ? [found] : found
  }
  const { name = "", title = "" } = scenarios[0] ?? {}
  return {
    name,
    title,
    scenarios,
    metrics: names.map((metric) => metrics[metric]),
    points: more.points ?? 1,
    ...(more.assumed === undefined ? {} : { assumed: more.assumed }),
    reference: {
      "retry-only": at("retry-only"),
      "seed-fused": at("seed-fused"),
      "seed-callback": at("seed-callback"),
      "effect-consecutive": at("effect-consecutive"),
      "outside-consecutive": at("outside-consecutive"),
      "effect-consecutive-short": at("effect-consecutive-short"),
      "outside-consecutive-short": at("outside-consecutive-short"),
      "truce-additive": at("truce-additive"),
      "sre-throttle-1.5": at("sre-throttle-1.5"),
      truce: at("truce"),
      "truce-slow-start": at("truce-slow-start")
    }
  }
}

// prettier-ignore
export const rows: ReadonlyArray<Row> = [
  row(thrice(Scenarios.outageByTheMinute), ["absorbed", "wasted"], [[null, 180], [15, 180], [5, 63], [15, 180], [5, 63], [15, 180], [5, 63], [4, 62], [null, 99], [9, 66], [9, 66]]),
  row(lasting(Scenarios.outageAt(10)), ["absorbed"], [null, 22, 5, 22, 5, 22, 5, 4, null, 20, 20]),
  row(lasting(Scenarios.outageAt(100)), ["absorbed", "wasted", "recovery"], [[null, 17993, 0], [60, 205, 12], [8, 16, 11], [60, 101, 11], [8, 10, 11], [60, 135, 1.3], [8, 22, 1.7], [5, 19, 1.7], [null, 1856, null], [26, 40, 1.7], [26, 40, 1.7]]),
  row(lasting(Scenarios.outageAt(1_000)), ["absorbed"], [null, 381, 21, 381, 21, 381, 21, 12, null, 52, 52]),
  row(lasting(Scenarios.blackhole), ["absorbed", "detect"], [[null, null], [658, 3334], [105, 1049], [658, 3334], [105, 1049], [658, 3334], [105, 1049], [104, 1040], [null, null], [130, 1226], [130, 1226]]),
  row(lasting(Scenarios.latencySpike), ["absorbed", "recovery"], [[null, 27.3], [669, 26], [112, 15.7], [669, 18], [112, 13.7], [669, 3], [112, 3.3], [111, 2.7], [null, null], [136, 2.3], [136, 7.7]], { assumed: "servers and queue" }),
  row(lasting(Scenarios.brownoutAt(10, 100)), ["availability"], [99.9, 99.9, 99.9, 99.9, 99.9, 99.9, 99.9, 99.2, 99.9, 99.9, 99.9]),
  row(lasting(Scenarios.brownoutAt(30, 10)), ["availability"], [97.3, 97.3, 48.5, 97.3, 49.4, 97.3, 94.8, 86.3, 97.3, 97.3, 97.3]),
  row(lasting(Scenarios.brownoutAt(30, 100)), ["availability", "load"], [[97.3, 1.39], [97.3, 1.39], [16.4, 0.24], [97.3, 1.39], [17.8, 0.26], [97.3, 1.39], [79.3, 1.13], [22.1, 0.31], [97.3, 1.39], [97.3, 1.39], [97.3, 1.39]]),
  row(lasting(Scenarios.brownoutAt(50, 10)), ["availability"], [87.4, 87.4, 9.1, 87.4, 9.3, 87.4, 17.9, 9.2, 42.3, 87.4, 87.4], { points: 8 }),
  row(lasting(Scenarios.brownoutAt(50, 100)), ["availability", "load"], [[87.4, 1.75], [87.4, 1.75], [1.1, 0.02], [87.4, 1.75], [0.5, 0.01], [87.4, 1.75], [1.5, 0.03], [1.3, 0.03], [46.5, 0.92], [85.6, 1.69], [85.6, 1.69]]),
  row(lasting(Scenarios.brownoutAt(80, 100)), ["absorbed", "availability"], [[null, 49.2], [265, 1.9], [9, 0.1], [265, 1.7], [9, 0], [265, 6.9], [9, 0.1], [7, 0.1], [null, 8.8], [45, 0.2], [45, 0.2]]),
  row(lasting(Scenarios.brownoutAt80), ["availability", "availability-after"], [[21.8, 0], [23.2, 85], [1.7, 98.8], [23.2, 87.5], [1.6, 99.1], [72.6, 99.2], [12.6, 98.2], [3.6, 96.5], [35.7, 86.4], [88.4, 100], [88.4, 100]], { assumed: "400 calls a second, 10 servers, a queue of 5 s" }),
  row(lasting(Scenarios.brownoutAt50), ["availability"], [88.1, 27.8, 0.3, 27.8, 0.2, 81.8, 1, 0.6, 65.2, 81, 81], { assumed: "1 000 calls a second for 30 s: the throttle's availability says so" }),
  row(lasting(Scenarios.poison), ["availability", "opens"], [[80.4, 0], [74.7, 0.7], [9.3, 6], [74.8, 0.7], [10.6, 6], [79.9, 1], [53.9, 38.7], [34, 50], [55.5, 0], [80.4, 0], [80.4, 0]], { assumed: "10 calls a second for 200 s: the number of openings says so" }),
  row(lasting(Scenarios.metastable), ["availability-after", "recovery"], [[0, null], [80.1, 24], [82.2, 22], [81.7, 23], [82.7, 21], [99.2, 1], [98.4, 2.3], [98.4, 2.3], [87.2, 30.7], [99, 1.7], [98.7, 5.3]], { assumed: "the trigger" }),
  row(lasting(Scenarios.coldCache), ["availability-after"], [0.1, 26.8, 1.8, 30.2, 1.8, 78.5, 67.8, 64.7, 91, 65.5, 80.5], { assumed: "how the cache warms up; the two designs without a circuit fix its size" }),
  row(lasting(Scenarios.overload), ["availability"], [8.9, 8.9, 8.9, 8.9, 8.9, 32.9, 70.7, 70.3, 25.4, 69.6, 50.8], { assumed: "30 s: the availability of the designs that open for 30 s says so" }),
  row(thrice(Scenarios.flapping()), ["availability"], [53.1, 0, 0, 0, 0, 32.8, 33.1, 33.3, 15.8, 32.1, 9.3], { points: 8 }),
  row(thrice(Scenarios.blip(50, 100)), ["availability-first-second"], [100, 100, 100, 100, 100, 100, 100, 82.7, 100, 100, 100]),
  row(thrice(Scenarios.blip(100, 1_000)), ["availability-first-second", "availability-after"], [[100, 100], [100, 100], [1.1, 3], [100, 100], [0, 3.2], [100, 100], [41.7, 100], [42.3, 100], [100, 100], [35.9, 100], [35.9, 100]])
]

/** The closed-loop table: attempts absorbed and wasted by callers that share a circuit, in an outage and in a blackhole. */
export const closedLoopColumns = ["seed-fused", "effect-consecutive", "outside-consecutive-short", "truce"] as const

export interface ClosedLoopRow {
  readonly callers: number
  readonly scenarios: { readonly outage: Scenario; readonly blackhole: Scenario }
  readonly reference: {
    readonly [C in (typeof closedLoopColumns)[number]]: {
      readonly outage: readonly [absorbed: number, wasted: number]
      readonly blackhole: readonly [absorbed: number, wasted: number]
    }
  }
}

type Pair = readonly [number, number]

const loop = (
  callers: number,
  [fused, effect, outside, truce]: readonly [
    readonly [Pair, Pair],
    readonly [Pair, Pair],
    readonly [Pair, Pair],
    readonly [Pair, Pair]
  ]
): ClosedLoopRow => {
  const cell = ([outage, blackhole]: readonly [Pair, Pair]) => ({ outage, blackhole })
  return {
    callers,
    scenarios: {
      outage: Scenarios.closedLoop(callers, "outage"),
      blackhole: Scenarios.closedLoop(callers, "blackhole")
    },
    reference: {
      "seed-fused": cell(fused),
      "effect-consecutive": cell(effect),
      "outside-consecutive-short": cell(outside),
      truce: cell(truce)
    }
  }
}

// prettier-ignore
export const closedLoop: ReadonlyArray<ClosedLoopRow> = [
  loop(1, [[[15, 18], [15, 18]], [[15, 18], [15, 18]], [[5, 17], [5, 14]], [[22, 33], [18, 25]]]),
  loop(10, [[[27, 66], [33, 69]], [[27, 39], [33, 42]], [[7, 19], [10, 20]], [[27, 39], [30, 39]]]),
  loop(50, [[[105, 300], [152, 306]], [[105, 153], [152, 159]], [[13, 25], [50, 60]], [[31, 43], [50, 60]]]),
  loop(200, [[[394, 1200], [600, 1200]], [[394, 603], [600, 603]], [[14, 26], [200, 210]], [[84, 96], [200, 210]]])
]
