import type { Meter } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/**
 * Metrics of Effect, with the attributes, and in the registry, of the fiber that asks for them; `bounds` are those of the histograms'
 * buckets, in seconds.
 */
export const sink = (bounds: ReadonlyArray<number>): Effect.Effect<Meter.Sink> => {
  const boundaries = Metric.boundariesFromIterable(bounds)
  const made = (
    { description, kind, name }: Parameters<Meter.Sink>[0],
    attributes: Parameters<Meter.Sink>[1]
  ): Metric.Metric<number, unknown> => {
    switch (kind) {
      case "counter":
        return Metric.counter(name, { description, attributes, incremental: true })
      case "gauge":
        return Metric.gauge(name, { description, attributes })
      // Effect's bridge to OpenTelemetry reads the unit from this label; without it, it is "1".
      case "histogram":
        return Metric.histogram(name, { description, boundaries, attributes: { unit: "s", ...attributes } })
    }
  }
  return Effect.map(Effect.context<never>(), (context) => (instrument, attributes) => {
    const metric = made(instrument, attributes)
    return (value) => metric.updateUnsafe(value, context)
  })
}
