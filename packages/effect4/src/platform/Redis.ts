import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import * as Stream from "effect/Stream"
import type { CircuitBreaker } from "../run/services/CircuitBreaker.ts"
import type { FleetStoreFailed } from "../FleetStore.ts"
import type { HealthScore } from "../run/services/HealthScore.ts"
import { type Answered, type Connection, refused } from "../run/fleet/connection.ts"

export type Client = Redis.Redis["Service"]

/** What is required of the outside: the client too. */
export interface Required {
  readonly store: Redis.Redis
  readonly fleet: CircuitBreaker | Redis.Redis | HealthScore
}

/** A script for one key. */
export const script = (lua: string) =>
  Redis.script((key: string, args: ReadonlyArray<string>) => [key, ...args], {
    numberOfKeys: 1,
    lua
  }).withReturnType<unknown>()

export type Script = ReturnType<typeof script>

export const connectionOf = (redis: Client): Connection<Script> => ({
  // On a fiber of its own: what it is given a client cannot take back.
  send: (one, key, args) =>
    Effect.map(
      Effect.forkDetach(Effect.mapError(redis.eval(one)(key, args), failed), { startImmediately: true }),
      (fiber): Answered =>
        (done) =>
          void fiber.addObserver(done)
    ),
  messages: (channel) =>
    Stream.unwrap(Effect.map(redis.subscribe(channel), (queue) => Stream.fromQueue(queue))).pipe(
      Stream.mapError(failed),
      Stream.map(({ message }) => message)
    )
})

const failed = ({ cause }: Redis.RedisError): FleetStoreFailed =>
  refused(cause instanceof Error ? cause.message : String(cause), "give a client for one")
