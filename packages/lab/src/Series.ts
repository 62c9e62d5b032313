/** The time series of a run in fewer points, for pictures. */
import type { Status } from "./Design.ts"
import type { Bucket, RunResult } from "./Run.ts"

/** Some buckets as one. */
export interface Column {
  readonly fromMillis: number
  readonly untilMillis: number
  /** The worst. */
  readonly status: Status
  /** The lowest. */
  readonly score: number
  /** A second. */
  readonly offered: number
  readonly absorbed: number
  /** Of the calls that began, those that ended well; `null` without calls. */
  readonly availability: number | null
}

export const columns = ({ bucketMillis, buckets }: RunResult, size: number): ReadonlyArray<Column> =>
  Array.from({ length: Math.ceil(buckets.length / size) }, (_, index) =>
    column(buckets.slice(index * size, (index + 1) * size), bucketMillis)
  )

const column = (buckets: ReadonlyArray<Bucket>, bucketMillis: number): Column => {
  const sum = (value: (bucket: Bucket) => number): number => buckets.reduce((total, bucket) => total + value(bucket), 0)
  const is = (status: Status): boolean => buckets.some((bucket) => bucket.status === status)
  const fromMillis = buckets[0]?.atMillis ?? 0
  const seconds = (buckets.length * bucketMillis) / 1000
  const offered = sum((bucket) => bucket.offered)
  return {
    fromMillis,
    untilMillis: fromMillis + buckets.length * bucketMillis,
    status: is("Open") ? "Open" : is("HalfOpen") ? "HalfOpen" : "Closed",
    score: Math.min(...buckets.map(({ score }) => score)),
    offered: offered / seconds,
    absorbed: sum(({ absorbed }) => absorbed) / seconds,
    availability: offered === 0 ? null : sum(({ ok }) => ok) / offered
  }
}

/** Buckets by the column so that most columns have calls enough for a rate; from twenty to `most` columns. */
export const sizeFor = ({ buckets }: RunResult, most: number): number => {
  const mean = buckets.reduce((total, { offered }) => total + offered, 0) / Math.max(1, buckets.length)
  const enough = Math.min(Math.ceil(10 / Math.max(mean, 0.01)), Math.floor(buckets.length / 20))
  return Math.max(1, enough, Math.ceil(buckets.length / most))
}
