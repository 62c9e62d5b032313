import { it } from "@effect/vitest"
import { CircuitBreaker, HealthScore, Outcome, Truce } from "@truce/effect4"
import { Effect, Fiber, Stream } from "effect"
import { describe, expect } from "vitest"
import { answering, classify, key, on, settled, steady, watching } from "../support.ts"
import { all, heapMegabytes } from "./support.ts"

describe("a watcher that never reads", () => {
  on(() => steady())("holds no call, keeps no event from the others and loses the oldest", () =>
    Effect.gen(function* () {
      const lazy = yield* Stream.toPull(CircuitBreaker.transitions)
      const first = yield* Effect.forkChild(lazy)
      const seen = yield* watching(CircuitBreaker.transitions)
      for (let index = 0; index < 5_000; index++) {
        yield* CircuitBreaker.isolate(key, "maintenance")
        yield* Effect.yieldNow
      }
      expect((yield* seen).map(({ generation }) => generation)).toEqual(
        Array.from({ length: 5_000 }, (_, at) => at + 1)
      )
      yield* Fiber.join(first)
      const rest = yield* lazy
      expect(rest.length).toBe(1_024)
      expect(rest.at(-1)).toMatchObject({ generation: 5_000 })
    })
  )

  it.live("keeps no more than 1 024 events", () =>
    Effect.gen(function* () {
      yield* Effect.forkChild(
        Effect.flatMap(Stream.toPull(HealthScore.changes), (pull) => Effect.andThen(pull, Effect.never))
      )
      yield* settled
      yield* Effect.repeat(HealthScore.observe(key, Outcome.failure()), { times: 2_000 })
      const before = yield* heapMegabytes
      yield* Effect.repeat(HealthScore.observe(key, Outcome.failure()), { times: 50_000 })
      expect((yield* heapMegabytes) - before).toBeLessThan(3)
    }).pipe(Effect.provide(HealthScore.layer()))
  )
})

describe("a flood of outside evidence", () => {
  it.live("of 100,000 outcomes from 100 fibers at once keeps the score in bounds, and nothing else", () =>
    Effect.gen(function* () {
      const before = yield* heapMegabytes
      const fibers = yield* all(100, (index) =>
        Effect.repeat(HealthScore.observe(key, index % 3 === 0 ? Outcome.success : Outcome.failure()), { times: 999 })
      )
      yield* Fiber.joinAll(fibers)
      const { score, strain } = yield* HealthScore.get(key)
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(1)
      expect(strain).toBeGreaterThan(0.5)
      expect((yield* HealthScore.explain(key)).moves.length).toBe(5)
      expect((yield* heapMegabytes) - before).toBeLessThan(3)
    }).pipe(Effect.provide(HealthScore.layer()))
  )

  it.live("opens the circuit once and stops no call of another key", () =>
    Effect.gen(function* () {
      const flood = yield* all(50, () => Effect.repeat(HealthScore.observe(key, Outcome.failure()), { times: 999 }))
      expect(yield* Truce.protect(answering, { key: "other", classify })).toBe("hello")
      yield* Fiber.joinAll(flood)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", generation: 1, openings: 1 })
    }).pipe(Effect.provide(steady({ circuit: { openFor: "1 hour", maxOpenFor: "1 hour" } })))
  )
})
