import { Backoff, CallPolicy, CircuitPolicy, HealthModel, Outcome, RetryBudget } from "@truce/core"
import { describe, expectTypeOf, it } from "vitest"

describe("options", () => {
  it("reject unknown keys", () => {
    // @ts-expect-error unknown option
    HealthModel.ledger({ tolerence: 0.5 })
    // @ts-expect-error unknown option
    HealthModel.consecutive({ failure: 5 })
    // @ts-expect-error unknown option
    HealthModel.countWindow({ length: 5 })
    // @ts-expect-error unknown option
    HealthModel.timeWindow({ window: 5 })
    // @ts-expect-error unknown option
    HealthModel.additive({ step: 0.1 })
    // @ts-expect-error unknown option
    HealthModel.ewma({ window: 5 })
    // @ts-expect-error unknown option
    HealthModel.cusum({ p2: 0.5 })
    // @ts-expect-error unknown option
    HealthModel.beta({ size: 5 })
    // @ts-expect-error unknown option
    CircuitPolicy.make(HealthModel.ledger(), { permit: 1 })
    // @ts-expect-error unknown option
    Outcome.failure({ wait: 5 })
    // @ts-expect-error unknown option
    Backoff.make({ base: 5 })
    // @ts-expect-error unknown option
    CallPolicy.make({ maxAttempts: 5 })
    // @ts-expect-error unknown option
    RetryBudget.saturation({ size: 5 })
    // @ts-expect-error unknown option
    RetryBudget.ratio({ share: 0.2 })
    // @ts-expect-error unknown option
    RetryBudget.grpc({ capacity: 5 })
    // @ts-expect-error unknown option
    RetryBudget.aws({ cost: 5 })
  })

  it("reject values of another type and choices that are not there", () => {
    // @ts-expect-error a string
    HealthModel.ledger({ tolerance: "0.5" })
    // @ts-expect-error no such choice
    CircuitPolicy.make(HealthModel.ledger(), { reopenOn: "never" })
    // @ts-expect-error no such jitter
    Backoff.make({ jitter: "some" })
  })

  it("accept undefined for the default", () => {
    expectTypeOf<undefined>().toExtend<HealthModel.LedgerOptions["tolerance"]>()
    expectTypeOf<undefined>().toExtend<CircuitPolicy.Options["permits"]>()
    expectTypeOf<undefined>().toExtend<Backoff.Options["jitter"]>()
  })
})
