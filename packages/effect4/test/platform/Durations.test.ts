// What only Effect 4 takes for a time: an object of units.
import { it } from "@effect/vitest"
import { Faults } from "@truce/effect4/testing"
import { ConfigProvider, Effect, Layer } from "effect"
import { describe, expect } from "vitest"
import { environment } from "./ConfigProviders.ts"

describe("layerConfig", () => {
  it.effect("reads a length by its units, as Effect 4 has it", () =>
    Effect.gen(function* () {
      const variables = { FAULTS_RULES: '{ "a": { "latency": { "seconds": 1, "milliseconds": 500 } } }' }
      const layer = Faults.layerConfig(Faults.config()).pipe(
        Layer.provide(ConfigProvider.layer(environment(variables)))
      )
      expect(yield* Effect.provide(Faults.rules, layer)).toEqual({ a: { latency: { seconds: 1, milliseconds: 500 } } })
    })
  )
})
