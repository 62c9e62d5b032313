import { describe, expect, it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, Truce } from "@truce/effect3"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { answering, attempt, classify, failing, key, on, settled, steady } from "./support.ts"

const explained = CircuitBreaker.explain(key)
const causeOf = Effect.map(explained, ({ cause }) => cause)

describe("CircuitBreaker.explain", () => {
  const fragile = on(() =>
    steady({ model: HealthModel.consecutive({ failures: 2 }), circuit: { openFor: "2 seconds" } })
  )

  fragile("a key that was never seen is closed and admits now", () =>
    Effect.gen(function* () {
      const { admitsIn, cause, moves, status, transitions } = yield* explained
      expect([status, cause, moves, transitions]).toEqual(["Closed", "closed, never opened", [], []])
      expect(Duration.toMillis(admitsIn)).toBe(0)
    })
  )

  fragile("an open circuit says what opened it, which outcomes moved the score, and when it admits again", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      yield* TestClock.adjust("1 second")
      yield* attempt(failing)
      yield* TestClock.adjust("500 millis")
      const { admitsIn, inStateFor, moves, text, transitions } = yield* explained
      expect([admitsIn, inStateFor]).toEqual([Duration.millis(1_500), Duration.millis(500)])
      expect(moves.map(({ ago }) => ago)).toEqual([Duration.millis(1_500), Duration.millis(500)])
      expect(transitions).toMatchObject([{ from: "Closed", to: "Open", ago: Duration.millis(500) }])
      expect(text.split("\n")).toEqual([
        "users-api: open for 500 ms, because the score fell to 0.000 (Timeout)",
        "score 0.000 (trips at 0, closes a half-open circuit at 0.5), strain 0.282",
        "next admission: in 1.5 s",
        "what moved the score last:",
        "  1.5 s ago: failure of weight 1, 1.000 -> 0.500",
        "  500 ms ago: failure of weight 1, 0.500 -> 0.000",
        "what changed the circuit last:",
        "  500 ms ago: Closed -> Open, score 0.000"
      ])
    })
  )

  fragile("a half-open circuit says how many probes are out, and a reopened one that a probe failed", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      yield* attempt(failing)
      yield* TestClock.adjust("2 seconds")
      const probe = yield* Effect.fork(attempt(Effect.delay(failing, "1 second")))
      yield* settled
      expect(yield* causeOf).toBe("half-open for 0 ms: 1 of 1 probe out, score 0.000")
      yield* TestClock.adjust("1 second")
      yield* Fiber.await(probe)
      expect(yield* causeOf).toBe("open for 0 ms, because a probe failed (Timeout); opening 2 in a row")
    })
  )

  fragile("manual control is explained with the operator's reason, also after it ended", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* TestClock.adjust("90 seconds")
      expect(yield* causeOf).toBe("forced open by an operator 1m 30s ago: maintenance")
      expect((yield* explained).admitsIn).toEqual(Duration.infinity)
      expect((yield* explained).text).toContain("next admission: when an operator allows it")
      yield* CircuitBreaker.disable(key, "drill")
      expect(yield* causeOf).toBe("forced closed by an operator 0 ms ago: drill")
      yield* CircuitBreaker.observe(key, "trial")
      expect(yield* causeOf).toBe("rejects nothing, by an operator's wish 0 ms ago: trial; by the rules it is closed")
      yield* CircuitBreaker.reset(key, "done")
      expect(yield* causeOf).toBe("closed for 0 ms, reset by an operator: done")
      expect((yield* explained).transitions.map(({ reason }) => reason)).toEqual([
        "maintenance",
        "drill",
        "trial",
        "done"
      ])
    })
  )

  fragile("a circuit that is observed tells since when, however often the rules have changed it since", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.observe(key, "trial week")
      yield* TestClock.adjust("1 minute")
      yield* Effect.repeatN(attempt(failing), 1)
      yield* TestClock.adjust("1 second")
      expect(yield* causeOf).toBe(
        "rejects nothing, by an operator's wish 1m 1s ago: trial week; by the rules it is open"
      )
    })
  )

  it.effect("ten changes are kept, the oldest goes first", () =>
    Effect.gen(function* () {
      for (let n = 0; n < 12; n++) yield* CircuitBreaker.isolate(key, `reason ${n}`)
      const { transitions } = yield* explained
      expect(transitions.map(({ reason }) => reason)).toEqual(Array.from({ length: 10 }, (_, n) => `reason ${n + 2}`))
    }).pipe(Effect.provide(steady()))
  )

  it.effect("asking changes nothing and makes no key", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.explain("never-seen")
      yield* Truce.protect(answering, { key, classify })
      expect((yield* CircuitBreaker.states).map((state) => state.key)).toEqual([key])
    }).pipe(Effect.provide(steady()))
  )
})
