import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** Where metrics are recorded: with the attributes, and in the registry, of the fiber that asked for it. */
export type Recording = Context.Context<never>

export const recording: Effect.Effect<Recording> = Effect.context<never>()

export interface Attributes {
  readonly [name: string]: string
}

export type Update = (value: number) => void

/** A metric before it has attributes. */
export interface Instrument {
  readonly name: string
  readonly labelled: (attributes: Attributes, recording: Recording) => Update
}

export const counter = (name: string, description: string): Instrument =>
  instrument(name, (attributes) => Metric.counter(name, { description, attributes, incremental: true }))

export const gauge = (name: string, description: string): Instrument =>
  instrument(name, (attributes) => Metric.gauge(name, { description, attributes }))

/** Of a duration in seconds. Effect's bridge to OpenTelemetry reads the unit from this label; without it, it is "1". */
export const histogram = (name: string, description: string, bounds: ReadonlyArray<number>): Instrument => {
  const boundaries = Metric.boundariesFromIterable(bounds)
  return instrument(name, (own) =>
    Metric.histogram(name, { description, boundaries, attributes: { unit: "s", ...own } })
  )
}

const instrument = <State>(
  name: string,
  make: (attributes: Attributes) => Metric.Metric<number, State>
): Instrument => ({
  name,
  labelled: (attributes, recording) => {
    const metric = make(attributes)
    return (value) => metric.updateUnsafe(value, recording)
  }
})
