/**
 * Circuits that survive a restart: restored from a `KeyValueStore` when the layer is built, saved while it lasts.
 *
 * It never holds a call and never fails a start: what cannot be restored starts clean, with a warning that says what and why.
 *
 * @since 0.1.0
 */
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import { configured } from "./run/settings/options.ts"
import * as Saving from "./run/snapshots/saving.ts"
import type { Options, Restored } from "./run/snapshots/saving.ts"
import type { SnapshotNotSaved } from "./SnapshotNotSaved.ts"
import { forkScopedAtOnce } from "./platform/Running.ts"

export type { Options, Restored } from "./run/snapshots/saving.ts"

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** What came of restoring when the service was built. */
  readonly restored: Restored
  readonly save: Effect.Effect<void, SnapshotNotSaved>
  readonly load: Effect.Effect<Restored>
}

/**
 * Circuits that survive a restart.
 *
 * @category tags
 * @since 0.1.0
 */
export class Snapshots extends Context.Tag("@truce/effect3/Snapshots")<Snapshots, Service>() {}

/**
 * Builds the service: restores, then saves on transitions, every `every`, and when the scope closes.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options = {}
): Effect.Effect<Service, never, CircuitBreaker | KeyValueStore.KeyValueStore | Scope.Scope> =>
  Effect.gen(function* () {
    const settings = Saving.settings(options)
    const breaker = yield* CircuitBreaker
    const saving = yield* Saving.make(breaker, yield* KeyValueStore.KeyValueStore, settings)
    const restored = yield* saving.load
    // Finalizers run in reverse: the fibers below have ended when the last save begins.
    yield* Effect.addFinalizer(() => saving.saveChanged)
    yield* saving.saveChanged.pipe(Effect.delay(settings.everyMillis), Effect.forever, Effect.forkScoped)
    yield* breaker.transitions.pipe(
      // What comes at once is all that has happened since the last save: many circuits that open at once are one write.
      Stream.runForEachChunk(() => Effect.andThen(saving.saveChanged, Effect.sleep(settings.coalesceMillis))),
      forkScopedAtOnce
    )
    return { restored, save: saving.save, load: saving.load }
  })

/**
 * Provides the service on a breaker and a store.
 *
 * Dies with `InvalidOption` when built with an impossible option. A store that fails or hangs is a warning, and the circuits start clean.
 *
 * **Example** (A restart that forgets nothing)
 *
 * ```ts
 * import { KeyValueStore } from "@effect/platform"
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import * as Snapshots from "@truce/effect3/Snapshots"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const store = yield* KeyValueStore.KeyValueStore
 *   // Each use of the layer is what a new process would build.
 *   const run = <A, E>(self: Effect.Effect<A, E, Truce.Services>) =>
 *     self.pipe(
 *       Effect.provide(Layer.provideMerge(Snapshots.layer(), Truce.layer())),
 *       Effect.provideService(KeyValueStore.KeyValueStore, store)
 *     )
 *   yield* run(CircuitBreaker.isolate("users-api", "maintenance"))
 *   return yield* run(CircuitBreaker.state("users-api"))
 * })
 * const state = await Effect.runPromise(Effect.provide(program, KeyValueStore.layerMemory))
 * state.mode.reason // => "maintenance"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Snapshots, never, CircuitBreaker | KeyValueStore.KeyValueStore> =>
  Layer.scoped(
    Snapshots,
    Effect.suspend(() => make(options))
  )

/**
 * Provides the service from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<Snapshots, ConfigError.ConfigError, CircuitBreaker | KeyValueStore.KeyValueStore> =>
  configured(options, (unwrapped) => layer(unwrapped))

/**
 * What came of restoring when the service was built.
 *
 * @category accessors
 * @since 0.1.0
 */
export const restored: Effect.Effect<Restored, never, Snapshots> = Effect.map(Snapshots, (service) => service.restored)

/**
 * Saves all circuits now, changed or not; waits for the store, for no longer than the timeout.
 *
 * @category accessors
 * @since 0.1.0
 */
export const save: Effect.Effect<void, SnapshotNotSaved, Snapshots> = Effect.flatMap(
  Snapshots,
  (service) => service.save
)

/**
 * Restores what is stored, again: each circuit takes the place of the one there is, and keys that are not stored are left alone.
 *
 * @category accessors
 * @since 0.1.0
 */
export const load: Effect.Effect<Restored, never, Snapshots> = Effect.flatMap(Snapshots, (service) => service.load)
