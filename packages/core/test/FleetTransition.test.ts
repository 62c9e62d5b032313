import { Circuit, CircuitPolicy, Fleet, HealthModel } from "@truce/core"
import { describe, expect, it } from "vitest"
import { attempt, failure } from "./support.ts"

const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()), { witnesses: 1 })
const failed = { generation: undefined, success: 0, failure: 9, raw: 9, attempts: 9, retryAfterMillis: 0, opens: false }
const shared = Fleet.merge(policy, Fleet.empty(policy, 42, 0), { ...failed, process: "a" }, 0)
const closed = Circuit.make(policy, 7)
let opened = closed
while (opened.state._tag === "Closed") opened = attempt(policy, opened, failure, 0)

describe("the transition of a process that follows", () => {
  it("is there where its circuit was in another state", () => {
    const [next] = Fleet.follow(policy, closed, Fleet.unlinked, shared, 0)
    expect(Circuit.transition(policy, closed, next)).toMatchObject({ from: "Closed", to: "Open", reason: "" })
  })

  it("is none where its circuit had opened by itself: nobody changed it by hand", () => {
    const [next] = Fleet.follow(policy, opened, Fleet.unlinked, shared, 0)
    expect(next.generation).not.toBe(opened.generation)
    expect(Circuit.transition(policy, opened, next)).toBeUndefined()
  })

  it("is there where an operator resets what is closed", () => {
    const reset = Circuit.reset(policy, closed, "", 0)
    expect(Circuit.transition(policy, closed, reset)).toMatchObject({ from: "Closed", to: "Closed" })
  })
})
