import type * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"

type Labels = ReadonlyArray<MetricLabel.MetricLabel>

/** Where metrics are recorded: with the labels of the fiber that asked for it. */
export type Recording = Labels

export const recording: Effect.Effect<Recording> = FiberRef.get(FiberRef.currentMetricLabels)

export interface Attributes {
  readonly [name: string]: string
}

export type Update = (value: number) => void

/** A metric before it has attributes. */
export interface Instrument {
  readonly name: string
  readonly labelled: (attributes: Attributes, recording: Recording) => Update
}

export const counter = (name: string, description: string): Instrument => {
  const key = MetricKey.counter(name, { description, incremental: true })
  return instrument(name, (labels) => Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels)))
}

export const gauge = (name: string, description: string): Instrument => {
  const key = MetricKey.gauge(name, { description })
  return instrument(name, (labels) => Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels)))
}

/** Of a duration in seconds. Effect's bridge to OpenTelemetry reads the unit from this label; without it, it is "1". */
export const histogram = (name: string, description: string, bounds: ReadonlyArray<number>): Instrument => {
  const bare = MetricKey.histogram(name, MetricBoundaries.fromIterable(bounds), description)
  const key = MetricKey.taggedWithLabels(bare, [MetricLabel.make("unit", "s")])
  return instrument(name, (labels) => Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels)))
}

// With the labels in its key a metric finds its place in the registry once, not at every update.
const instrument = (name: string, make: (labels: Labels) => Updatable): Instrument => ({
  name,
  labelled: (attributes, recording) => {
    const own = Object.entries(attributes).map(([label, value]) => MetricLabel.make(label, value))
    const metric = make([...recording, ...own])
    return (value) => metric.unsafeUpdate(value, none)
  }
})

type Updatable = Pick<Metric.Metric<unknown, number, unknown>, "unsafeUpdate">

const none: Labels = []
