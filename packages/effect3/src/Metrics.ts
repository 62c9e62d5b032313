/**
 * What happens to attempts, calls and circuits, as Effect `Metric`s: opt-in, named after OpenTelemetry's guidelines, with a bounded number
 * of series.
 *
 * `docs/operations.md` lists every metric with its unit and labels.
 *
 * @since 0.1.0
 */
import { InvalidOption, KeyPattern, Meter } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as EventLog from "./EventLog.ts"
import type { HealthScore } from "./HealthScore.ts"
import { CircuitBreaker, internals } from "./run/services/CircuitBreaker.ts"
import { configured, count, positiveDuration } from "./run/settings/options.ts"
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
export const other = Meter.other

/**
 * The default boundaries, in seconds: those OpenTelemetry advises for the duration of HTTP requests.
 *
 * @category constants
 * @since 0.1.0
 */
export const boundaries: ReadonlyArray<number> = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10
]

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

const recording = ({ boundaries: bounds, intervalMillis, labels }: Settings) =>
  Effect.gen(function* () {
    const breaker = yield* CircuitBreaker
    const budget = yield* RetryBudget
    const meter = new Meter.Meter(labels, yield* Metric.sink(bounds))
    const clear = (isGone: (key: string) => boolean) =>
      Effect.forEach(
        meter.shown.filter(isGone),
        (key) => Effect.map(budget.tokens(key), (tokens) => meter.clear(key, tokens)),
        { discard: true }
      )
    const sample = Effect.gen(function* () {
      const circuits = yield* Effect.forEach(yield* breaker.states, (view) =>
        Effect.map(budget.tokens(view.key), (tokens) => ({ key: view.key, view, tokens }))
      )
      const isShared = meter.sample(circuits)
      yield* clear((key) => (key === other ? !isShared : breaker[internals].find(key) === undefined))
    })
    yield* EventLog.subscribe((event) => meter.count(event))
    yield* Effect.addFinalizer(() => clear(() => true))
    yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(intervalMillis)))
  })

interface Settings {
  readonly labels: Meter.Labels
  readonly intervalMillis: number
  readonly boundaries: ReadonlyArray<number>
}

const settings = ({ boundaries: bounds = boundaries, interval, keys, maxKeys }: Options): Settings => {
  const allowed = new KeyPattern.KeyPattern((keys ?? ["*"]).map((pattern) => [pattern, true]))
  if (!bounds.every((bound, index) => Number.isFinite(bound) && bound > (bounds[index - 1] ?? 0))) {
    throw new InvalidOption.InvalidOption("Metrics", "boundaries", "seconds greater than 0 in ascending order", bounds)
  }
  return {
    labels: { isAllowed: (key) => allowed.find(key) === true, maxKeys: count("Metrics", "maxKeys", maxKeys, 100) },
    intervalMillis: positiveDuration("Metrics", "interval", interval, "10 seconds"),
    boundaries: bounds
  }
}
