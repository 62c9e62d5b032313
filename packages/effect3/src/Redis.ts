/**
 * The store of a fleet in Redis, with `ioredis`; and the fleet with it, in one layer.
 *
 * Nothing is decided there: two scripts read, and replace what they were told to expect, on the clock of Redis. News is published there;
 * where that does not arrive, each process looks for itself, `flushEvery` apart, as long as a circuit is not closed.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fleet from "./Fleet.ts"
import { FleetStore } from "./FleetStore.ts"
import { configured } from "./run/settings/options.ts"
import type { Required } from "./platform/Redis.ts"
import { type StoreOptions, makeStore } from "./platform/RedisStore.ts"

export * from "./platform/RedisStore.ts"

/**
 * Options of the fleet and its store. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends StoreOptions, Fleet.Options {}

/**
 * Provides the store alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (options?: StoreOptions): Layer.Layer<FleetStore, never, Required["store"]> =>
  Layer.scoped(
    FleetStore,
    Effect.suspend(() => makeStore(options))
  )

/**
 * Provides the fleet on Redis.
 *
 * Until Redis answers, and whenever it does not, each process judges alone. Dies with `InvalidOption` when built with an impossible option,
 * or on a health model that cannot be shared.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<Fleet.Fleet, never, Required["fleet"]> =>
  Layer.provide(Fleet.layer(options), layerStore(options))

/**
 * Provides the fleet on Redis from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<Fleet.Fleet, ConfigError.ConfigError, Required["fleet"]> =>
  configured(options, (unwrapped) => layer(unwrapped))
