/**
 * Spans: opt-in, one for each call under `Truce.protect`, with one event for each of its attempts.
 *
 * Without this layer a call of more than one attempt adds its attempts to the span around it, and there are no spans of its own.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HealthScore, entries } from "./HealthScore.ts"
import { perService } from "./platform/Layers.ts"

/**
 * Makes each call under `Truce.protect` a span named `truce.call` while the layer lives, with the tracer of the calling fiber.
 *
 * Its attributes are `truce.key`, `truce.call.result`, `truce.call.reason`, `truce.call.attempts`, and as the call ended
 * `truce.circuit.state`, `truce.health.score` and `error.type`; each attempt is an event `truce.attempt`. A span that fails ends
 * with the call's own error, a rejection included. `docs/operations.md` has the tables.
 *
 * **Example** (The span that the protected effect runs in)
 *
 * ```ts
 * import { Classifier, Tracing, Truce } from "@truce/effect3"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.orDie(Effect.currentSpan).pipe(
 *   Truce.protect({ key: "users-api", classify }),
 *   Effect.map((span) => span.name),
 *   Effect.provide(Tracing.layer.pipe(Layer.provideMerge(Truce.layer())))
 * )
 * await Effect.runPromise(program) // => "truce.call"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HealthScore> = perService(HealthScore, () =>
  Layer.scopedDiscard(
    Effect.flatMap(HealthScore, ({ [entries]: { log } }) =>
      Effect.acquireRelease(
        Effect.sync(() => log.trace()),
        (stop) => Effect.sync(stop)
      )
    )
  )
)
