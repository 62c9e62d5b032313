import { CircuitPolicy, HealthModel } from "@truce/core"
import { describe, expect, it } from "vitest"

describe("CircuitPolicy", () => {
  it("has the defaults it states", () => {
    const { model, ...rules } = CircuitPolicy.make(HealthModel.ledger())
    expect(rules).toEqual(CircuitPolicy.defaults)
    expect(model.name).toBe("ledger")
  })

  it("has a longest open time of at least the first by default", () => {
    expect(CircuitPolicy.make(HealthModel.ledger(), { openMillis: 9_000 }).maxOpenMillis).toBe(9_000)
  })

  it("has a longest ramp of at least the first by default", () => {
    const { slowStart } = CircuitPolicy.make(HealthModel.ledger(), { slowStart: { rampMillis: 60_000 } })
    expect(slowStart).toEqual({ withinMillis: 10_000, rampMillis: 60_000, maxRampMillis: 60_000, initialShare: 0.1 })
  })

  it("has the defaults the ledger states", () => {
    expect(HealthModel.ledger().parameters).toEqual({ ...HealthModel.ledgerDefaults, allowSelfTrip: false })
  })

  describe("difference", () => {
    const base = CircuitPolicy.make(HealthModel.ledger())

    it("is none between policies of the same settings, whoever built them", () => {
      expect(
        CircuitPolicy.difference(base, CircuitPolicy.make(HealthModel.ledger({ openBelow: 0.1 }), {}))
      ).toBeUndefined()
    })

    it.each([
      [{ closeAt: 0.6 }, { field: "closeAt", left: 0.5, right: 0.6 }],
      [{ permits: 2 }, { field: "permits", left: 1, right: 2 }],
      [{ leaseMillis: 1 }, { field: "leaseMillis", left: 10_000, right: 1 }],
      [{ openMillis: 1 }, { field: "openMillis", left: 500, right: 1 }],
      [{ openFactor: 3 }, { field: "openFactor", left: 2, right: 3 }],
      [{ maxOpenMillis: 9_000 }, { field: "maxOpenMillis", left: 5_000, right: 9_000 }],
      [{ openTimesMillis: [5, 9] }, { field: "openTimesMillis", left: undefined, right: "5, 9" }],
      [{ openJitter: 0 }, { field: "openJitter", left: 0.2, right: 0 }],
      [{ maxRetryAfterMillis: 0 }, { field: "maxRetryAfterMillis", left: 60_000, right: 0 }],
      [{ reopenOn: "score" }, { field: "reopenOn", left: "failure", right: "score" }],
      [{ slowWeight: 1 }, { field: "slowWeight", left: 0, right: 1 }],
      [{ slowStart: true }, { field: "slowStart", left: false, right: true }]
    ] as const)("names the setting with both values: %o", (options, difference) => {
      expect(CircuitPolicy.difference(base, CircuitPolicy.make(HealthModel.ledger(), options))).toEqual(difference)
    })

    it("names a setting of the slow start, and takes its defaults for given", () => {
      const [one, two, same] = [true, { initialShare: 0.2 }, { rampMillis: 10_000 }].map((slowStart) =>
        CircuitPolicy.make(HealthModel.ledger(), { slowStart })
      )
      expect(one && two && CircuitPolicy.difference(one, two)).toEqual({
        field: "slowStart.initialShare",
        left: 0.1,
        right: 0.2
      })
      expect(one && same && CircuitPolicy.difference(one, same)).toBeUndefined()
    })

    it("names a parameter of the model", () => {
      const that = CircuitPolicy.make(HealthModel.ledger({ tolerance: 0.5 }))
      expect(CircuitPolicy.difference(base, that)).toEqual({ field: "model.tolerance", left: 2 / 3, right: 0.5 })
    })

    it("names the model first", () => {
      const that = CircuitPolicy.make(HealthModel.consecutive(), { permits: 3 })
      expect(CircuitPolicy.difference(base, that)).toEqual({ field: "model", left: "ledger", right: "consecutive" })
    })
  })
})
