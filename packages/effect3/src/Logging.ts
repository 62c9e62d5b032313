/**
 * Log lines for what changes: opt-in, one line for each change of a circuit's state or mode, nothing for a request.
 *
 * @since 0.1.0
 */
import { Describe } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EventLog from "./EventLog.ts"
import { HealthScore } from "./HealthScore.ts"
import { perService } from "./platform/Layers.ts"
import { runSync, running } from "./platform/Running.ts"

/**
 * Logs every change of a circuit while the layer lives, with the loggers and the minimum level of the fiber that builds it.
 *
 * | change                                                 | level   |
 * | ------------------------------------------------------ | ------- |
 * | an operator's                                          | info    |
 * | Closed -> Open                                         | warning |
 * | the same while `Observing`, which rejects nothing      | info    |
 * | Open -> HalfOpen, HalfOpen -> Open: the outage goes on | debug   |
 * | HalfOpen -> Closed                                     | info    |
 *
 * **Example** (Collecting the lines)
 *
 * ```ts
 * import { CircuitBreaker, Logging, Truce } from "@truce/effect3"
 * import { Effect, Layer, Logger } from "effect"
 *
 * const lines: Array<unknown> = []
 * const logger = Logger.replace(
 *   Logger.defaultLogger,
 *   Logger.make(({ message }) => lines.push(message))
 * )
 * const layer = Logging.layer.pipe(Layer.provideMerge(Truce.layer()), Layer.provide(logger))
 * await Effect.runPromise(Effect.provide(CircuitBreaker.isolate("users-api", "migration"), layer))
 * lines // => [["circuit users-api: Closed -> Isolated by hand: migration"]]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HealthScore> = perService(HealthScore, () =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const builder = yield* running
      yield* EventLog.subscribe((event) => {
        // Loggers are synchronous: the line is written before the call goes on, in order.
        if (event._tag === "Transitioned") runSync(builder, line(event))
      })
    })
  )
)

const line = (event: typeof EventLog.Transitioned.Type): Effect.Effect<void> =>
  Effect.annotateLogs(logOf(event)(Describe.changeLine(event)), {
    "truce.key": event.key,
    "truce.circuit.from": event.from,
    "truce.circuit.to": event.to,
    "truce.circuit.mode": event.mode,
    "truce.circuit.generation": event.generation,
    "truce.circuit.openings": event.openings,
    "truce.health.score": event.score,
    ...(event.reason === "" ? {} : { "truce.reason": event.reason })
  })

const logOf = (event: typeof EventLog.Transitioned.Type): typeof Effect.log => {
  if (Describe.isManual(event)) return Effect.logInfo
  if (event.to === "Closed") return Effect.logInfo
  if (event.from !== "Closed") return Effect.logDebug
  return event.mode === "Observing" ? Effect.logInfo : Effect.logWarning
}
