/**
 * The store of a fleet in Redis.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Redis as Client, type RedisOptions } from "ioredis"
import type { Service } from "../FleetStore.ts"
import * as Store from "../run/fleet/redis.ts"
import * as Redis from "./Redis.ts"

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
  readonly client?: Redis.Client | undefined
  /** Where Redis is: a URL, which may be `Redacted`, or options of `ioredis`. Default: `redis://127.0.0.1:6379`. */
  readonly connection?: string | Redacted.Redacted | RedisOptions | undefined
}

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
      Effect.sync(() => Redis.troubleOf(own)),
      ({ stop }) => Effect.sync(stop)
    )
    const subscriber = yield* connected(() => subscriberOf(own))
    return Store.make(Redis.connectionOf(own, subscriber, trouble.found), prefix)
  })

const checked = ({ client, connection: given, prefix: own }: StoreOptions) => {
  const connection = Redacted.isRedacted(given) ? Redacted.value(given) : given
  const wrong = (field: string, rule: string, value: unknown) =>
    new InvalidOption.InvalidOption("Redis", field, rule, value)
  const prefix = Store.prefixed(own)
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

const connected = <A extends Redis.Client>(make: () => A): Effect.Effect<A, never, Scope.Scope> =>
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
const subscriberOf = (client: Redis.Client): Redis.Client =>
  client instanceof Client
    ? client.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true })
    : client.duplicate()
