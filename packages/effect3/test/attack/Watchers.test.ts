import { it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, HealthScore, Outcome, Truce } from "@truce/effect3"
import { Effect, Fiber, Stream } from "effect"
import { describe, expect } from "vitest"
import { composed } from "../platform/Composing.ts"
import { answering, classify, failing, key, on, settled, statusOf, steady, trip, watching } from "../support.ts"
import { all, by, execute, exits, heapMegabytes, hops, yielding } from "./support.ts"

describe("a watcher that never reads", () => {
  on(() => steady())("holds no call, keeps no event from the others and loses the oldest", () =>
    Effect.gen(function* () {
      const lazy = yield* Stream.toPull(CircuitBreaker.transitions)
      const first = yield* Effect.fork(lazy)
      const seen = yield* watching(CircuitBreaker.transitions)
      for (let index = 0; index < 5_000; index++) {
        yield* CircuitBreaker.isolate(key, "maintenance")
        yield* Effect.yieldNow()
      }
      expect((yield* seen).map(({ generation }) => generation)).toEqual(
        Array.from({ length: 5_000 }, (_, at) => at + 1)
      )
      yield* Fiber.join(first)
      const rest = Array.from(yield* lazy)
      expect(rest.length).toBe(1_024)
      expect(rest.at(-1)).toMatchObject({ generation: 5_000 })
    })
  )

  it.scopedLive("keeps no more than 1 024 events", () =>
    Effect.gen(function* () {
      yield* Effect.fork(
        Effect.flatMap(Stream.toPull(HealthScore.changes), (pull) => Effect.zipRight(pull, Effect.never))
      )
      yield* settled
      yield* Effect.repeatN(HealthScore.record(key, Outcome.failure()), 2_000)
      const before = yield* heapMegabytes
      yield* Effect.repeatN(HealthScore.record(key, Outcome.failure()), 50_000)
      expect((yield* heapMegabytes) - before).toBeLessThan(3)
    }).pipe(Effect.provide(HealthScore.layer()))
  )
})

describe("a flood of outside evidence", () => {
  it.live("of 100,000 outcomes from 100 fibers at once keeps the score in bounds, and nothing else", () =>
    Effect.gen(function* () {
      const before = yield* heapMegabytes
      const fibers = yield* all(100, (index) =>
        Effect.repeatN(HealthScore.record(key, index % 3 === 0 ? Outcome.success : Outcome.failure()), 999)
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
      const flood = yield* all(50, () => Effect.repeatN(HealthScore.record(key, Outcome.failure()), 999))
      expect(yield* Truce.protect(answering, { key: "other", classify })).toBe("hello")
      yield* Fiber.joinAll(flood)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", generation: 1, openings: 1 })
    }).pipe(Effect.provide(steady({ circuit: { openFor: "1 hour", maxOpenFor: "1 hour" } })))
  )
})

describe("whoever watches is told", () => {
  by(() => steady({ model: HealthModel.consecutive({ failures: 1 }) }))(
    "of an opening by a call that is interrupted between its commit and its end",
    () =>
      Effect.gen(function* () {
        const seen = yield* watching(CircuitBreaker.transitions)
        let opened = 0
        for (let round = 0; round < 600; round++) {
          const of = `key-${round}`
          yield* Effect.zipRight(execute(answering, of), composed(of))
          const fiber = yield* Effect.fork(yielding(round, 20)(execute(failing, of)))
          yield* hops(5)
          yield* Fiber.interrupt(fiber)
          const told = (yield* seen).some((transition) => transition.key === of)
          // To ask for the state is to use the key, which tells what nobody was told of.
          expect(yield* statusOf(of)).toBe(told ? "Open" : "Closed")
          if (told) opened++
        }
        expect(opened).toBeGreaterThan(50)
        expect(opened).toBeLessThan(550)
      })
  )

  by(() => steady())("of every change once and in order, where commits come in between each other", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* Effect.zipRight(execute(answering), composed(key))
      const fibers = yield* all(60, (index) =>
        yielding(
          index,
          20
        )(
          Effect.forEach(Array.from({ length: 10 }).keys(), (turn) =>
            (index + turn) % 2 === 0
              ? CircuitBreaker.isolate(key, "maintenance")
              : CircuitBreaker.reset(key, "maintenance is over")
          )
        )
      )
      yield* exits(fibers)
      const transitions = yield* seen
      expect(transitions.length).toBeGreaterThan(100)
      expect(transitions.map(({ generation }) => generation)).toEqual(transitions.map((_, at) => at + 1))
    })
  )

  by(() => steady())("of the cause before what another watcher makes of it", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* HealthScore.changes.pipe(
        Stream.filter(({ after }) => after < 0.1),
        Stream.runForEach(() => CircuitBreaker.isolate(key, "somebody looks at it")),
        Effect.forkScoped
      )
      yield* settled
      yield* Effect.repeatN(execute(failing), 9)
      expect((yield* seen).map(({ to }) => to)).toEqual(["Open", "Isolated"])
    })
  )

  by(() => steady())("after the call that made the change: it does not run those it wakes", (clock) =>
    Effect.gen(function* () {
      yield* trip()
      const order: Array<string> = []
      const waiting = Effect.zipRight(
        CircuitBreaker.awaitClosed(key),
        Effect.sync(() => order.push("waiting"))
      )
      const fibers = yield* all(3, () => waiting)
      yield* clock.advance(60_000)
      yield* execute(answering)
      yield* execute(answering)
      order.push("call")
      yield* exits(fibers)
      expect(order).toEqual(["call", "waiting", "waiting", "waiting"])
    })
  )
})
