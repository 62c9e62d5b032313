import { it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, RetryBudget, Truce } from "@truce/effect3"
import { Effect, Fiber, Schedule } from "effect"
import { describe, expect } from "vitest"
import { hasEnded } from "../platform/Fibers.ts"
import { answering, classify, failing, key, on, settled, statusOf, steady } from "../support.ts"
import { all, dependency, ending, exits, heapMegabytes, opening, tally } from "./support.ts"

const tolerant = HealthModel.ledger({ minFailures: 1e9, guardMillis: 0 })
const lavish = { model: tolerant, budget: RetryBudget.unlimited() }

describe("4,000 calls asleep in backoff", () => {
  it.live(
    "wake when the circuit opens, all end with reason circuit-open, and leave neither memory nor permits behind",
    () =>
      Effect.gen(function* () {
        const { effect, seen } = dependency(failing)
        const retry = { base: "1 hour", cap: "1 hour" } as const
        const round = Effect.fn(function* (calls: number) {
          const fibers = yield* all(calls, () => Truce.protect(effect, { key, classify, retry }))
          yield* settled
          expect(seen.now).toBe(0)
          expect(fibers.some(hasEnded)).toBe(false)
          expect(yield* statusOf()).toBe("Closed")
          yield* CircuitBreaker.isolate(key, "maintenance")
          expect(tally((yield* exits(fibers)).map(ending))).toEqual({ "circuit-open": calls })
          yield* CircuitBreaker.reset(key, "again")
        })
        // What the first round compiles and caches is not of the calls.
        yield* round(1_000)
        const before = yield* heapMegabytes
        yield* round(4_000)
        expect((yield* heapMegabytes) - before).toBeLessThan(1.5)
        expect(seen).toMatchObject({ begun: 5_000, now: 0 })
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", probes: 0 })
      }).pipe(Effect.provide(steady(lavish)))
  )

  it.live("get every token back for the retries they do not send", () =>
    Effect.gen(function* () {
      const truce = yield* Truce.Truce
      const retry = { base: "1 hour", cap: "1 hour" } as const
      const fibers = yield* all(4_000, () => Truce.protect(failing, { key, classify, retry }))
      yield* settled
      expect(yield* truce.budget.tokens(key)).toBe(0)
      yield* opening()
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ "circuit-open": 2_000, budget: 2_000 })
      expect(yield* truce.budget.tokens(key)).toBe(2_000)
    }).pipe(
      Effect.provide(
        steady({
          // Who is woken after the open time would sleep on.
          circuit: { openFor: "1 hour", maxOpenFor: "1 hour" },
          model: HealthModel.countWindow({ size: 100_000, threshold: 1, min: 4_001 }),
          budget: RetryBudget.aws({ capacity: 2_000, retryCost: 1 })
        })
      )
    )
  )
})

describe("a schedule without delays and without end", () => {
  const eager = { schedule: Schedule.forever } as const

  it.live("starves nobody and can be interrupted", () =>
    Effect.gen(function* () {
      const { effect, seen } = dependency(failing)
      const fiber = yield* Effect.fork(Truce.protect(effect, { key, classify, retry: eager }))
      // Both others that yield and timers get their turn, as often as the schedule does: a starved one never ends this.
      yield* Effect.repeatN(Effect.yieldNow(), 1_000)
      yield* Effect.repeat(Effect.sleep(0), { until: () => seen.begun > 10 })
      yield* Fiber.interrupt(fiber)
      const { begun } = seen
      yield* Effect.sleep("1 millis")
      expect(seen).toMatchObject({ begun, now: 0 })
    }).pipe(Effect.provide(steady(lavish)))
  )

  it.live("ends when the circuit opens, which it does by the failures of others", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Truce.protect(failing, { key, classify, retry: eager }))
      yield* settled
      yield* opening()
      expect(ending(yield* Fiber.await(fiber))).toBe("circuit-open")
    }).pipe(Effect.provide(steady({ budget: RetryBudget.unlimited() })))
  )

  on(() => steady())("ends with the budget where there is one", () =>
    Effect.gen(function* () {
      const { effect, seen } = dependency(failing)
      const exit = yield* Effect.exit(Truce.protect(effect, { key, classify, retry: eager }))
      expect(ending(exit)).toBe("budget")
      // 10 tokens, of which a fast failure costs a tenth, down to the last that is whole.
      expect(seen.begun).toBe(92)
    })
  )

  on(() => steady())("ends with the first success", () =>
    Effect.gen(function* () {
      let attempts = 0
      const effect = Effect.suspend(() => (attempts++ < 50 ? failing : answering))
      expect(yield* Truce.protect(effect, { key, classify, retry: eager })).toBe("hello")
    })
  )
})
