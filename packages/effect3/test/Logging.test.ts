import { it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, Logging, Truce } from "@truce/effect3"
import { Effect, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { type Line, minimum, telling } from "./platform/Logs.ts"
import { answering, attempt, classify, failing, key, steady } from "./support.ts"

/** Runs an effect on services that log; gives the lines. */
const logged = (
  body: Effect.Effect<unknown, unknown, Truce.Services>,
  level: "DEBUG" | "INFO" = "DEBUG"
): Effect.Effect<ReadonlyArray<Line>> =>
  Effect.suspend(() => {
    const lines: Array<Line> = []
    const services = steady({ model: HealthModel.consecutive({ failures: 2 }), circuit: { openFor: "1 second" } })
    const layer = Logging.layer.pipe(
      Layer.provideMerge(services),
      Layer.provide(telling((line) => void lines.push(line))),
      Layer.provide(minimum(level))
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
        ["WARN", "circuit users-api: Closed -> Open, score 0.000, next probe in 1 s"],
        ["DEBUG", "circuit users-api: Open -> HalfOpen, score 0.000"],
        ["DEBUG", "circuit users-api: HalfOpen -> Open, score 0.000, next probe in 2 s"],
        ["DEBUG", "circuit users-api: Open -> HalfOpen, score 0.000"],
        ["INFO", "circuit users-api: HalfOpen -> Closed, score 1.000"]
      ])
      expect(told(yield* logged(outage, "INFO")).map(([level]) => level)).toEqual(["WARN", "INFO"])
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
        ["INFO", "circuit users-api: Closed -> Isolated by hand: migration"],
        ["INFO", "circuit users-api: Isolated -> Closed by hand, observing: trial"],
        ["INFO", "circuit users-api: Closed -> Closed by hand"]
      ])
    })
  )

  it.effect("what a circuit would have done while it only observes is no warning", () =>
    Effect.gen(function* () {
      const lines = yield* logged(Effect.zipRight(CircuitBreaker.observe(key, "trial"), outage))
      expect(told(lines)[1]).toEqual(["INFO", "circuit users-api: Closed -> Open (observing), score 0.000"])
    })
  )

  it.effect("a line carries its data as annotations", () =>
    Effect.gen(function* () {
      const lines = yield* logged(CircuitBreaker.isolate(key, "migration"))
      expect(lines.map(({ annotations }) => annotations)).toEqual([
        {
          "truce.key": key,
          "truce.circuit.from": "Closed",
          "truce.circuit.to": "Isolated",
          "truce.circuit.mode": "Isolated",
          "truce.circuit.generation": 1,
          "truce.circuit.openings": 0,
          "truce.health.score": 1,
          "truce.reason": "migration"
        }
      ])
    })
  )

  it.effect("requests make no lines: neither successes nor failures nor rejections", () =>
    Effect.gen(function* () {
      const call = Effect.exit(Truce.protect(answering, { key, classify }))
      const quiet = Effect.zipRight(Effect.repeatN(call, 99), attempt(failing))
      expect(yield* logged(quiet)).toEqual([])
      const rejecting = Effect.zipRight(CircuitBreaker.isolate(key, "migration"), Effect.repeatN(call, 99))
      expect(yield* logged(rejecting)).toHaveLength(1)
    })
  )
})
