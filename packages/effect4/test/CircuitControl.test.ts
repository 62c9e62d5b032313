import { CircuitBreaker, CircuitOpen, HealthScore } from "@truce/effect4"
import { Deferred, Duration, Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import {
  Timeout,
  answering,
  attempt,
  classify,
  failing,
  key,
  on,
  peek,
  scoreOf,
  settled,
  statusOf,
  trip,
  watching
} from "./support.ts"

const it = on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provide(HealthScore.layer())))

describe("isolate", () => {
  it("rejects until another manual change, with an infinite retryAfter", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* TestClock.adjust("1 day")
      const error = yield* Effect.flip(CircuitBreaker.execute(answering, { key, classify }))
      expect(error).toMatchObject({ state: "Isolated", retryAfter: Duration.infinity, health: 1 })
      expect(CircuitOpen.isCircuitOpen(error) && error.message).toBe(`circuit ${key} is isolated`)
    }))

  it("keeps the operator's reason readable", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      const { mode, status } = yield* CircuitBreaker.state(key)
      expect(status).toBe("Isolated")
      expect(mode).toEqual({ _tag: "Isolated", reason: "maintenance", since: 0 })
    }))

  it("does not hear an attempt that was on its way", () =>
    Effect.gen(function* () {
      const late = yield* Deferred.make<string, Timeout>()
      const fiber = yield* Effect.forkChild(attempt(Deferred.await(late)))
      yield* settled
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* Deferred.fail(late, new Timeout())
      yield* Fiber.join(fiber)
      expect(yield* scoreOf()).toBe(1)
    }))
})

describe("disable", () => {
  it("admits everything and opens nothing, while the score goes on", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.disable(key, "incident 7")
      yield* Effect.repeat(attempt(failing), { times: 19 })
      expect(yield* statusOf()).toBe("Disabled")
      expect(yield* scoreOf()).toBe(0)
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  it("admits at once where the circuit was open", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* CircuitBreaker.disable(key, "incident 7")
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))
})

describe("observe", () => {
  it("decides and reports, and rejects nothing", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* CircuitBreaker.observe(key, "trial")
      yield* trip()
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
      expect(yield* statusOf()).toBe("Open")
      expect((yield* seen).map(({ mode, to }) => [mode, to])).toEqual([
        ["Observing", "Closed"],
        ["Observing", "Open"]
      ])
    }))

  it("does not judge what the rules would have rejected", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.observe(key, "trial")
      yield* trip()
      const before = yield* CircuitBreaker.state(key)
      yield* attempt(failing)
      expect(yield* CircuitBreaker.state(key)).toEqual(before)
    }))
})

describe("reset", () => {
  it("gives an isolated circuit back to the rules", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* CircuitBreaker.reset(key, "done")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", mode: { _tag: "Automatic" } })
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  it("closes an open circuit with a score of 1 and no memory of openings", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* CircuitBreaker.reset(key, "fixed")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1, openings: 0 })
    }))
})

describe("transitions", () => {
  it("tell of an opening, a probation, a reopening and a closing, in order", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* trip()
      yield* TestClock.adjust("500 millis")
      yield* attempt(failing)
      yield* TestClock.adjust("1 second")
      yield* Effect.repeat(attempt(answering), { times: 1 })
      expect((yield* seen).map(({ at, from, generation, to, until }) => [at, from, to, generation, until])).toEqual([
        [0, "Closed", "Open", 1, 500],
        [500, "Open", "HalfOpen", 2, undefined],
        [500, "HalfOpen", "Open", 3, 1_500],
        [1_500, "Open", "HalfOpen", 4, undefined],
        [1_500, "HalfOpen", "Closed", 5, undefined]
      ])
    }))

  it("tell of manual changes with the operator's words", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* CircuitBreaker.reset(key, "done")
      expect((yield* seen).map((one) => [one.key, one.from, one.to, one.reason])).toEqual([
        [key, "Closed", "Isolated", "maintenance"],
        [key, "Isolated", "Closed", "done"]
      ])
    }))

  it("tell every watcher of every key", () =>
    Effect.gen(function* () {
      const one = yield* watching(CircuitBreaker.transitions)
      const other = yield* watching(CircuitBreaker.transitions)
      yield* trip("a")
      yield* trip("b")
      expect((yield* one).map((transition) => transition.key)).toEqual(["a", "b"])
      expect(yield* other).toEqual(yield* one)
    }))

  it("tell nothing of attempts that change no state", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* attempt(failing)
      yield* attempt(answering)
      expect(yield* seen).toEqual([])
    }))
})

describe("awaitClosed", () => {
  it("returns at once for a closed circuit and for a key that was never seen", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.awaitClosed("new")
      yield* attempt(answering)
      yield* CircuitBreaker.awaitClosed(key)
    }))

  it("waits for the probes of others and sends none", () =>
    Effect.gen(function* () {
      yield* trip()
      const waiting = yield* Effect.forkChild(CircuitBreaker.awaitClosed(key))
      yield* TestClock.adjust("1 minute")
      expect(yield* statusOf()).toBe("Open")
      yield* attempt(answering)
      expect((yield* peek(waiting))._tag).toBe("None")
      yield* attempt(answering)
      expect((yield* peek(waiting))._tag).toBe("Some")
    }))

  it("wakes all who wait at a manual reset", () =>
    Effect.gen(function* () {
      yield* trip()
      const waiting = yield* Effect.forEach(Array.from({ length: 100 }), () =>
        Effect.forkChild(CircuitBreaker.awaitClosed(key))
      )
      yield* settled
      yield* CircuitBreaker.reset(key, "fixed")
      yield* Fiber.joinAll(waiting)
    }))

  it("wakes when a snapshot restores the circuit as closed", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      const healthy = yield* CircuitBreaker.snapshot
      yield* trip()
      const waiting = yield* Effect.forkChild(CircuitBreaker.awaitClosed(key))
      yield* settled
      yield* CircuitBreaker.restore(healthy)
      expect((yield* peek(waiting))._tag).toBe("Some")
    }))
})
