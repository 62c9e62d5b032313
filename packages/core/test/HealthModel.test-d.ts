import { Circuit, CircuitPolicy, CircuitSnapshot, HealthModel } from "@truce/core"
import { describe, expectTypeOf, it } from "vitest"

describe("the state of a health model", () => {
  const policy = CircuitPolicy.make(HealthModel.timeWindow())

  it("is the constructor's own", () => {
    expectTypeOf(HealthModel.ledger()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.Ledger>>()
    expectTypeOf(HealthModel.consecutive()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.Consecutive>>()
    expectTypeOf(HealthModel.countWindow()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.CountWindow>>()
    expectTypeOf(HealthModel.timeWindow()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.TimeWindow>>()
    expectTypeOf(HealthModel.additive()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.Additive>>()
    expectTypeOf(HealthModel.ewma()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.Ewma>>()
    expectTypeOf(HealthModel.cusum()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.Cusum>>()
    expectTypeOf(HealthModel.beta()).toEqualTypeOf<HealthModel.HealthModel<HealthModel.Beta>>()
  })

  it("flows through the policy into the circuit and out of every transition", () => {
    const start = Circuit.make(policy, 1)
    expectTypeOf(policy).toEqualTypeOf<CircuitPolicy.CircuitPolicy<HealthModel.TimeWindow>>()
    expectTypeOf(start).toEqualTypeOf<Circuit.Circuit<HealthModel.TimeWindow>>()
    expectTypeOf(start.health).toEqualTypeOf<HealthModel.TimeWindow>()
    expectTypeOf(Circuit.admit(policy, start, 0)[0].health).toEqualTypeOf<HealthModel.TimeWindow>()
    expectTypeOf(Circuit.isolate(start, "", 0).health).toEqualTypeOf<HealthModel.TimeWindow>()
    expectTypeOf(Circuit.reset(policy, start, "", 0).health).toEqualTypeOf<HealthModel.TimeWindow>()
  })

  it("comes back from a snapshot as the policy's, once it is known to be valid", () => {
    const result = CircuitSnapshot.restore(policy, {}, { now: 0, elapsedMillis: 0 })
    if (result._tag === "Restored")
      expectTypeOf(result.circuit).toEqualTypeOf<Circuit.Circuit<HealthModel.TimeWindow>>()
    else expectTypeOf(result).toEqualTypeOf<CircuitSnapshot.Invalid>()
  })

  it("keeps a circuit from the policy of another model", () => {
    const other = Circuit.make(CircuitPolicy.make(HealthModel.ledger()), 1)
    // @ts-expect-error the ledger's state is no time window
    Circuit.admit(policy, other, 0)
  })

  it("cannot be changed", () => {
    const start = Circuit.make(CircuitPolicy.make(HealthModel.ledger()), 1)
    // @ts-expect-error a circuit is read-only
    start.generation = 5
    // @ts-expect-error so is the state of its model
    start.health.suspicion = 0
    // @ts-expect-error and the list of its moves
    start.moves.push({ at: 0, outcome: "Success", weight: 0, before: 0, after: 1 })
  })
})
