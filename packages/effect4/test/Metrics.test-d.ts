import {
  type CircuitBreaker,
  type HealthScore,
  Logging,
  Metrics,
  type RetryBudget,
  Tracing,
  Truce
} from "@truce/effect4"
import { type Config, Layer } from "effect"
import { describe, expectTypeOf, it } from "vitest"

declare const keys: Config.Config<Array<string>>

describe("the layers of an operator", () => {
  it("give nothing, cannot fail, and say what they are built on", () => {
    expectTypeOf(Metrics.layer()).toEqualTypeOf<
      Layer.Layer<never, never, CircuitBreaker.CircuitBreaker | HealthScore.HealthScore | RetryBudget.RetryBudget>
    >()
    expectTypeOf(Metrics.layerConfig({ keys })).toEqualTypeOf<
      Layer.Layer<
        never,
        Config.ConfigError,
        CircuitBreaker.CircuitBreaker | HealthScore.HealthScore | RetryBudget.RetryBudget
      >
    >()
    expectTypeOf(Tracing.layer).toEqualTypeOf<Layer.Layer<never, never, HealthScore.HealthScore>>()
    expectTypeOf(Logging.layer).toEqualTypeOf<Layer.Layer<never, never, HealthScore.HealthScore>>()
  })

  it("are complete on Truce.layer, and leave its services as they were", () => {
    const observed = Layer.mergeAll(Metrics.layer(), Tracing.layer, Logging.layer)
    expectTypeOf(Layer.provideMerge(observed, Truce.layer())).toEqualTypeOf<Layer.Layer<Truce.Services>>()
  })

  it("take no option that they do not know", () => {
    // @ts-expect-error a misspelt option
    Metrics.layer({ maxkeys: 10 })
    // @ts-expect-error labels are keys, not functions of them
    Metrics.layer({ keys: [(key: string) => key] })
  })
})
