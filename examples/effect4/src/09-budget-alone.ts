// The retry budget alone, around a retry loop of your own.
import assert from "node:assert/strict"
import { Outcome, RetryBudget } from "@truce/effect4"
import { Effect, Option } from "effect"

const timeout = Outcome.failure({ saturated: true })
const fastError = Outcome.failure()

/** Retries until the budget denies one; how many were sent. */
const retriesOf = Effect.fnUntraced(function* (key: string, found: Outcome.Outcome) {
  let sent = 0
  while (sent < 50) {
    const cost = yield* RetryBudget.withdraw(key, found)
    if (Option.isNone(cost)) break
    sent++
    yield* RetryBudget.settle(key, { cost: cost.value, retry: true, outcome: found })
  }
  return sent
})

const program = Effect.gen(function* () {
  const timeouts = yield* retriesOf("times-out", timeout)
  const errors = yield* retriesOf("fails-fast", fastError)
  // A retry that was paid for and not sent is given back.
  const paid = yield* RetryBudget.withdraw("fails-fast", fastError)
  yield* Option.match(paid, { onNone: () => Effect.void, onSome: (cost) => RetryBudget.refund("fails-fast", cost) })
  return { timeouts, errors, left: yield* RetryBudget.tokens("fails-fast") }
})

const { errors, left, timeouts } = await Effect.runPromise(Effect.provide(program, RetryBudget.layer()))
console.log(`${timeouts} retries that time out, ${errors} that fail fast with ${left.toFixed(1)} tokens left`)

assert.equal(timeouts, 10)
assert.equal(errors, 50)
assert.equal(left.toFixed(1), "5.0")

// A plain share of the calls prices both alike.
const share = Effect.gen(function* () {
  const budget = yield* RetryBudget.make({ rule: RetryBudget.ratio({ ratio: 0.2, capacity: 2 }) })
  const denied = yield* Effect.repeat(budget.withdraw("users-api", fastError), { until: Option.isNone, times: 9 })
  for (let call = 0; call < 5; call++) {
    yield* budget.settle("users-api", { cost: 0, retry: false, outcome: Outcome.success }, 0)
  }
  return [Option.isNone(denied), yield* budget.tokens("users-api")]
})
const [denied, earned] = await Effect.runPromise(share)
console.log(`five calls earn ${String(earned)} retry`)
assert.deepEqual([denied, Number(earned).toFixed(6)], [true, "1.000000"])
