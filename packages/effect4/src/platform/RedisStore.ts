/**
 * The store of a fleet in Redis.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Client from "effect/persistence/Redis"
import type { Service } from "../FleetStore.ts"
import * as Store from "../run/fleet/redis.ts"
import * as Background from "./BackgroundClient.ts"
import { connectionOf } from "./Redis.ts"

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
 * Builds the store.
 *
 * It asks Redis nothing yet. Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeStore = (options: StoreOptions = {}): Effect.Effect<Service, never, Client.Redis> =>
  Effect.map(Client.Redis, (redis) => Store.make(connectionOf(redis), Store.prefixed(options.prefix)))

/**
 * Provides the client of a layer that waits for Redis, or fails without it, and does neither: it is built in the background, and again a
 * second after it has failed. Until then commands fail, as they do while Redis is away.
 *
 * `NodeRedis.layer` of `@effect/platform-node` provides the client: with `disableOfflineQueue` a command is sent now or fails, with
 * `pingInterval` and `socketTimeout` a connection that has gone silent is given up, and with a `reconnectStrategy` that never ends it
 * comes back.
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
export const layerClient = <E, R>(client: Layer.Layer<Client.Redis, E, R>): Layer.Layer<Client.Redis, never, R> =>
  Layer.effect(Client.Redis, Background.make(client))
