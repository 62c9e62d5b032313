import * as NodeRedis from "@effect/platform-node/NodeRedis"
import type { CircuitBreaker, HealthScore } from "@truce/effect4"
import type * as Fleet from "@truce/effect4/Fleet"
import * as Redis from "@truce/effect4/Redis"
import { type Config, Layer } from "effect"
import { silent } from "./Logs.ts"

export type Options = Redis.Options
type Needs = CircuitBreaker.CircuitBreaker | HealthScore.HealthScore
type ClientOptions = Parameters<typeof NodeRedis.layer>[0]

/** It logs each connection that it has lost or tried, which is of no interest here. */
const clientAt = (url: string, options: ClientOptions = {}) =>
  Redis.layerClient(Layer.provide(NodeRedis.layer({ url, disableOfflineQueue: true, ...options }), silent))

const patient = (url: string) =>
  clientAt(url, { pingInterval: 50, socket: { socketTimeout: 5_000, reconnectStrategy: () => 50 } })

/** The fleet on the Redis at the URL, on a client that finds it again soon. */
export const fleetAt = (url: string, options: Options): Layer.Layer<Fleet.Fleet, never, Needs> =>
  Layer.provide(Redis.layer(options), patient(url))

export const fleetConfigAt = (
  url: string,
  options: { readonly witnesses: Config.Config<number> }
): Layer.Layer<Fleet.Fleet, Config.ConfigError, Needs> => Layer.provide(Redis.layerConfig(options), patient(url))

/** The fleet on each kind of client: one that goes on trying, and one that gives up and is made anew. */
export const fleetsAt: ReadonlyArray<typeof fleetAt> = [
  fleetAt,
  (url, options) => Layer.provide(Redis.layer(options), clientAt(url))
]

/** What a user of Redis must be allowed to do. */
export const commands = ["evalsha", "script|load", "get", "set", "time", "publish", "subscribe", "unsubscribe", "ping"]
