/**
 * What happens to attempts, calls and circuits, as Effect `Metric`s: opt-in, named after OpenTelemetry's guidelines, with a bounded number
 * of series.
 *
 * `docs/operations.md` lists every metric with its unit and labels.
 *
 * @since 0.1.0
 */
import { InvalidOption, KeyPattern, Describe } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as EventLog from "./EventLog.ts"
import type { HealthScore } from "./HealthScore.ts"
import { CircuitBreaker, guard } from "./internal/breaker.ts"
import { configured, count, positiveDuration } from "./internal/options.ts"
import * as Series from "./internal/series.ts"
import * as Metric from "./platform/Metric.ts"
import { RetryBudget } from "./RetryBudget.ts"

/**
 * Options of the layer. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The keys that are labels: exact, or with `*` for any characters. Default: every key. */
  readonly keys?: ReadonlyArray<string> | undefined
  /** The most keys that are labels, first come, for as long as the layer lives. All others share the label `_OTHER`. Default: 100. */
  readonly maxKeys?: number | undefined
  /** How often gauges are sampled; those of a circuit are also set when its state changes. Default: 10 seconds. */
  readonly interval?: Duration.DurationInput | undefined
  /** Upper bounds of the histograms' buckets, in seconds. Default: `boundaries`. */
  readonly boundaries?: ReadonlyArray<number> | undefined
}

/**
 * The label of what has none of its own: keys beyond `maxKeys`, error types beyond the first 20.
 *
 * @category constants
 * @since 0.1.0
 */
export const other = "_OTHER"

/**
 * The default boundaries, in seconds: those OpenTelemetry advises for the duration of HTTP requests.
 *
 * @category constants
 * @since 0.1.0
 */
export const boundaries: ReadonlyArray<number> = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10
]

/** Names of error types that are labels: a tag is one of few, the text of a failure that is a string need not be. */
const maxErrorTypes = 20

/**
 * Records metrics while the layer lives, with the metric labels of the fiber that builds it.
 *
 * Counters and histograms are updated as it happens; one fiber samples the gauges. A key that the score has dropped is in no state, with a
 * score of 1 and no strain. Dies with `InvalidOption` when built with an impossible option.
 *
 * **Example** (Reading a counter)
 *
 * ```ts
 * import { Classifier, Metrics, Truce } from "@truce/effect3"
 * import { Data, Effect, Layer, Metric } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.succeed("hello").pipe(Truce.protect({ key: "mail-api", classify }))
 * const layer = Metrics.layer({ keys: ["mail-*"] }).pipe(Layer.provideMerge(Truce.layer()))
 * await Effect.runPromise(Effect.provide(program, layer))
 *
 * const calls = Metric.counter("truce.calls", {
 *   description: "Calls under Truce.protect that ended.",
 *   incremental: true
 * }).pipe(Metric.tagged("truce.key", "mail-api"), Metric.tagged("truce.call.result", "success"))
 * const { count } = await Effect.runPromise(Metric.value(calls))
 * count // => 1
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<never, never, CircuitBreaker | HealthScore | RetryBudget> =>
  Layer.scopedDiscard(Effect.suspend(() => recording(settings(options))))

/**
 * Records metrics with options from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<never, ConfigError.ConfigError, CircuitBreaker | HealthScore | RetryBudget> =>
  configured(options, (unwrapped) => layer(unwrapped))

const recording = ({ durations, intervalMillis, isAllowed, maxKeys }: Settings) =>
  Effect.gen(function* () {
    const breaker = yield* CircuitBreaker
    const budget = yield* RetryBudget
    const builder = yield* Metric.recording
    const series = (key: string) => new Series.Series(key, durations, builder)
    const labelled = new Map<string, Series.Series>()
    const rest = series(other)
    const of = (key: string): Series.Series => {
      const known = labelled.get(key)
      if (known !== undefined) return known
      if (labelled.size >= maxKeys || !isAllowed(key)) return rest
      const added = series(key)
      labelled.set(key, added)
      return added
    }
    const errorTypes = new Set<string>()
    const errorType = (name: string | undefined): string | undefined => {
      if (name === undefined || errorTypes.has(name)) return name
      if (errorTypes.size >= maxErrorTypes) return other
      errorTypes.add(name)
      return name
    }
    const all = () => [...labelled, [other, rest] as const]
    // A key that is gone would otherwise show for ever what was last seen of it: the registry of metrics forgets nothing.
    const clear = (isGone: (key: string) => boolean) =>
      Effect.forEach(
        all().filter(([key, { isShown }]) => isShown && isGone(key)),
        ([key, shown]) => Effect.map(budget.tokens(key), (tokens) => shown.show({ ...Series.nothing, tokens })),
        { discard: true }
      )
    const sample = Effect.gen(function* () {
      let shared = Series.nothing
      for (const circuit of yield* breaker.states) {
        const tokens = yield* budget.tokens(circuit.key)
        const own = of(circuit.key)
        if (own === rest) shared = Series.including(shared, circuit, tokens)
        else own.show(Series.including(Series.nothing, circuit, tokens))
      }
      if (shared !== Series.nothing) rest.show(shared)
      yield* clear((key) => (key === other ? shared === Series.nothing : breaker[guard].find(key) === undefined))
      for (const [, one] of all()) one.showAmplification()
    })
    yield* EventLog.subscribe((event) => {
      switch (event._tag) {
        case "Settled":
          return of(event.key).settled(event, errorType(event.error))
        case "Called":
          return of(event.key).called(event)
        case "Rejected":
          return of(event.key).rejected(event)
        case "Retried":
          return of(event.key).retried(event)
        case "Transitioned":
          return of(event.key).transitioned(event, Describe.isManual(event))
        case "Admitted":
        case "Observed":
          return
      }
    })
    yield* Effect.addFinalizer(() => clear(() => true))
    yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(intervalMillis)))
  })

interface Settings {
  readonly isAllowed: (key: string) => boolean
  readonly maxKeys: number
  readonly intervalMillis: number
  readonly durations: Series.Durations
}

const settings = ({ boundaries: bounds = boundaries, interval, keys, maxKeys }: Options): Settings => {
  const allowed = new KeyPattern.KeyPattern((keys ?? ["*"]).map((pattern) => [pattern, true]))
  if (!bounds.every((bound, index) => Number.isFinite(bound) && bound > (bounds[index - 1] ?? 0))) {
    throw new InvalidOption.InvalidOption("Metrics", "boundaries", "seconds greater than 0 in ascending order", bounds)
  }
  return {
    isAllowed: (key) => allowed.find(key) === true,
    maxKeys: count("Metrics", "maxKeys", maxKeys, 100),
    intervalMillis: positiveDuration("Metrics", "interval", interval, "10 seconds"),
    durations: Series.durations(bounds)
  }
}
