import * as Redis from "@truce/effect3/Redis"
import { Effect } from "effect"
import { Redis as Client } from "ioredis"

/** A fleet on the Redis at a URL. */
export const fleetOn = (url: string, { prefix, process }: { readonly prefix: string; readonly process: string }) =>
  Redis.layer({ connection: url, prefix, process, idleTimeToLive: "1 minute" })

/** Whether a Redis answers there. */
export const answers = (url: string) =>
  Effect.promise(() => {
    const client = new Client(url, { lazyConnect: true, retryStrategy: () => null })
    client.on("error", () => undefined)
    return client.connect().then(
      () => client.disconnect() === undefined,
      () => false
    )
  })
