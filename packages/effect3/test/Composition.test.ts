import { CircuitBreaker, HealthModel, RetryBudget, RetryPolicy, Truce } from "@truce/effect3"
import { Effect, Fiber, Layer, Schedule, TestClock } from "effect"
import { describe, expect } from "vitest"
import { type ApiError, classify, failing, key, on, settled, statusOf, steady } from "./support.ts"

// One caller, one call after the other, against a dependency that fails at once: 3 attempts, 1 s and 2 s between them. No wait
// after the last attempt. Exact numbers: what each order absorbs until its circuit opens.

const retry: RetryPolicy.Options = { base: "1 second", jitter: "none" }
const schedule = Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(2))

const layer = (model: HealthModel.HealthModel) => steady({ model, retry, budget: RetryBudget.unlimited() })

describe("three attempts a call, until the circuit opens", () => {
  on(() => layer(HealthModel.consecutive({ failures: 5 })))(
    "absorb 15 where the breaker is around the retry: threshold 5 is a lie",
    () =>
      Effect.gen(function* () {
        const fused = (self: Effect.Effect<string, ApiError>) =>
          self.pipe(Effect.retry({ schedule, while: classify.isRetriable }), CircuitBreaker.execute({ key, classify }))
        expect(yield* untilOpen(fused)).toEqual({ attempts: 15, call: 5, attempt: 3, at: 15_000 })
      })
  )

  on(() => layer(HealthModel.consecutive({ failures: 5 })))(
    "absorb 5 where a plain retry is around the breaker: the second call trips itself",
    () =>
      Effect.gen(function* () {
        const outside = (self: Effect.Effect<string, ApiError>) =>
          self.pipe(CircuitBreaker.execute({ key, classify }), Effect.retry({ schedule, while: classify.isRetriable }))
        expect(yield* untilOpen(outside)).toEqual({ attempts: 5, call: 2, attempt: 2, at: 4_000 })
      })
  )

  on(() => layer(HealthModel.ledger()))("absorb 10 with Truce.call around a plain retry around the breaker", () =>
    Effect.gen(function* () {
      const byHand = (self: Effect.Effect<string, ApiError>) =>
        self.pipe(
          CircuitBreaker.execute({ key, classify }),
          Effect.retry({ schedule, while: classify.isRetriable }),
          Truce.call
        )
      expect(yield* untilOpen(byHand)).toEqual({ attempts: 10, call: 4, attempt: 1, at: 9_000 })
    })
  )

  on(() => layer(HealthModel.ledger()))("absorb 10 with RetryPolicy.retry around the breaker", () =>
    Effect.gen(function* () {
      const composed = (self: Effect.Effect<string, ApiError>) =>
        self.pipe(CircuitBreaker.execute({ key, classify }), RetryPolicy.retry({ key, classify }))
      expect(yield* untilOpen(composed)).toEqual({ attempts: 10, call: 4, attempt: 1, at: 9_000 })
    })
  )
})

describe("one call alone never opens a healthy circuit", () => {
  on(() => Layer.merge(steady(), RetryPolicy.layer({ attempts: 30, jitter: "none" })))(
    "with 30 attempts of a plain retry in Truce.call",
    () =>
      Effect.gen(function* () {
        const call = failing.pipe(
          CircuitBreaker.execute({ key, classify }),
          Effect.retry({ schedule: Schedule.recurs(29), while: classify.isRetriable }),
          Truce.call
        )
        yield* Effect.exit(call)
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed" })
      })
  )
})

/** Calls one after the other until the circuit opens: attempts sent, the call and the attempt of it (from 1), and the time. */
const untilOpen = <E, R>(around: (self: Effect.Effect<string, ApiError>) => Effect.Effect<string, E, R>) =>
  Effect.gen(function* () {
    let attempts = 0
    let call = 0
    let attempt = 0
    const sent = Effect.zipRight(
      Effect.sync(() => {
        attempts++
        attempt++
      }),
      failing
    )
    const guarded = around(sent)
    const calls = Effect.repeat(
      Effect.suspend(() => {
        call++
        attempt = 0
        return Effect.exit(guarded)
      }),
      { while: () => Effect.map(statusOf(), (status) => status === "Closed") }
    )
    const caller = yield* Effect.fork(calls)
    for (let at = 0; ; at += 1_000) {
      yield* settled
      yield* settled
      if ((yield* statusOf()) === "Open") {
        yield* Fiber.interrupt(caller)
        return { attempts, call, attempt, at }
      }
      yield* TestClock.adjust("1 second")
    }
  })
