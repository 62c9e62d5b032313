/**
 * The store of a fleet in Redis, on Effect's own `Redis` service; and the fleet with it, in one layer.
 *
 * Nothing is decided there: two scripts read, and replace what they were told to expect, on the clock of Redis. News goes over
 * `Redis.subscribe`; where that does not deliver, each process looks for itself, `flushEvery` apart, as long as a circuit is not closed.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Client from "effect/persistence/Redis"
import type { CircuitBreaker } from "./CircuitBreaker.ts"
import * as Fleet from "./Fleet.ts"
import { FleetStore, type Service } from "./FleetStore.ts"
import type { HealthScore } from "./HealthScore.ts"
import * as Background from "./internal/fleetClient.ts"
import * as Store from "./internal/fleetRedis.ts"
import { configured } from "./internal/options.ts"

/**
 * Options of the store. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoreOptions {
  /** What every key begins with, and the channel `<prefix>news`. Default: `"truce:"`. */
  readonly prefix?: string | undefined
}

/**
 * Options of the fleet and its store. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends StoreOptions, Fleet.Options {}

/**
 * Builds the store.
 *
 * It asks Redis nothing yet. Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeStore = (options: StoreOptions = {}): Effect.Effect<Service, never, Client.Redis> =>
  Effect.map(Client.Redis, (redis) => {
    const { prefix = "truce:" } = options
    if (typeof prefix !== "string" || prefix === "")
      throw new InvalidOption.InvalidOption("Redis", "prefix", "a text that is not empty", prefix)
    return Store.make(redis, prefix)
  })

/**
 * Provides the store alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (options?: StoreOptions): Layer.Layer<FleetStore, never, Client.Redis> =>
  Layer.effect(
    FleetStore,
    Effect.suspend(() => makeStore(options))
  )

/**
 * Provides the client of a layer that waits for Redis, or fails without it, and does neither: it is built in the background, and again a
 * second after it has failed. Until then commands fail, as they do while Redis is away.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = <E, R>(client: Layer.Layer<Client.Redis, E, R>): Layer.Layer<Client.Redis, never, R> =>
  Layer.effect(Client.Redis, Background.make(client))

/**
 * Provides the fleet on Redis.
 *
 * `NodeRedis.layer` of `@effect/platform-node` provides the client: with `disableOfflineQueue` a command is sent now or fails, with
 * `pingInterval` and `socketTimeout` a connection that has gone silent is given up, and with a `reconnectStrategy` that never ends it
 * comes back. In `layerClient`, a process starts without Redis. Dies with `InvalidOption` when built with an impossible option, or on a health model
 * that cannot be shared.
 *
 * **Example** (A fleet on node-redis)
 *
 * ```ts
 * import { NodeRedis } from "@effect/platform-node"
 * import { Truce } from "@truce/effect4"
 * import * as Redis from "@truce/effect4/Redis"
 * import { Layer } from "effect"
 *
 * const node = NodeRedis.layer({
 *   url: "redis://127.0.0.1:6379",
 *   disableOfflineQueue: true,
 *   pingInterval: 1_000,
 *   socket: { socketTimeout: 5_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) }
 * })
 * const client = Redis.layerClient(node)
 * const live = Redis.layer({ witnesses: 3 }).pipe(Layer.provide(client), Layer.provideMerge(Truce.layer()))
 * Layer.isLayer(live) // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<Fleet.Fleet, never, CircuitBreaker | Client.Redis | HealthScore> =>
  Layer.provide(Fleet.layer(options), layerStore(options))

/**
 * Provides the fleet on Redis from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<Fleet.Fleet, Config.ConfigError, CircuitBreaker | Client.Redis | HealthScore> =>
  configured(options, (unwrapped) => layer(unwrapped))
