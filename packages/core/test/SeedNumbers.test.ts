import { Call, CallPolicy, Caller, Circuit, CircuitPolicy, HealthModel, RetryBudget } from "@truce/core"
import { describe, expect, it } from "vitest"
import { admit, failure, fixedLedger } from "./support.ts"

/** One sequential caller against a dependency that fails at once: 3 attempts, 1 s and 2 s between them. */
const means = {
  policy: CallPolicy.make({ attempts: 3, backoff: { baseMillis: 1_000, jitter: "none" } }),
  budget: RetryBudget.unlimited(),
  random: () => 0
}

/** When the circuit opens: attempts sent so far, the call and the attempt of it (from 1), and the time. */
const untilOpen = <S>(model: HealthModel.HealthModel<S>, order: "retry outside" | "fused") => {
  const policy = CircuitPolicy.make(model)
  let circuit = Circuit.make(policy, 1)
  let attempts = 0
  let now = 0
  for (let call = 1; ; call++) {
    let caller: Caller.Caller<number> = { call: Call.make(now), tokens: means.budget.init }
    let [admitted, permit] = admit(policy, circuit, now)
    for (let failed = 1; ; failed++) {
      attempts++
      const [after, next] = Caller.step(means, caller, { _tag: "Failed", attempt: failed, outcome: failure }, now)
      caller = after
      const settles = order === "retry outside" || next._tag === "Stop"
      const failedBefore = order === "fused" ? 0 : failed - 1
      circuit = settles ? Circuit.settle(policy, admitted, { permit, outcome: failure, failedBefore }, now) : admitted
      if (circuit.state._tag === "Open") return { attempts, call, attempt: failed, now }
      if (next._tag !== "Sleep") break
      now += next.delayMillis
      if (order === "retry outside") [admitted, permit] = admit(policy, circuit, now)
    }
  }
}

describe("three attempts a call, sequential", () => {
  const everyAttempt = HealthModel.ledger({
    guardMillis: 0,
    halfLifeMillis: Infinity,
    discount: 1,
    allowSelfTrip: true
  })
  it.each([
    ["threshold 5 around the retry", () => untilOpen(HealthModel.consecutive(), "fused"), 15, 5, 3, 15_000],
    ["threshold 5 inside the retry", () => untilOpen(HealthModel.consecutive(), "retry outside"), 5, 2, 2, 4_000],
    ["the ledger with n = 5", () => untilOpen(fixedLedger, "retry outside"), 8, 3, 2, 7_000],
    ["the ledger that halves no attempt", () => untilOpen(everyAttempt, "retry outside"), 5, 2, 2, 4_000],
    ["the ledger", () => untilOpen(HealthModel.ledger(), "retry outside"), 10, 4, 1, 9_000]
  ] as const)("open %s", (_, opening, attempts, call, attempt, now) => {
    expect(opening()).toEqual({ attempts, call, attempt, now })
  })
})
