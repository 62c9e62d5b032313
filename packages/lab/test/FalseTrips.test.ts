import { HealthModel } from "@truce/core"
import { describe, expect, it } from "vitest"
import { exact, measured, walks } from "../src/FalseTrips.ts"

/** Six digits, as the figures are given. */
const digits = (value: number): number => Number(value.toPrecision(6))

describe("the mean number of attempts to a trip", () => {
  it.each([
    ["consecutive 5", 0.05, 3_368_420],
    ["consecutive 5", 0.3, 586.481],
    ["consecutive 5", 0.5, 62],
    ["ledger, n = 8", 0.05, 26_631_150_000],
    ["ledger, n = 8", 0.3, 15_699.64],
    ["ledger, n = 8", 0.5, 266],
    ["additive -0.3/+0.5", 0.05, 154_161.6],
    ["additive -0.3/+0.5", 0.3, 131.3],
    ["additive -0.3/+0.5", 0.5, 22.88]
  ] as const)("%s at p = %d is %d", (name, p, mean) => {
    expect(exact(walks[name], p) / mean).toBeCloseTo(1, 3)
  })

  it("of n failures in a row is (p^-n - 1) / (1 - p)", () => {
    for (const p of [0.1, 0.3, 0.5, 0.8]) {
      expect(digits(exact(walks["consecutive 5"], p))).toBe(digits((p ** -5 - 1) / (1 - p)))
    }
  })

  const fixed = { guardMillis: 0, halfLifeMillis: Infinity, discount: 0, openBelow: 0.01 } as const
  const options = { trips: 4_000, everyMillis: 1, seed: 1 }
  it.each([0.3, 0.5])("is what the core's own models need at p = %d", (p) => {
    const close = (found: number, mean: number) => {
      expect(found / mean).toBeGreaterThan(0.94)
      expect(found / mean).toBeLessThan(1.06)
    }
    close(measured(HealthModel.consecutive(), { ...options, p }), exact(walks["consecutive 5"], p))
    close(measured(HealthModel.additive(), { ...options, p }), exact(walks["additive -0.3/+0.5"], p))
    close(measured(HealthModel.ledger(fixed), { ...options, p }), exact(walks["ledger, n = 5"], p))
  })

  it("leaves the ledger more than its guard at p = 1/2, at 10 and at 1 000 attempts a second", () => {
    for (const rate of [10, 1_000]) {
      const attempts = measured(HealthModel.ledger(), { p: 0.5, trips: 6, everyMillis: 1_000 / rate, seed: 2 })
      expect(attempts / rate, `${rate}/s`).toBeGreaterThan((300 * rate) ** 0.9 / rate)
    }
  })
})
