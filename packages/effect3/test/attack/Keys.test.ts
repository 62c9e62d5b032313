import { it } from "@effect/vitest"
import { CircuitBreaker, HealthScore, Outcome, Truce } from "@truce/effect3"
import { Effect, Layer } from "effect"
import { describe, expect } from "vitest"
import { answering, classify, failing, on, statusOf, steady } from "../support.ts"
import { execute, heapMegabytes, opening } from "./support.ts"

const breaker = (options: HealthScore.Options) =>
  CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer(options)))

const isOpen = ({ status }: CircuitBreaker.State) => status === "Open"

describe("200,000 keys", () => {
  it.live(
    "take no more memory than maxKeys of them, and the open ones stay",
    () =>
      Effect.gen(function* () {
        const open = Array.from({ length: 100 }, (_, index) => `open-${index}`)
        for (const of of open) yield* opening(of)
        for (let index = 0; index < 2_000; index++) yield* HealthScore.record(`first-${index}`, Outcome.failure())
        const before = yield* heapMegabytes
        // Only what fails makes a key spend a transaction: one in ten.
        for (let index = 0; index < 200_000; index++) {
          yield* execute(index % 10 === 0 ? failing : answering, `key-${index}`)
        }
        // A key that stayed would take a hundred bytes at least.
        expect((yield* heapMegabytes) - before).toBeLessThan(5)
        const states = yield* CircuitBreaker.states
        expect(states.length).toBeLessThanOrEqual(1_000)
        expect(states.filter(isOpen).map(({ key }) => key)).toEqual(open)
      }).pipe(Effect.provide(breaker({ maxKeys: 1_000 }))),
    60_000
  )

  it.live("of calls that need retries leave nothing in the budget either", () =>
    Effect.gen(function* () {
      const retry = { attempts: 2, base: "0 millis", whenOpen: "wait", deadline: "1 hour" } as const
      // Side by side: a retry without a delay is a timer of the machine all the same.
      const round = Effect.forEach(
        Array.from({ length: 4_000 }).keys(),
        (index) => Effect.exit(Truce.protect(failing, { key: `key-${index}`, classify, retry })),
        { concurrency: 100, discard: true }
      )
      yield* round
      const before = yield* heapMegabytes
      yield* round
      yield* round
      expect((yield* heapMegabytes) - before).toBeLessThan(1.5)
      expect((yield* CircuitBreaker.states).length).toBeLessThanOrEqual(100)
    }).pipe(Effect.provide(steady({ maxKeys: 100 })))
  )

  on(() => breaker({ maxKeys: 50 }))("of which most stay open are as many as that, and few more", () =>
    Effect.gen(function* () {
      for (let index = 0; index < 200; index++) yield* opening(`open-${index}`)
      for (let index = 0; index < 5_000; index++) yield* execute(failing, `key-${index}`)
      const states = yield* CircuitBreaker.states
      expect(states.filter(isOpen).length).toBe(200)
      expect(states.length).toBeLessThan(300)
    })
  )

  on(() => breaker({ maxKeys: 1 }))("are one at a time where one may be kept", () =>
    Effect.gen(function* () {
      for (let index = 0; index < 100; index++) yield* execute(failing, `key-${index}`)
      expect((yield* CircuitBreaker.states).length).toBeLessThanOrEqual(2)
    })
  )
})

describe("a key", () => {
  const names = [
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    " ",
    "\u0000",
    "a + b",
    "💥",
    "k".repeat(100_000)
  ]

  for (const name of names) {
    on(() => steady())(`may be called ${JSON.stringify(name.slice(0, 20))}`, () =>
      Effect.gen(function* () {
        expect(yield* CircuitBreaker.state(name)).toMatchObject({ key: name, status: "Closed", score: 1 })
        yield* opening(name)
        expect(yield* statusOf(name)).toBe("Open")
        expect(yield* statusOf("other")).toBe("Closed")
        const stored = JSON.stringify(yield* CircuitBreaker.snapshot)
        yield* CircuitBreaker.reset(name, "again")
        const retry = { attempts: 2, base: "0 millis" } as const
        const error = yield* Effect.flip(Truce.protect(failing, { key: name, classify, retry }))
        expect(error).toMatchObject({ _tag: "RetryExhausted", key: name })
        yield* CircuitBreaker.restore(JSON.parse(stored))
        expect(yield* statusOf(name)).toBe("Open")
        const all = CircuitBreaker.executeAll(answering, { keys: ["other", name], classify })
        expect(yield* Effect.flip(all)).toMatchObject({ _tag: "CircuitOpen", key: name })
        expect((yield* HealthScore.explain(name)).key).toBe(name)
      })
    )
  }
})
