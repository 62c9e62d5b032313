/**
 * Whether a cell of the headline table agrees with its reference.
 *
 * The reference is the mean of three runs, so it has noise of its own. More runs here tell how much: what lies within the noise of
 * three runs is no disagreement, however far it is.
 */
import type { Column, Row } from "./Headline.ts"
import type { Metric } from "./Metric.ts"
import type { RunResult } from "./RunResult.ts"

/** `chance`: outside the tolerance, but three runs differ as much among themselves, 99 times of 100. */
export type Verdict = "agrees" | "chance" | "differs"

export interface Comparison {
  readonly reference: number | null
  /** The mean over the runs that came to it. */
  readonly mean: number | null
  /** The standard deviation of one run; 0 for a single run. */
  readonly deviation: number
  readonly runs: number
  /** Runs that never came to it. */
  readonly never: number
  readonly tolerance: number
  readonly verdict: Verdict
}

const runsOfReference = 3
/** Two-sided 99 % of the normal distribution. */
const quantile = 2.576

/** How far a metric may be from its reference: points of availability, 15 % of attempts, a second of recovery. */
export const tolerance = (row: Row, metric: Metric, reference: number): number => {
  switch (metric.name) {
    case "availability":
    case "availability-after":
    case "availability-first-second":
    case "availability-elsewhere":
      return row.points
    case "load":
      return 0.03
    case "recovery":
      return 1
    case "opens":
      return Math.max(1, 0.15 * reference)
    case "absorbed":
    case "wasted":
    case "detect":
    case "peak-probes":
    case "probes-sent":
      return 0.15 * reference
  }
}

export const compare = (row: Row, column: Column, metric: Metric, results: ReadonlyArray<RunResult>): Comparison => {
  const reference = row.reference[column][row.metrics.indexOf(metric)] ?? null
  const values = results.map(metric.of).filter((value) => value !== null)
  const runs = results.length
  const never = runs - values.length
  const mean = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation =
    mean === null || values.length < 2
      ? 0
      : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
  const base = { reference, mean, deviation, runs, never }
  if (reference === null || mean === null) {
    // One of three that never came to it makes the reference "never".
    const verdict = never === runs && reference === null ? "agrees" : never > 0 ? "chance" : "differs"
    return { ...base, tolerance: 0, verdict }
  }
  const allowed = tolerance(row, metric, reference)
  const distance = Math.abs(mean - reference)
  const noise = quantile * deviation * Math.sqrt(1 / runsOfReference + 1 / values.length)
  const verdict = distance <= allowed ? "agrees" : distance <= allowed + noise ? "chance" : "differs"
  return { ...base, tolerance: allowed, verdict }
}
