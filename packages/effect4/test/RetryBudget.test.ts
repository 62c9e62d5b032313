import { Outcome } from "@truce/core"
import { RetryBudget, Truce } from "@truce/effect4"
import { Effect, Option, Schedule, TxRef } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { type ApiError, Throttled, classify, failing, key, on, scripted, steady } from "./support.ts"

const timeout = Outcome.failure({ saturated: true })
const error = Outcome.failure()
const throttled = Outcome.failure({ weight: Outcome.throttleWeight, saturated: true })

/** Two retries without a wait. */
const instantly = Schedule.recurs(2)

const by = (rule?: Parameters<typeof RetryBudget.layer>[0]) => on(() => RetryBudget.layer(rule))
const it = by()

describe("the default rule", () => {
  it("moves by the row of the health model", () =>
    Effect.gen(function* () {
      const steps = [
        [retry, 9],
        [settle(error, 1), 9.9],
        [retry, 8.9],
        [settle(Outcome.success, 1), 9.9],
        [retry, 8.9],
        [settle(timeout, 1), 8.9],
        [settle(Outcome.success), 9],
        [settle(timeout), 8.8],
        [settle(error), 8.8],
        [Effect.repeat(Effect.andThen(retry, settle(timeout, 1)), { times: 7 }), 0.8]
      ] as const
      for (const [step, tokens] of steps) {
        yield* step
        expect(yield* RetryBudget.tokens(key)).toBeCloseTo(tokens, 9)
      }
      expect(yield* retry).toEqual(Option.none())
    }))

  it("holds ten tokens for a key that has spent none, and never more", () =>
    Effect.gen(function* () {
      yield* settle(Outcome.success)
      expect(yield* RetryBudget.tokens(key)).toBe(10)
    }))

  it("never falls below none", () =>
    Effect.gen(function* () {
      yield* Effect.repeat(settle(timeout), { times: 99 })
      expect(yield* RetryBudget.tokens(key)).toBe(0)
    }))

  it("gives back what a retry cost that was not sent", () =>
    Effect.gen(function* () {
      const cost = yield* retry
      yield* RetryBudget.refund(
        key,
        Option.getOrElse(cost, () => 0)
      )
      expect(yield* RetryBudget.tokens(key)).toBe(10)
    }))

  it("keeps keys apart", () =>
    Effect.gen(function* () {
      yield* retry
      expect(yield* RetryBudget.tokens("other")).toBe(10)
    }))
})

describe("ratio", () => {
  by({ rule: RetryBudget.ratio({ ratio: 0.2, capacity: 1 }) })("affords one retry in five calls", () =>
    Effect.gen(function* () {
      expect(yield* retry).toEqual(Option.some(1))
      yield* Effect.repeat(settle(error), { times: 3 })
      expect(yield* retry).toEqual(Option.none())
      yield* settle(error)
      expect(yield* retry).toEqual(Option.some(1))
    })
  )

  by({ rule: RetryBudget.ratio({ ratio: 0, perSecond: 0.5, capacity: 1 }) })("refills with time", () =>
    Effect.gen(function* () {
      yield* retry
      yield* TestClock.adjust("1999 millis")
      expect(yield* retry).toEqual(Option.none())
      yield* TestClock.adjust("1 millis")
      expect(yield* retry).toEqual(Option.some(1))
    })
  )
})

describe("grpc", () => {
  by({ rule: RetryBudget.grpc() })("affords retries while more than half the tokens are left", () =>
    Effect.gen(function* () {
      yield* Effect.repeat(settle(error), { times: 3 })
      expect(yield* retry).toEqual(Option.some(0))
      yield* settle(error)
      expect(yield* retry).toEqual(Option.none())
      yield* settle(Outcome.success)
      expect(yield* retry).toEqual(Option.some(0))
    })
  )
})

describe("aws", () => {
  by({ rule: RetryBudget.aws() })(
    "asks 14 tokens for a retry, 5 after a throttle, and pays them back for a success",
    () =>
      Effect.gen(function* () {
        expect(yield* retry).toEqual(Option.some(14))
        expect(yield* RetryBudget.withdraw(key, throttled)).toEqual(Option.some(5))
        expect(yield* RetryBudget.tokens(key)).toBe(481)
        yield* settle(Outcome.success, 14)
        yield* settle(Outcome.success)
        expect(yield* RetryBudget.tokens(key)).toBe(496)
      })
  )
})

describe("unlimited", () => {
  by({ rule: RetryBudget.unlimited() })("affords every retry", () =>
    Effect.gen(function* () {
      yield* Effect.repeat(settle(timeout), { times: 99 })
      expect(yield* retry).toEqual(Option.some(0))
      expect(yield* RetryBudget.tokens(key)).toBe(Infinity)
    })
  )
})

describe("in a transaction", () => {
  it("is paid together with a user's own state, or not at all", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.RetryBudget
      const sent = yield* TxRef.make(0)
      const paid = Effect.andThen(
        budget.withdrawTx(key, error, 0),
        TxRef.update(sent, (n) => n + 1)
      )
      yield* Effect.tx(paid)
      yield* Effect.exit(Effect.tx(Effect.andThen(paid, Effect.fail("my own reason"))))
      expect(yield* RetryBudget.tokens(key)).toBe(9)
      expect(yield* TxRef.get(sent)).toBe(1)
    }))

  it("is seen by every later payment, and sees every earlier one", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.RetryBudget
      for (let round = 0; round < 5; round++) {
        yield* Effect.tx(budget.withdrawTx(key, error, 0))
        yield* settle(Outcome.success)
        yield* retry
      }
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(0.5, 9)
    }))
})

describe("maxKeys", () => {
  by({ maxKeys: 2 })("forgives the key that was kept longest", () =>
    Effect.gen(function* () {
      for (const one of ["a", "b", "c"]) yield* RetryBudget.withdraw(one, error)
      const tokens = yield* Effect.forEach(["a", "b", "c"], RetryBudget.tokens)
      expect(tokens).toEqual([10, 9, 9])
    })
  )
})

describe("under protect", () => {
  on(() => steady({ retry: { schedule: instantly } }))("pays a tenth for a fast failed retry", () =>
    Effect.gen(function* () {
      yield* Effect.exit(Truce.protect(failing, { key, classify }))
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(9.8, 9)
    })
  )

  on(() => steady({ retry: { schedule: instantly } }))("pays a whole token for a throttled retry", () =>
    Effect.gen(function* () {
      const { effect } = scripted<string, ApiError, never>(
        failing,
        Effect.fail(new Throttled({ after: 0 })),
        Effect.succeed("")
      )
      yield* Truce.protect(effect, { key, classify })
      expect(yield* RetryBudget.tokens(key)).toBe(9)
    })
  )

  on(() => steady({ retry: { schedule: instantly } }))("pays nothing in the end for a retry that succeeds", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, Effect.succeed(""))
      yield* Truce.protect(effect, { key, classify })
      expect(yield* RetryBudget.tokens(key)).toBe(10)
    })
  )
})

const retry = RetryBudget.withdraw(key, error)

const settle = (outcome: Outcome.Outcome, cost = 0) => RetryBudget.settle(key, { cost, retry: cost > 0, outcome })
