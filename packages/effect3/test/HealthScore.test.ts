import { Outcome } from "@truce/core"
import { CircuitBreaker, HealthModel, HealthScore } from "@truce/effect3"
import { Deferred, Effect, Layer, Stream, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, failing, key, missing, on, settled, statusOf, trip, watching } from "./support.ts"

const it = on(() => HealthScore.layer())
const under = on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer())))

describe("a score alone", () => {
  it("is 1 for a key that was never seen", () =>
    Effect.gen(function* () {
      expect(yield* HealthScore.get("new")).toEqual({ key: "new", score: 1, openBelow: 0.1, strain: 0 })
    }))

  it("falls by a fifth for a failure and rises by two fifths for a success where traffic does not matter", () =>
    Effect.gen(function* () {
      const fixed = HealthScore.layer({ model: HealthModel.ledger({ guardMillis: 0 }) })
      const moved = scores(Outcome.failure(), Outcome.failure(), Outcome.failure(), Outcome.success)
      expect(yield* Effect.provide(moved, fixed)).toEqual([0.8, 0.6, 0.4, 0.8])
    }))

  it("moves less at more traffic", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(HealthScore.record(key, Outcome.success), 8)
      expect(yield* scores(Outcome.failure())).toEqual([0.876992])
    }))

  it("keeps the strain of what failed through any success", () =>
    Effect.gen(function* () {
      yield* scores(Outcome.failure(), Outcome.failure({ weight: 0.5 }), Outcome.success)
      expect(yield* HealthScore.get(key)).toMatchObject({ score: 1, strain: 1.5 / 8 })
    }))

  under("spreads the strain over every attempt, those of a healthy key that changed nothing else too", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      for (const attempts of [2, 3, 4, 5]) {
        yield* attempt(answering)
        expect(yield* HealthScore.get(key)).toMatchObject({ score: 1, strain: 1 / (attempts + 5) })
      }
    })
  )

  it("says nothing of an ignored outcome", () =>
    Effect.gen(function* () {
      yield* HealthScore.record(key, Outcome.ignored)
      expect(yield* HealthScore.get(key)).toMatchObject({ score: 1, strain: 0 })
    }))

  it("heals with time: half of its suspicion in ten minutes", () =>
    Effect.gen(function* () {
      yield* HealthScore.record(key, Outcome.failure())
      yield* TestClock.adjust("10 minutes")
      expect((yield* HealthScore.get(key)).score).toBeCloseTo(0.9)
    }))

  it("admits everything, whatever it is: nothing opens without a breaker", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(HealthScore.record(key, Outcome.failure()), 99)
      expect((yield* HealthScore.get(key)).score).toBe(0)
      yield* HealthScore.record(key, Outcome.success)
      expect((yield* HealthScore.get(key)).score).toBeGreaterThan(0)
    }))

  it("moves by the model it is given", () =>
    Effect.gen(function* () {
      const additive = HealthScore.layer({ model: HealthModel.additive() })
      expect(yield* Effect.provide(scores(Outcome.failure(), Outcome.success), additive)).toEqual([0.7, 1])
    }))

  it("keeps keys apart", () =>
    Effect.gen(function* () {
      yield* HealthScore.record("a", Outcome.failure())
      expect((yield* HealthScore.get("b")).score).toBe(1)
    }))
})

describe("changes", () => {
  it("tell each outcome that moved a score, with the score before and after", () =>
    Effect.gen(function* () {
      const seen = yield* watching(HealthScore.changes)
      yield* HealthScore.record("a", Outcome.failure())
      yield* HealthScore.record("b", Outcome.failure({ weight: 0.5 }))
      yield* HealthScore.record("a", Outcome.success)
      expect(yield* seen).toMatchObject([
        { key: "a", at: 0, outcome: "Failure", weight: 1, before: 1, after: 0.8, strain: 1 / 6 },
        { key: "b", outcome: "Failure", weight: 0.5, before: 1, after: 0.9 },
        { key: "a", outcome: "Success", weight: 0, before: 0.8, after: 1 }
      ])
    }))

  it("tell nothing of a success on a healthy key", () =>
    Effect.gen(function* () {
      const seen = yield* watching(HealthScore.changes)
      yield* HealthScore.record(key, Outcome.success)
      expect(yield* seen).toEqual([])
    }))

  it("lose the oldest for a watcher that is more than 1 024 behind, and hold nobody", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const seen = yield* watching(Stream.tap(HealthScore.changes, () => Deferred.await(gate)))
      yield* Effect.repeatN(HealthScore.record(key, Outcome.failure({ weight: 0.001 })), 1_999)
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeatN(settled, 300)
      expect((yield* seen).length).toBeLessThan(1_100)
      expect((yield* seen).at(-1)?.after).toBe((yield* HealthScore.get(key)).score)
    }))

  under("tell of attempts under a breaker, not of its manual changes", () =>
    Effect.gen(function* () {
      const seen = yield* watching(HealthScore.changes)
      yield* attempt(failing)
      yield* attempt(missing)
      yield* CircuitBreaker.isolate(key, "maintenance")
      expect(yield* seen).toMatchObject([{ key, outcome: "Failure" }])
    })
  )
})

describe("explain", () => {
  it("says that nothing has moved the score of a new key", () =>
    Effect.gen(function* () {
      const { moves, text } = yield* HealthScore.explain(key)
      expect(moves).toEqual([])
      expect(text).toBe(`${key}: score 1.000 (trips at 0.1), strain 0.000\n  nothing has moved it`)
    }))

  it("tells the last five moves, oldest first, with how long ago they were", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(HealthScore.record(key, Outcome.failure({ weight: 0.1 })), 4)
      yield* TestClock.adjust("90 seconds")
      yield* HealthScore.record(key, Outcome.success)
      const { moves, text } = yield* HealthScore.explain(key)
      expect(moves.length).toBe(5)
      expect(text.split("\n").slice(1)).toEqual([
        "  1m 30s ago: failure of weight 0.1, 0.980 -> 0.960",
        "  1m 30s ago: failure of weight 0.1, 0.960 -> 0.942",
        "  1m 30s ago: failure of weight 0.1, 0.942 -> 0.926",
        "  1m 30s ago: failure of weight 0.1, 0.926 -> 0.911",
        "  0 ms ago: success, 0.920 -> 1.000"
      ])
    }))
})

describe("a score under a breaker", () => {
  under("is the one that opened the circuit while it is open", () =>
    Effect.gen(function* () {
      yield* trip()
      const { score, openBelow: limit } = yield* HealthScore.get(key)
      expect(score).toBeLessThan(limit)
      yield* TestClock.adjust("1 hour")
      expect((yield* HealthScore.get(key)).score).toBe(score)
    })
  )

  under("hears outside evidence: an active check opens the circuit of a key no call has used", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(HealthScore.record(key, Outcome.failure()), 5)
      expect(yield* statusOf()).toBe("Open")
    })
  )

  under("hears outside evidence in HalfOpen too, which closes it without a probe", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* TestClock.adjust("500 millis")
      yield* attempt(answering)
      yield* HealthScore.record(key, Outcome.success)
      expect(yield* statusOf()).toBe("Closed")
    })
  )

  under("hears no outside evidence while the circuit is open", () =>
    Effect.gen(function* () {
      yield* trip()
      const before = yield* CircuitBreaker.state(key)
      yield* HealthScore.record(key, Outcome.success)
      expect(yield* CircuitBreaker.state(key)).toEqual(before)
    })
  )
})

const scores = (...outcomes: ReadonlyArray<Outcome.Outcome>) =>
  Effect.forEach(outcomes, (outcome) =>
    Effect.zipRight(
      HealthScore.record(key, outcome),
      Effect.map(HealthScore.get(key), ({ score }) => Number(score.toFixed(6)))
    )
  )
