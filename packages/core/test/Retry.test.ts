import { Outcome, Retry, RetryBudget } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { failure, timeout } from "./support.ts"

const budget = RetryBudget.saturation()
const policy = Retry.make({ backoff: { jitter: "none" }, deadlineMillis: 1_000 })
const call = { failed: 1, outcome: Outcome.failure(), elapsedMillis: 10, previousMillis: 0 }
const decide = (changes: Partial<typeof call>, tokens = 10, rules = policy) =>
  Retry.decide(rules, budget, { tokens, at: 0 }, { ...call, ...changes }, 0, 0.5)
const after = (retryAfterMillis: number) => Outcome.failure({ retryAfterMillis })

describe("Retry", () => {
  it("makes 3 attempts without a deadline and waits for a Retry-After of up to 5 s by default", () => {
    expect(Retry.make()).toMatchObject({ attempts: 3, deadlineMillis: Infinity, maxRetryAfterMillis: 5_000 })
  })

  describe("decides", () => {
    it.each([
      ["the first retry", { failed: 1 }, 100],
      ["the second retry", { failed: 2 }, 200],
      ["a longer wish of the dependency", { outcome: after(700) }, 700],
      ["a shorter wish", { outcome: after(30) }, 100],
      ["a retry that just meets the deadline", { elapsedMillis: 900 }, 100]
    ])("to wait before %s", (_, changes, delayMillis) => {
      expect(decide(changes)).toEqual({ _tag: "RetryAfter", delayMillis, tokens: { tokens: 9, at: 0 }, cost: 1 })
    })

    it.each([
      ["its attempts are used up", { failed: 3 }, 10, "attempts"],
      ["its attempts are used up and the budget too", { failed: 3 }, 0, "attempts"],
      ["the delay would end after the deadline", { elapsedMillis: 901 }, 10, "deadline"],
      ["the deadline is over", { elapsedMillis: 5_000 }, 10, "deadline"],
      ["the wish is past the deadline", { outcome: after(991) }, 10, "deadline"],
      ["the budget cannot afford it", {}, 0.5, "budget"]
    ] as const)("to give up when %s", (_, changes, tokens, reason) => {
      expect(decide(changes, tokens)).toEqual({ _tag: "GiveUp", reason })
    })

    it("to give up on a wish longer than is waited for, whatever the deadline", () => {
      const patient = Retry.make({ maxRetryAfterMillis: 5_000 })
      expect(decide({ outcome: after(5_000) }, 10, patient)).toMatchObject({ _tag: "RetryAfter", delayMillis: 5_000 })
      expect(decide({ outcome: after(5_001) }, 10, patient)).toEqual({ _tag: "GiveUp", reason: "deadline" })
    })

    it("one attempt and no retry for a policy of one", () => {
      expect(decide({}, 10, Retry.make({ attempts: 1 }))).toEqual({ _tag: "GiveUp", reason: "attempts" })
    })

    it("by the previous delay where the jitter is decorrelated", () => {
      const rules = Retry.make({ attempts: 9, backoff: { jitter: "decorrelated" } })
      expect(decide({ failed: 4, previousMillis: 400 }, 10, rules)).toMatchObject({ delayMillis: 650 })
    })
  })

  describe("waits", () => {
    const limits = { deadlineMillis: 1_000, maxRetryAfterMillis: 600 }
    it.each([
      [100, undefined, 0, 100],
      [100, 0, 0, 100],
      [100, 300, 0, 300],
      [300, 100, 0, 300],
      [100, 600, 0, 600],
      [100, 601, 0, undefined],
      [100, undefined, 900, 100],
      [100, undefined, 900.5, undefined],
      [100, 500, 600, undefined]
    ])(
      "for a backoff of %d and a wish of %s at %d ms: %s",
      (backoffMillis, retryAfterMillis, elapsedMillis, expected) => {
        expect(Retry.wait(limits, { backoffMillis, retryAfterMillis, elapsedMillis })).toBe(expected)
      }
    )

    it("without end where there is no deadline", () => {
      const forever = { deadlineMillis: Infinity, maxRetryAfterMillis: 1e9 }
      expect(Retry.wait(forever, { backoffMillis: 1e12, retryAfterMillis: undefined, elapsedMillis: 1e12 })).toBe(1e12)
    })
  })

  it("never makes more attempts than allowed, nor starts one after the deadline, nor takes tokens for a stop", () => {
    const rules = fc.record({
      attempts: fc.integer({ min: 1, max: 8 }),
      deadlineMillis: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 5_000 })),
      maxRetryAfterMillis: fc.nat({ max: 2_000 })
    })
    const outcomes = fc.array(
      fc.record({
        millis: fc.nat({ max: 500 }),
        outcome: fc.oneof(fc.constant(failure), fc.constant(timeout), fc.nat({ max: 3_000 }).map(after)),
        u: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
      }),
      { minLength: 10, maxLength: 10 }
    )
    fc.assert(
      fc.property(rules, outcomes, fc.double({ min: 0, max: 4, noNaN: true }), (options, found, tokens) => {
        const chosen = Retry.make(options)
        let left: RetryBudget.Tokens = { tokens, at: 0 }
        let now = 0
        let previousMillis = 0
        for (const [index, { millis, outcome, u }] of found.entries()) {
          expect(now).toBeLessThanOrEqual(chosen.deadlineMillis)
          expect(index).toBeLessThan(chosen.attempts)
          now += millis
          const decision = Retry.decide(
            chosen,
            budget,
            left,
            { failed: index + 1, outcome, elapsedMillis: now, previousMillis },
            now,
            u
          )
          if (decision._tag === "GiveUp") break
          expect(decision.tokens.tokens).toBeCloseTo(left.tokens - decision.cost, 9)
          expect(decision.delayMillis).toBeGreaterThanOrEqual(outcome.retryAfterMillis ?? 0)
          left = budget.settle(decision.tokens, { cost: decision.cost, retry: true, outcome }, now)
          previousMillis = decision.delayMillis
          now += decision.delayMillis
        }
      }),
      { numRuns: 500 }
    )
  })
})
