import type { CircuitBreaker, HealthScore } from "@truce/effect3"
import type * as Fleet from "@truce/effect3/Fleet"
import * as Redis from "@truce/effect3/Redis"
import { Config, type ConfigError, type Layer } from "effect"

export type Options = Omit<Redis.Options, "client" | "connection">
type Needs = CircuitBreaker.CircuitBreaker | HealthScore.HealthScore

/** The fleet on the Redis at the URL, on a client that finds it again soon. */
export const fleetAt = (url: string, options: Options): Layer.Layer<Fleet.Fleet, never, Needs> =>
  Redis.layer({ connection: url, ...options })

export const fleetConfigAt = (
  url: string,
  options: { readonly witnesses: Config.Config<number> }
): Layer.Layer<Fleet.Fleet, ConfigError.ConfigError, Needs> =>
  Redis.layerConfig({ ...options, connection: Config.succeed(url) })

/** The fleet on each kind of client of its own. */
export const fleetsAt: ReadonlyArray<typeof fleetAt> = [fleetAt]

/** What a user of Redis must be allowed to do. */
export const commands = ["evalsha", "eval", "get", "set", "time", "publish", "subscribe", "unsubscribe", "info"]
