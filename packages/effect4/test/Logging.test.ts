import { it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, Logging, Truce } from "@truce/effect4"
import { Effect, Layer, Logger, type LogLevel, References } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { answering, attempt, classify, failing, key, steady } from "./support.ts"

interface Line {
  readonly level: string
  readonly message: unknown
  readonly annotations: { readonly [name: string]: unknown }
}

/** Runs an effect on services that log; gives the lines. */
const logged = (
  body: Effect.Effect<unknown, unknown, Truce.Services>,
  minimum: LogLevel.LogLevel = "Debug"
): Effect.Effect<ReadonlyArray<Line>, never> =>
  Effect.suspend(() => {
    const lines: Array<Line> = []
    const collecting = Logger.make(({ fiber, logLevel, message }) => {
      lines.push({ level: logLevel, message, annotations: fiber.getRef(References.CurrentLogAnnotations) })
    })
    const services = steady({ model: HealthModel.consecutive({ failures: 2 }), circuit: { openFor: "1 second" } })
    const layer = Logging.layer.pipe(
      Layer.provideMerge(services),
      Layer.provide(Logger.layer([collecting])),
      Layer.provide(Layer.succeed(References.MinimumLogLevel, minimum))
    )
    return Effect.as(Effect.exit(Effect.provide(body, layer)), lines)
  })

const outage = Effect.gen(function* () {
  yield* attempt(failing)
  yield* attempt(failing)
  yield* attempt(answering)
  yield* TestClock.adjust("1 second")
  yield* attempt(failing)
  yield* TestClock.adjust("2 seconds")
  yield* attempt(answering)
  yield* attempt(answering)
})

const told = (lines: ReadonlyArray<Line>) => lines.map(({ level, message }) => [level, ...[message].flat()])

describe("Logging", () => {
  it.effect("an outage is a warning, and an info line when it is over; its probes are for debugging", () =>
    Effect.gen(function* () {
      expect(told(yield* logged(outage))).toEqual([
        ["Warn", "circuit users-api: Closed -> Open, score 0.000, next probe in 1 s"],
        ["Debug", "circuit users-api: Open -> HalfOpen, score 0.000"],
        ["Debug", "circuit users-api: HalfOpen -> Open, score 0.000, next probe in 2 s"],
        ["Debug", "circuit users-api: Open -> HalfOpen, score 0.000"],
        ["Info", "circuit users-api: HalfOpen -> Closed, score 1.000"]
      ])
      expect(told(yield* logged(outage, "Info")).map(([level]) => level)).toEqual(["Warn", "Info"])
    })
  )

  it.effect("an operator's change is an info line with the reason", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.gen(function* () {
          yield* CircuitBreaker.isolate(key, "migration")
          yield* CircuitBreaker.observe(key, "trial")
          yield* CircuitBreaker.reset(key, "")
        })
      )
      expect(told(lines)).toEqual([
        ["Info", "circuit users-api: Closed -> Isolated by hand: migration"],
        ["Info", "circuit users-api: Isolated -> Closed by hand, observing: trial"],
        ["Info", "circuit users-api: Closed -> Closed by hand"]
      ])
    })
  )

  it.effect("what a circuit would have done while it only observes is no warning", () =>
    Effect.gen(function* () {
      const lines = yield* logged(Effect.andThen(CircuitBreaker.observe(key, "trial"), outage))
      expect(told(lines)[1]).toEqual(["Info", "circuit users-api: Closed -> Open (observing), score 0.000"])
    })
  )

  it.effect("a line carries its data as annotations", () =>
    Effect.gen(function* () {
      const [line] = yield* logged(CircuitBreaker.isolate(key, "migration"))
      expect(line?.annotations).toEqual({
        "truce.key": key,
        "truce.circuit.from": "Closed",
        "truce.circuit.to": "Isolated",
        "truce.circuit.mode": "Isolated",
        "truce.circuit.generation": 1,
        "truce.circuit.openings": 0,
        "truce.health.score": 1,
        "truce.reason": "migration"
      })
    })
  )

  it.effect("requests make no lines: neither successes nor failures nor rejections", () =>
    Effect.gen(function* () {
      const call = Effect.exit(Truce.protect(answering, { key, classify }))
      const quiet = Effect.andThen(Effect.repeat(call, { times: 99 }), attempt(failing))
      expect(yield* logged(quiet)).toEqual([])
      const rejecting = Effect.andThen(CircuitBreaker.isolate(key, "migration"), Effect.repeat(call, { times: 99 }))
      expect(yield* logged(rejecting)).toHaveLength(1)
    })
  )
})
