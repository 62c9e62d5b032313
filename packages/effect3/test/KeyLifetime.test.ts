import { CircuitBreaker, HealthScore } from "@truce/effect3"
import { Effect, Fiber, Layer } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, on, settled, trip } from "./support.ts"

const keeping = (options: HealthScore.Options) =>
  on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provide(HealthScore.layer(options))))

const keys = Effect.map(CircuitBreaker.states, (states) => states.map(({ key }) => key).toSorted())

describe("maxKeys", () => {
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

  keeping({ maxKeys: 1 })("never drops one that somebody waits for", () =>
    Effect.gen(function* () {
      yield* trip("a")
      const waiting = yield* Effect.fork(CircuitBreaker.awaitClosed("a"))
      yield* settled
      yield* Effect.forEach(["b", "c"], (one) => attempt(answering, one))
      yield* CircuitBreaker.reset("a", "fixed")
      yield* Fiber.join(waiting)
    })
  )
})
