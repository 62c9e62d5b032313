// What only Effect 4 has: a registry that can be replaced.
import { it } from "@effect/vitest"
import { Metrics, Truce } from "@truce/effect4"
import { Effect, Layer, Metric } from "effect"
import { describe, expect } from "vitest"
import { answering, classify, key, steady } from "../support.ts"
import { labelled, seriesOf } from "./Metrics.ts"

describe("Metrics", () => {
  it.effect("records in the registry of who builds the layer, whatever that of the call is", () =>
    Effect.gen(function* () {
      const own: Metric.MetricRegistry = new Map()
      const context = yield* Layer.build(Metrics.layer().pipe(Layer.provideMerge(steady()))).pipe(
        Effect.provideService(Metric.MetricRegistry, own)
      )
      yield* Effect.provide(Truce.protect(answering, { key, classify }), context)
      expect([...own.values()].map(({ id }) => id)).toContain("truce.calls")
      expect(yield* seriesOf("truce.calls")).toEqual([])
    }).pipe(labelled("registry"))
  )
})
