// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file
import type { KeyValueStore } from "effect/persistence"
import type { CircuitBreaker } from "@truce/effect4"
import type * as SnapshotNotSaved from "@truce/effect4/SnapshotNotSaved"
import * as Snapshots from "@truce/effect4/Snapshots"
import { Config, type Effect, type Layer } from "effect"
import { describe, expectTypeOf, it } from "vitest"

type Needs = CircuitBreaker.CircuitBreaker | KeyValueStore.KeyValueStore

describe("Snapshots", () => {
  it("needs a breaker and a store, and never fails a start", () => {
    expectTypeOf(Snapshots.layer()).toEqualTypeOf<Layer.Layer<Snapshots.Snapshots, never, Needs>>()
    expectTypeOf(Snapshots.layerConfig({ key: Config.String("KEY") })).toEqualTypeOf<
      Layer.Layer<Snapshots.Snapshots, Config.ConfigError, Needs>
    >()
    // @ts-expect-error interval is no option
    Snapshots.layer({ interval: "1 second" })
  })

  it("can fail to save by hand, and not to load", () => {
    expectTypeOf(Snapshots.save).toEqualTypeOf<
      Effect.Effect<void, SnapshotNotSaved.SnapshotNotSaved, Snapshots.Snapshots>
    >()
    expectTypeOf(Snapshots.load).toEqualTypeOf<Effect.Effect<Snapshots.Restored, never, Snapshots.Snapshots>>()
  })

  it("tells the reason of a clean start", () => {
    expectTypeOf<Extract<Snapshots.Restored, { _tag: "Clean" }>["reason"]>().toEqualTypeOf<
      "absent" | "corrupt" | "newer" | "expired" | "unreadable"
    >()
  })
})
