/** What a run is measured by: the columns of every table, and the fields of every file. */
import type { RunResult } from "./Run.ts"

export interface Metric {
  /** For the command line and for files: lower case with dashes. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** `null` where there is none; `absent` says why. */
  readonly of: (result: RunResult) => number | null
  /** A `null` is a time or a count that never came ("never", above every number), or says nothing ("none"). */
  readonly absent: "never" | "none"
  readonly better: "more" | "less"
  /** Without its unit. */
  readonly format: (value: number) => string
  readonly unit: "" | "%" | "s"
}

const percent = (share: number): string => (share * 100).toFixed(1)
const count = (value: number): string => (Number.isInteger(value) ? `${value}` : value.toFixed(1))
const ratio = (value: number): string => value.toFixed(2)
const seconds = (millis: number): string => (millis / 1000).toFixed(millis < 10_000 ? 2 : 1)

export const metrics: ReadonlyArray<Metric> = [
  {
    name: "availability",
    title: "available",
    description: "share of the calls of the window that ended well",
    of: ({ availability }) => availability,
    absent: "none",
    better: "more",
    format: percent,
    unit: "%"
  },
  {
    name: "availability-after",
    title: "after",
    description: "share of the calls after the window that ended well",
    of: ({ availabilityAfter }) => availabilityAfter,
    absent: "none",
    better: "more",
    format: percent,
    unit: "%"
  },
  {
    name: "availability-first-second",
    title: "1st second",
    description: "share of the calls of the first second of the window that ended well",
    of: ({ availabilityFirstSecond }) => availabilityFirstSecond,
    absent: "none",
    better: "more",
    format: percent,
    unit: "%"
  },
  {
    name: "absorbed",
    title: "absorbed",
    description: "attempts that reached the service from the start of the window to the first opening",
    of: ({ absorbed }) => absorbed,
    absent: "never",
    better: "less",
    format: count,
    unit: ""
  },
  {
    name: "detect",
    title: "detected in",
    description: "from the start of the window to the first opening",
    of: ({ detectMillis }) => detectMillis,
    absent: "never",
    better: "less",
    format: seconds,
    unit: "s"
  },
  {
    name: "wasted",
    title: "wasted",
    description: "attempts sent in the window that failed",
    of: ({ wasted }) => wasted,
    absent: "none",
    better: "less",
    format: count,
    unit: ""
  },
  {
    name: "load",
    title: "load",
    description: "attempts by calls, in the window",
    of: ({ load }) => load,
    absent: "none",
    better: "less",
    format: ratio,
    unit: ""
  },
  {
    name: "recovery",
    title: "recovered in",
    description: "from the end of the window to the first second in which 9 of 10 calls end well",
    of: ({ recoveryMillis }) => recoveryMillis,
    absent: "never",
    better: "less",
    format: seconds,
    unit: "s"
  },
  {
    name: "opens",
    title: "opened",
    description: "openings of all circuits in the run",
    of: ({ opens }) => opens,
    absent: "none",
    better: "less",
    format: count,
    unit: ""
  },
  {
    name: "peak-probes",
    title: "probes",
    description: "most attempts at once in one half-open circuit",
    of: ({ peakProbes }) => peakProbes,
    absent: "none",
    better: "less",
    format: count,
    unit: ""
  }
]

/** The middle of some runs, and their extremes. `Infinity` stands for never. */
export interface Summary {
  readonly runs: number
  readonly median: number
  readonly low: number
  readonly high: number
}

/** `undefined` where no run says anything. */
export const summarize = (metric: Metric, results: ReadonlyArray<RunResult>): Summary | undefined => {
  const values = results
    .map((result) => metric.of(result) ?? (metric.absent === "never" ? Infinity : undefined))
    .filter((value) => value !== undefined)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const low = values[0]
  const high = values.at(-1)
  if (low === undefined || high === undefined) return undefined
  return { runs: values.length, median: middle(values), low, high }
}

const middle = (sorted: ReadonlyArray<number>): number => {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Infinity
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Infinity
  return upper === lower ? upper : (lower + upper) / 2
}

const bare = (metric: Metric, value: number): string => (value === Infinity ? "never" : metric.format(value))

export const show = (metric: Metric, value: number): string => {
  const text = bare(metric, value)
  return metric.unit === "" || value === Infinity ? text : `${text} ${metric.unit}`
}

/** The median, and the extremes where runs differ in what is shown. */
export const showSummary = (metric: Metric, summary: Summary | undefined): string => {
  if (summary === undefined) return "-"
  const low = bare(metric, summary.low)
  const high = bare(metric, summary.high)
  return low === high ? show(metric, summary.median) : `${show(metric, summary.median)} (${low}..${high})`
}
