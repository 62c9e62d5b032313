import { Circuit, CircuitPolicy, Fleet, HealthModel, Describe } from "@truce/core"
import { describe, expect, it } from "vitest"
import { fresh } from "./histories.ts"

describe("a length of time", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [999.5, "1 s"],
    [1_250, "1.3 s"],
    [59_949, "59.9 s"],
    [59_950, "1m"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [90_061_000, "1d 1h 1m 1s"],
    [Infinity, "for ever"]
  ])("of %d ms is %s", (millis, text) => {
    expect(Describe.spoken(millis)).toBe(text)
  })
})

describe("the cause of a circuit that follows its fleet", () => {
  const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()), { witnesses: 1 })
  const failed = {
    generation: undefined,
    success: 0,
    failure: 9,
    raw: 9,
    attempts: 9,
    retryAfterMillis: 0,
    opens: false
  }
  const opened = Fleet.merge(policy, Fleet.empty(policy, 42, 0), { ...failed, process: "a" }, 0)
  const of = (shared: typeof opened, now: number) => {
    const [circuit] = Fleet.follow(policy, Circuit.make(policy, 7), Fleet.unlinked, shared, 0)
    return Describe.cause(Circuit.view(policy, circuit, now), { transitions: [], isOfFleet: true }, now)
  }

  it("is the fleet, and not a score that no outcome moved here", () => {
    expect(of(opened, 100)).toBe("open for 100 ms, because the fleet opened it")
  })

  it("is a probe of somebody", () => {
    const [probing] = Fleet.lease(policy, opened, 1_000)
    expect(of(probing, 1_200)).toBe("half-open for 200 ms: 1 of 1 probe out in the fleet, score 0.000")
  })
})

describe("the cause of a circuit in slow start", () => {
  it("is the share it admits and when it admits all, whether or not its transitions are known", () => {
    const policy = CircuitPolicy.make(HealthModel.ledger(), { slowStart: true })
    const circuit = fresh(policy)
    for (const transitions of [[], [closed]]) {
      const { since } = circuit.state
      expect(Describe.cause(Circuit.view(policy, circuit, since + 3_500), { transitions }, since + 3_500)).toBe(
        "closed for 3.5 s, in slow start: admits 35 % of the attempts, and all in 6.5 s"
      )
    }
  })

  const closed: Circuit.Transition = {
    from: "HalfOpen",
    to: "Closed",
    mode: "Automatic",
    reason: "",
    at: 1_000,
    generation: 3,
    score: 0.8,
    openings: 1,
    until: undefined
  }
})
