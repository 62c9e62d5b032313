import { Effect, Metric } from "effect"

/** Puts a label on all series of an effect, by which a test knows its own in the one registry. */
export const labelled =
  (test: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Metric.CurrentMetricAttributes, { test })

export interface Series {
  readonly attributes: { readonly [label: string]: string }
  /** What a gauge shows, or how often was counted. */
  readonly value: number
  /** Of a histogram: its sum and what is counted up to each bound. */
  readonly sum?: number
  readonly buckets?: ReadonlyArray<readonly [bound: number, count: number]>
}

/** The series of a metric that bear this test's label, without it. */
export const seriesOf = (name: string): Effect.Effect<ReadonlyArray<Series>> =>
  Effect.gen(function* () {
    const own = yield* Metric.CurrentMetricAttributes
    return (yield* Metric.snapshot).flatMap((one): ReadonlyArray<Series> => {
      const { test, ...attributes } = one.attributes ?? {}
      if (one.id !== name || test !== own.test) return []
      if (one.type === "Histogram") {
        const { buckets, count, sum } = one.state
        return [{ attributes, value: count, sum, buckets }]
      }
      if (one.type === "Counter") return [{ attributes, value: Number(one.state.count) }]
      return one.type === "Gauge" ? [{ attributes, value: Number(one.state.value) }] : []
    })
  })
