import { Effect, FiberRef, Metric, MetricState } from "effect"

/** Puts a label on all series of an effect, by which a test knows its own in the one registry. */
export const labelled =
  (test: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.tagMetrics(self, "test", test)

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
  Effect.map(FiberRef.get(FiberRef.currentMetricLabels), (own) =>
    Metric.unsafeSnapshot().flatMap(({ metricKey, metricState }): ReadonlyArray<Series> => {
      if (metricKey.name !== name) return []
      const { test, ...attributes } = Object.fromEntries(metricKey.tags.map((tag) => [tag.key, tag.value]))
      if (!own.every((label) => label.value === test)) return []
      if (MetricState.isHistogramState(metricState)) {
        const { buckets, count, sum } = metricState
        return [{ attributes, value: count, sum, buckets: [...buckets] }]
      }
      if (MetricState.isCounterState(metricState)) return [{ attributes, value: Number(metricState.count) }]
      return MetricState.isGaugeState(metricState) ? [{ attributes, value: Number(metricState.value) }] : []
    })
  )
