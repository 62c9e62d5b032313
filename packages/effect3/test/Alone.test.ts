import { Outcome } from "@truce/core"
import { CircuitBreaker, HealthScore, RetryBudget, RetryPolicy } from "@truce/effect3"
import { Effect, Fiber, Layer, Option, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, classify, failing, key, on, scripted, statusOf, trip } from "./support.ts"

describe("each of breaker, retry, score runs alone in a test", () => {
  on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provide(HealthScore.layer())))(
    "the breaker, with no retry: it opens, rejects, probes and closes",
    () =>
      Effect.gen(function* () {
        yield* trip()
        expect((yield* Effect.flip(CircuitBreaker.execute(answering, { key, classify })))._tag).toBe("CircuitOpen")
        yield* TestClock.adjust("500 millis")
        yield* Effect.repeatN(CircuitBreaker.execute(answering, { key, classify }), 1)
        expect(yield* statusOf()).toBe("Closed")
      })
  )

  on(() => RetryPolicy.layer({ jitter: "none" }))(
    "the retry, with no breaker and no budget: it waits and gives up",
    () =>
      Effect.gen(function* () {
        const { effect, runs } = scripted(failing)
        const fiber = yield* Effect.fork(Effect.flip(RetryPolicy.retry(effect, { key, classify })))
        yield* TestClock.adjust("300 millis")
        expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "attempts" })
        expect(runs()).toBe(3)
      })
  )

  on(() => HealthScore.layer())("the score, with no breaker: it is moved and explained", () =>
    Effect.gen(function* () {
      yield* HealthScore.record(key, Outcome.failure())
      expect((yield* HealthScore.explain(key)).moves).toMatchObject([{ before: 1, after: 0.8 }])
    })
  )

  on(() => RetryBudget.layer())("the budget, with neither: it is spent and earned", () =>
    Effect.gen(function* () {
      expect(yield* RetryBudget.withdraw(key, Outcome.failure())).toEqual(Option.some(1))
      yield* RetryBudget.settle(key, { cost: 1, retry: true, outcome: Outcome.success })
      expect(yield* RetryBudget.tokens(key)).toBe(10)
    })
  )
})
