import { NodeRedis } from "@effect/platform-node"
import * as Redis from "@truce/effect4/Redis"
import { Effect, Layer } from "effect"
import { createClient } from "redis"

/** A fleet on the Redis at a URL: what is sent while the connection is lost fails at once, and one that is silent is given up. */
export const fleetOn = (url: string, { prefix, process }: { readonly prefix: string; readonly process: string }) => {
  const node = NodeRedis.layer({
    url,
    disableOfflineQueue: true,
    pingInterval: 1_000,
    socket: { socketTimeout: 5_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) }
  })
  return Layer.provide(Redis.layer({ prefix, process, idleTimeToLive: "1 minute" }), Redis.layerClient(node))
}

/** Whether a Redis answers there. */
export const answers = (url: string) =>
  Effect.promise(() => {
    const client = createClient({ url, socket: { reconnectStrategy: false } }).on("error", () => {})
    return client.connect().then(
      () => client.close().then(() => true),
      () => false
    )
  })
