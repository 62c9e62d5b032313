import { Circuit, CircuitPolicy, HealthModel, Story } from "@truce/core"
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
    expect(Story.spoken(millis)).toBe(text)
  })
})

describe("the cause of a circuit in slow start", () => {
  it("is the share it admits and when it admits all, whether or not its transitions are known", () => {
    const policy = CircuitPolicy.make(HealthModel.ledger(), { slowStart: true })
    const circuit = fresh(policy)
    for (const transitions of [[], [closed]]) {
      const { since } = circuit.state
      expect(Story.cause(Circuit.view(policy, circuit, since + 3_500), transitions, since + 3_500)).toBe(
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
