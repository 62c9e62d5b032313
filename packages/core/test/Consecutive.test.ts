import { Circuit, CircuitPolicy, HealthModel } from "@truce/core"
import { describe, expect, it } from "vitest"
import { at, attempt, bears, failure, feed, rounded } from "./support.ts"

describe("consecutive", () => {
  it.each([
    ["FFFF", [0.8, 0.6, 0.4, 0.2]],
    ["FFSF", [0.8, 0.6, 1, 0.8]],
    ["TTT", [0.93, 0.86, 0.79]]
  ])("scores %s as %s", (events, scores) => {
    expect(rounded(feed(HealthModel.consecutive(), at(0, events)).scores)).toEqual(scores)
  })

  it.each([1, 2, 5, 20])("of %d bears one failed attempt less of one call", (failures) => {
    expect(bears(HealthModel.consecutive({ failures }))).toBe(failures - 1)
  })

  it("counts failures at full weight within a call", () => {
    const policy = CircuitPolicy.make(HealthModel.consecutive())
    let circuit = Circuit.make(policy, 1)
    for (let failed = 0; failed < 5; failed++) circuit = attempt(policy, circuit, failure, 0, failed)
    expect(circuit.state._tag).toBe("Open")
  })
})
