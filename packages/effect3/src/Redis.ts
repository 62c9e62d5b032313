/**
 * The store of a fleet in Redis, with `ioredis`; and the fleet with it, in one layer.
 *
 * Nothing is decided there: two scripts read, and replace what they were told to expect, on the clock of Redis.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Redis as Client, type RedisOptions } from "ioredis"
import type { CircuitBreaker } from "./CircuitBreaker.ts"
import * as Fleet from "./Fleet.ts"
import { FleetStore, type Service } from "./FleetStore.ts"
import type { HealthScore } from "./HealthScore.ts"
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
  /** A client of your own, which is not closed; it is duplicated to subscribe. Instead of `connection`. */
  readonly client?: Store.Client | undefined
  /** Where Redis is: a URL, which may be `Redacted`, or options of `ioredis`. Default: `redis://127.0.0.1:6379`. */
  readonly connection?: string | Redacted.Redacted | RedisOptions | undefined
}

/**
 * Options of the fleet and its store. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends StoreOptions, Fleet.Options {}

/**
 * Builds the store; its connections end with the scope.
 *
 * It does not wait for Redis. Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeStore = (options: StoreOptions = {}): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { client, connection, prefix } = checked(options)
    const own = client ?? (yield* connected(() => connect(connection)))
    const trouble = yield* Effect.acquireRelease(
      Effect.sync(() => Store.troubleOf(own)),
      ({ stop }) => Effect.sync(stop)
    )
    return Store.make(own, yield* connected(() => subscriberOf(own)), prefix, trouble.found)
  })

/**
 * Provides the store alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (options?: StoreOptions): Layer.Layer<FleetStore> =>
  Layer.scoped(
    FleetStore,
    Effect.suspend(() => makeStore(options))
  )

/**
 * Provides the fleet on Redis.
 *
 * Building it does not wait for Redis: until that answers each process judges alone. Dies with `InvalidOption` when built with an
 * impossible option, or on a health model that cannot be shared.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<Fleet.Fleet, never, CircuitBreaker | HealthScore> =>
  Layer.provide(Fleet.layer(options), layerStore(options))

/**
 * Provides the fleet on Redis from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<Fleet.Fleet, ConfigError.ConfigError, CircuitBreaker | HealthScore> =>
  configured(options, (unwrapped) => layer(unwrapped))

const checked = ({ client, connection: given, prefix = "truce:" }: StoreOptions) => {
  const connection = Redacted.isRedacted(given) ? Redacted.value(given) : given
  const wrong = (field: string, rule: string, value: unknown) =>
    new InvalidOption.InvalidOption("Redis", field, rule, value)
  if (typeof prefix !== "string" || prefix === "") throw wrong("prefix", "a text that is not empty", prefix)
  if (client !== undefined && connection !== undefined) {
    throw wrong("connection", "left out where a client is given", shown(connection))
  }
  if (client !== undefined && typeof client.evalsha !== "function") {
    throw wrong("client", "a client or a cluster of ioredis", typeof client)
  }
  const isUrl = typeof connection === "string"
  if (isUrl ? !/^(rediss?:\/\/|(?![a-z]+:\/\/).)/i.test(connection) : typeof (connection ?? {}) !== "object") {
    throw wrong("connection", 'a URL such as "rediss://redis.internal:6379", or options of ioredis', shown(connection))
  }
  return { client, connection, prefix }
}

/** Not the password. */
const shown = (connection: unknown): unknown =>
  typeof connection === "string"
    ? connection.replace(/\/\/.*@/, "//***@")
    : typeof connection === "object"
      ? "options"
      : connection

const connected = <A extends Store.Client>(make: () => A): Effect.Effect<A, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const client = make()
      // Every command says what is wrong; without a listener the client would print it too.
      client.on("error", () => undefined)
      return client
    }),
    (client) => Effect.sync(() => client.disconnect())
  )

/**
 * A command is sent once or it fails: what waits for a connection, or is sent again after one was lost, would come too late. A connection
 * that has gone silent is given up.
 */
const settings: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  socketTimeout: 5_000,
  keepAlive: 10_000,
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1_000)
}

const connect = (connection: string | RedisOptions | undefined): Client =>
  typeof connection === "string"
    ? new Client(connection, settings)
    : new Client({ host: "127.0.0.1", port: 6_379, ...settings, ...connection })

// A subscriber waits for its connection: nobody waits for it.
const subscriberOf = (client: Store.Client): Store.Client =>
  client instanceof Client
    ? client.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true })
    : client.duplicate()
