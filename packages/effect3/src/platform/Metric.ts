import type { Meter } from "@truce/core"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"

/** Metrics of Effect, with the labels of the fiber that asks for them; `bounds` are those of the histograms' buckets, in seconds. */
export const sink = (bounds: ReadonlyArray<number>): Effect.Effect<Meter.Sink> => {
  const boundaries = MetricBoundaries.fromIterable(bounds)
  const made: { readonly [kind in Kind]: (name: string, description: string) => MetricKey.MetricKey.Untyped } = {
    counter: (name, description) => MetricKey.counter(name, { description, incremental: true }),
    gauge: (name, description) => MetricKey.gauge(name, { description }),
    // Effect's bridge to OpenTelemetry reads the unit from this label; without it, it is "1".
    histogram: (name, description) =>
      MetricKey.taggedWithLabels(MetricKey.histogram(name, boundaries, description), [MetricLabel.make("unit", "s")])
  }
  return Effect.map(
    FiberRef.get(FiberRef.currentMetricLabels),
    (labels) =>
      ({ description, kind, name }, attributes) => {
        const own = Object.entries(attributes).map(([label, value]) => MetricLabel.make(label, value))
        // With the labels in its key a metric finds its place in the registry once, not at every update.
        const metric = Metric.fromMetricKey(
          MetricKey.taggedWithLabels(made[kind](name, description), [...labels, ...own])
        )
        return (value) => metric.unsafeUpdate(value, none)
      }
  )
}

type Kind = Parameters<Meter.Sink>[0]["kind"]

const none: ReadonlyArray<MetricLabel.MetricLabel> = []
