/** What a run is measured by: the columns of every table, and the fields of every file. */
import type { RunResult } from "./RunResult.ts"

/** For the command line and for files. */
export type Name =
  | "availability"
  | "availability-after"
  | "availability-first-second"
  | "absorbed"
  | "detect"
  | "wasted"
  | "load"
  | "recovery"
  | "opens"
  | "peak-probes"
  | "probes-sent"
  | "availability-elsewhere"

export interface Metric {
  readonly name: Name
  readonly title: string
  readonly description: string
  readonly unit: "attempts" | "ms" | "s" | "%" | "attempts a call" | "openings"
  /** Openings and the load are neither: to open is right in one world and wrong in another, and who answers nobody has the least load. */
  readonly better: "more" | "less" | "neither"
  /** A `null` is a time or a count that never came ("never", above every number), or says nothing ("none"). */
  readonly absent: "never" | "none"
  /** In its unit. */
  readonly of: (result: RunResult) => number | null
}

const percent = (share: number | null): number | null => (share === null ? null : 100 * share)

export const metrics: { readonly [N in Name]: Metric } = {
  availability: {
    name: "availability",
    title: "availability",
    description: "share of the calls of the window that ended well, %",
    unit: "%",
    better: "more",
    absent: "none",
    of: (result) => percent(result.availability)
  },
  "availability-after": {
    name: "availability-after",
    title: "after",
    description: "share of the calls after the window that ended well, %",
    unit: "%",
    better: "more",
    absent: "none",
    of: (result) => percent(result.availabilityAfter)
  },
  "availability-first-second": {
    name: "availability-first-second",
    title: "first second",
    description: "share of the calls of the first second of the window that ended well, %",
    unit: "%",
    better: "more",
    absent: "none",
    of: (result) => percent(result.availabilityFirstSecond)
  },
  absorbed: {
    name: "absorbed",
    title: "absorbed",
    description: "attempts that reached the service from the start of the window to the first opening",
    unit: "attempts",
    better: "less",
    absent: "never",
    of: ({ absorbed }) => absorbed
  },
  detect: {
    name: "detect",
    title: "detect",
    description: "from the start of the window to the first opening, ms",
    unit: "ms",
    better: "less",
    absent: "never",
    of: ({ detectMillis }) => detectMillis
  },
  wasted: {
    name: "wasted",
    title: "wasted",
    description: "attempts sent in the window that failed",
    unit: "attempts",
    better: "less",
    absent: "none",
    of: ({ wasted }) => wasted
  },
  load: {
    name: "load",
    title: "load",
    description: "attempts by calls, in the window",
    unit: "attempts a call",
    better: "neither",
    absent: "none",
    of: ({ load }) => load
  },
  recovery: {
    name: "recovery",
    title: "recovery",
    description: "from the end of the window to the first second in which 9 of 10 calls end well, s",
    unit: "s",
    better: "less",
    absent: "never",
    of: ({ recoveryMillis }) => (recoveryMillis === null ? null : recoveryMillis / 1_000)
  },
  opens: {
    name: "opens",
    title: "opens",
    description: "openings of all circuits in the run",
    unit: "openings",
    better: "neither",
    absent: "none",
    of: ({ opens }) => opens
  },
  "peak-probes": {
    name: "peak-probes",
    title: "probes",
    description: "most attempts at once in one half-open circuit",
    unit: "attempts",
    better: "less",
    absent: "none",
    of: ({ peakProbes }) => peakProbes
  },
  "probes-sent": {
    name: "probes-sent",
    title: "probes sent",
    description: "attempts sent in half-open circuits in the window, by all processes",
    unit: "attempts",
    better: "less",
    absent: "none",
    of: ({ probes }) => probes
  },
  "availability-elsewhere": {
    name: "availability-elsewhere",
    title: "elsewhere",
    description: "share of the calls of the processes without a fault of their own that ended well, %",
    unit: "%",
    better: "more",
    absent: "none",
    of: (result) => percent(result.availabilityElsewhere)
  }
}

export const all: ReadonlyArray<Metric> = Object.values(metrics)

/** Its title, with the unit where a figure needs one. */
export const heading = ({ title, unit }: Metric): string => {
  const shown = suffix(unit)
  return shown === "" ? title : `${title},${shown}`
}

const suffix = (unit: Metric["unit"]): string => (unit === "%" || unit === "s" || unit === "ms" ? ` ${unit}` : "")

/** A value without its unit; `null` and Infinity are "never". */
export const format = ({ unit }: Metric, value: number | null): string => {
  if (value === null || value === Infinity) return "never"
  switch (unit) {
    case "%":
    case "s":
      return value.toFixed(1)
    case "attempts a call":
      return value.toFixed(2)
    case "openings":
      return Number.isInteger(value) ? `${value}` : value.toFixed(1)
    case "ms":
    case "attempts":
      return `${Math.round(value)}`
  }
}

/** A value with its unit. */
export const show = (metric: Metric, value: number | null): string => {
  const text = format(metric, value)
  return text === "never" ? text : `${text}${suffix(metric.unit)}`
}

/** The mean over some runs; `null` if any never came to it. */
export const mean = (metric: Metric, results: ReadonlyArray<RunResult>): number | null =>
  meanOf(results.map((result) => metric.of(result)))

/** The mean of some values; `null` if any is. */
export const meanOf = (values: ReadonlyArray<number | null>): number | null => {
  const numbers = values.filter((value) => value !== null)
  return numbers.length === 0 || numbers.length < values.length
    ? null
    : numbers.reduce((sum, value) => sum + value, 0) / numbers.length
}

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

/** The median, and the extremes where runs differ in what is shown. */
export const showSummary = (metric: Metric, summary: Summary | undefined): string => {
  if (summary === undefined) return "-"
  const low = format(metric, summary.low)
  const high = format(metric, summary.high)
  return low === high ? show(metric, summary.median) : `${show(metric, summary.median)} (${low}..${high})`
}
