import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Cluster, Redis } from "ioredis"
import { createHash } from "node:crypto"
import { errorMonitor } from "node:events"
import type { CircuitBreaker } from "../run/services/CircuitBreaker.ts"
import type { FleetStoreFailed } from "../FleetStore.ts"
import type { HealthScore } from "../run/services/HealthScore.ts"
import { type Answered, type Connection, failure, reasonOf, refused } from "../run/fleet/connection.ts"

export type Client = Redis | Cluster

/** What is required of the outside: connections are the store's own. */
export interface Required {
  readonly store: never
  readonly fleet: CircuitBreaker | HealthScore
}

export interface Script {
  readonly lua: string
  readonly sha: string
}

/** A script for one key. */
export function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") }
}

/** Why a client has no connection, until it has one: a command that is not sent does not say it. Who watches stops with `stop`. */
export const troubleOf = (client: Client): { readonly found: () => unknown; readonly stop: () => void } => {
  let last: unknown
  const failed = (error: unknown): void => {
    if (!unsent.test(messageOf(error))) last = error
  }
  const ready = (): void => {
    last = undefined
  }
  // It only looks on: a client without a listener of its own goes on to print what is wrong.
  client.on(errorMonitor, failed)
  client.on("ready", ready)
  return {
    found: () => last,
    stop: () => void client.off(errorMonitor, failed).off("ready", ready)
  }
}

/** Ends when a new client has connected for the first time, or could not. */
const started = (client: Client): { readonly isOver: boolean; readonly end: Effect.Effect<void> } => {
  const first = { isOver: !["connecting", "connect"].includes(client.status) }
  const end = new Promise<void>((resolve) => {
    for (const event of ["ready", "close"]) {
      client.once(event, () => {
        first.isOver = true
        resolve()
      })
    }
  })
  return Object.assign(first, { end: Effect.promise(() => end) })
}

export const connectionOf = (client: Client, subscriber: Client, trouble: () => unknown): Connection<Script> => {
  const start = started(client)
  return {
    send: ({ lua, sha }, key, args) => {
      const sent = Effect.sync((): Answered => {
        const answer = client
          .evalsha(sha, 1, key, ...args)
          .catch((error: unknown) =>
            messageOf(error).startsWith("NOSCRIPT") ? client.eval(lua, 1, key, ...args) : Promise.reject(error)
          )
          .then(
            (value: unknown): Effect.Effect<unknown, FleetStoreFailed> => Effect.succeed(value),
            (error: unknown) => Effect.fail(failed(error, trouble()))
          )
        return (heard) => void answer.then(heard)
      })
      return start.isOver ? sent : Effect.zipRight(start.end, sent)
    },
    messages: (channel) =>
      Stream.asyncPush<string, FleetStoreFailed>(
        (emit) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              const told = (from: string, message: string) => {
                if (from === channel) emit.single(message)
              }
              subscriber.on("message", told)
              // Nobody waits for it: the client subscribes whenever there is a connection.
              subscriber.subscribe(channel).catch((error: unknown) => emit.fail(failed(error)))
              return told
            }),
            (told) =>
              Effect.sync(() => {
                subscriber.off("message", told)
                subscriber.unsubscribe(channel).catch(() => undefined)
              })
          ),
        { bufferSize: 1_024, strategy: "sliding" }
      )
  }
}

/** What a client says of a command that it did not send, and of one whose connection was lost. */
const unsent = /^(Stream isn't writeable|Cluster isn't ready)/
const lost = /^Reached the max retries per request/

const failed = (error: unknown, trouble?: unknown): FleetStoreFailed => {
  const message = messageOf(error)
  if (unsent.test(message)) {
    if (trouble === undefined) return failure("down", false, "there is no connection")
    const cause = messageOf(trouble)
    return failure(reasonOf(cause)[0], false, cause)
  }
  if (lost.test(message)) return failure("down", true, "the connection was lost before it answered")
  return refused(message, "give a Cluster as client")
}

const messageOf = (error: unknown): string => {
  // Of a name with several addresses.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ")
  return error instanceof Error ? error.message : String(error)
}
