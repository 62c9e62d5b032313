import { Circuit, CircuitPolicy, HealthModel, Outcome, Traffic } from "@truce/core"
import { describe, expect, it } from "vitest"
import { attempt, bears, failuresToOpen } from "./support.ts"

describe("countWindow", () => {
  it("bears one attempt less than threshold * size after healthy traffic, and size - 1 from cold", () => {
    const policy = CircuitPolicy.make(HealthModel.countWindow())
    let circuit = Circuit.make(policy, 1)
    for (let i = 0; i < 200; i++) circuit = attempt(policy, circuit, Outcome.success, 0)
    expect(failuresToOpen(policy, circuit, 0) - 1).toBe(49)
    expect(bears(HealthModel.countWindow())).toBe(99)
  })

  it("counts a weight of 0.5 as a failure and a lighter one not at all", () => {
    const model = HealthModel.countWindow({ size: 10, min: 2 })
    const observe = (weight: number) =>
      model.observe(model.init, Outcome.mass(Outcome.failure({ weight }), 0, 1, 0), Traffic.none, 0)
    expect(observe(0.5)).toMatchObject({ failures: 1, bits: { length: 1 } })
    expect(observe(0.49)).toBe(model.init)
  })

  it("does not trip before `min` attempts", () => {
    const policy = CircuitPolicy.make(HealthModel.countWindow({ size: 100, min: 7 }))
    expect(failuresToOpen(policy, Circuit.make(policy, 1), 0)).toBe(7)
  })
})
