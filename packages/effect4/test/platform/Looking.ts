import { createClient } from "redis"

/** A client for looking at what is stored. */
export interface Looking {
  readonly send: (command: string, ...args: ReadonlyArray<string>) => Promise<unknown>
  readonly get: (name: string) => Promise<string | undefined>
  readonly isUp: () => boolean
  readonly close: () => void
}

export const connected = async (url: string): Promise<Looking> => {
  const client = createClient({ url, socket: { reconnectStrategy: () => 50 } })
  client.on("error", () => undefined)
  await client.connect()
  return {
    send: (...command) => client.sendCommand(command),
    get: async (name) => (await client.get(name)) ?? undefined,
    isUp: () => client.isReady,
    close: () => client.destroy()
  }
}

/** A Redis answers there now. */
export const answers = async (url: string): Promise<boolean> => {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1_000 } })
  client.on("error", () => undefined)
  try {
    await client.connect()
    return (await client.ping()) === "PONG"
  } catch {
    return false
  } finally {
    if (client.isOpen) client.destroy()
  }
}
