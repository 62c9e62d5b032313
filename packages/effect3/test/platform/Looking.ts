import { Redis } from "ioredis"

/** A client for looking at what is stored. */
export interface Looking {
  readonly send: (command: string, ...args: ReadonlyArray<string>) => Promise<unknown>
  readonly get: (name: string) => Promise<string | undefined>
  readonly isUp: () => boolean
  readonly close: () => void
}

export const connected = async (url: string): Promise<Looking> => {
  const client = new Redis(url)
  client.on("error", () => undefined)
  return {
    send: (command, ...args) => client.call(command, ...args),
    get: async (name) => (await client.get(name)) ?? undefined,
    isUp: () => client.status === "ready",
    close: () => client.disconnect()
  }
}

/** A Redis answers there now. */
export const answers = async (url: string): Promise<boolean> => {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 })
  client.on("error", () => undefined)
  try {
    await client.connect()
    return (await client.ping()) === "PONG"
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}
