import { CircuitBreaker, HealthScore } from "@truce/effect4"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { answering, attempt, failing, on, scoreOf, settled, statusOf, trip } from "./support.ts"

const keeping = (options: HealthScore.Options) =>
  on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provide(HealthScore.layer(options))))

const keys = Effect.map(CircuitBreaker.states, (states) => states.map(({ key }) => key).toSorted())

describe("ttl", () => {
  keeping({ ttl: "1 minute" })("drops a key that was idle for as long, when another is added", () =>
    Effect.gen(function* () {
      yield* attempt(failing, "a")
      yield* TestClock.adjust("62 seconds")
      expect(yield* keys).toEqual(["a"])
      yield* attempt(failing, "b")
      expect(yield* keys).toEqual(["b"])
      expect(yield* scoreOf("a")).toBe(1)
    })
  )

  keeping({ ttl: "1 minute" })("keeps a key that is in use", () =>
    Effect.gen(function* () {
      yield* attempt(failing, "a")
      yield* TestClock.adjust("50 seconds")
      yield* attempt(answering, "a")
      yield* TestClock.adjust("50 seconds")
      yield* attempt(failing, "b")
      expect(yield* keys).toEqual(["a", "b"])
    })
  )

  keeping({ ttl: "1 minute" })("never drops a circuit in its open time", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.register("a", { openFor: "1 hour", maxOpenFor: "1 hour" })
      yield* trip("a")
      yield* TestClock.adjust("30 minutes")
      yield* attempt(failing, "b")
      expect(yield* statusOf("a")).toBe("Open")
    })
  )

  keeping({ ttl: "1 minute" })("never drops an open circuit while there is room, however long nobody asks for it", () =>
    Effect.gen(function* () {
      yield* trip("a")
      yield* TestClock.adjust("1 day")
      yield* attempt(failing, "b")
      expect(yield* statusOf("a")).toBe("Open")
    })
  )

  keeping({ ttl: "1 minute" })("never drops one with a probe in flight", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.register("a", { lease: "1 hour" })
      yield* trip("a")
      yield* TestClock.adjust("500 millis")
      const probe = yield* Effect.forkChild(attempt(Effect.never, "a"))
      yield* TestClock.adjust("30 minutes")
      yield* attempt(failing, "b")
      expect(yield* keys).toEqual(["a", "b"])
      yield* Fiber.interrupt(probe)
    })
  )

  keeping({ ttl: "1 minute" })("never drops one that an operator has set", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate("a", "maintenance")
      yield* TestClock.adjust("1 day")
      yield* attempt(failing, "b")
      expect(yield* statusOf("a")).toBe("Isolated")
    })
  )
})

describe("maxKeys", () => {
  keeping({ maxKeys: 1 })("holds for one key", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(["a", "b", "c", "d"], (one) => attempt(answering, one))
      expect(yield* keys).toEqual(["d"])
    })
  )

  keeping({ maxKeys: 3 })("drops the key that was idle longest", () =>
    Effect.gen(function* () {
      for (const one of ["a", "b", "c", "a", "d"]) {
        yield* attempt(answering, one)
        yield* TestClock.adjust("2 seconds")
      }
      expect(yield* keys).toEqual(["a", "c", "d"])
    })
  )

  keeping({ maxKeys: 100 })("holds for ten thousand", () =>
    Effect.gen(function* () {
      for (let i = 0; i < 10_000; i++) yield* attempt(answering, `key-${i}`)
      expect((yield* keys).length).toBe(100)
    })
  )

  keeping({ maxKeys: 2 })("gives way to circuits that are open, and holds again when they are closed", () =>
    Effect.gen(function* () {
      const opened = Array.from({ length: 20 }, (_, i) => `open-${i}`)
      yield* Effect.forEach(opened, trip)
      expect(yield* keys).toEqual(opened.toSorted())
      yield* Effect.forEach(opened, (one) => CircuitBreaker.reset(one, "fixed"))
      yield* Effect.forEach(Array.from({ length: 40 }), (_, i) => attempt(answering, `new-${i}`))
      expect((yield* keys).length).toBe(2)
    })
  )

  keeping({ maxKeys: 2, ttl: "1 minute" })(
    "drops an open circuit that nobody asked for since its open time, a ttl ago",
    () =>
      Effect.gen(function* () {
        yield* trip("a")
        yield* trip("b")
        yield* TestClock.adjust("55 seconds")
        yield* attempt(answering, "c")
        expect(yield* keys).toEqual(["a", "b", "c"])
        yield* TestClock.adjust("10 seconds")
        yield* attempt(answering, "d")
        expect(yield* keys).toEqual(["c", "d"])
      })
  )

  keeping({ maxKeys: 1 })("never drops one that somebody waits for", () =>
    Effect.gen(function* () {
      yield* trip("a")
      const waiting = yield* Effect.forkChild(CircuitBreaker.awaitClosed("a"))
      yield* settled
      yield* Effect.forEach(["b", "c"], (one) => attempt(answering, one))
      yield* CircuitBreaker.reset("a", "fixed")
      yield* Fiber.join(waiting)
    })
  )
})
