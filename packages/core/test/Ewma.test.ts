import { Circuit, CircuitPolicy, HealthModel, Outcome, Traffic } from "@truce/core"
import { describe, expect, it } from "vitest"
import { attempt, failure, feed } from "./support.ts"

describe("ewma", () => {
  it("bears, after a healthy stream, failures for window * ln(1 / threshold)", () => {
    const policy = CircuitPolicy.make(HealthModel.ewma())
    let circuit = Circuit.make(policy, 1)
    let now = 0
    for (; now < 60_000; now += 100) circuit = attempt(policy, circuit, Outcome.success, now)
    const start = now - 100
    for (; circuit.state._tag === "Closed"; now += 100) circuit = attempt(policy, circuit, failure, now)
    expect(now - 100 - start).toBe(Math.ceil((30_000 * Math.log(1 / 0.8)) / 100) * 100)
  })

  it("does not trip before `min` attempts", () => {
    const model = HealthModel.ewma({ min: 3 })
    const { state } = feed(model, [
      ["F", 0],
      ["F", 1_000]
    ])
    expect(model.score(state, 1_000)).toBe(0)
    expect(model.trips(state, 1_000)).toBe(false)
    expect(model.trips(model.observe(state, { failure: 1, success: 0, raw: 1 }, Traffic.none, 2_000), 2_000)).toBe(true)
  })

  it("ignores the order of the clock: an earlier time counts as the same instant", () => {
    const model = HealthModel.ewma()
    const { state } = feed(model, [
      ["S", 5_000],
      ["F", 1_000]
    ])
    expect(state).toEqual({ mean: 1, seen: 2, at: 5_000 })
  })
})
