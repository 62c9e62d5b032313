// Clients of the user's own, as only Effect 3 has them.
import type { Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as Redis from "@truce/effect3/Redis"
import { Effect, Layer } from "effect"
import { Redis as Client, type RedisOptions } from "ioredis"
import { describe, expect } from "vitest"
import { anyRedis, freshPrefix, looking, ownRedis, test, until } from "../fleetSupport.ts"
import { answering, attempt, failing, key, statusOf, steady } from "../support.ts"

const started = (options: Redis.Options, truce: Truce.Options = {}) =>
  Effect.map(
    Layer.build(Layer.provideMerge(Redis.layer({ flushEvery: "20 millis", ...options }), steady(truce))),
    (context) =>
      <A, E>(self: Effect.Effect<A, E, Truce.Services | Fleet.Fleet>) =>
        Effect.provide(self, context)
  )

const long: Truce.Options = { circuit: { openFor: "10 seconds", maxOpenFor: "10 seconds" } }

const client = (url: string, options: RedisOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => new Client(url, options)),
    (made) => Effect.sync(() => made.disconnect())
  )

describe("a fleet on Redis", () => {
  for (const [name, options] of [
    ["numbers as texts", { stringNumbers: true }],
    ["keys with a prefix of their own", { keyPrefix: "own:" }],
    ["commands in pipelines", { enableAutoPipelining: true }]
  ] as const) {
    test(`works on a client with ${name}`, ownRedis, ({ url }) =>
      Effect.gen(function* () {
        const looker = yield* looking(url, "none")
        const prefix = freshPrefix()
        const [mine, yours] = yield* Effect.all([client(url, options), client(url, options)])
        const one = yield* started({ client: mine, prefix, process: "one" }, long)
        const two = yield* started({ client: yours, prefix, process: "two" }, long)
        yield* Effect.promise(() => looker.send("CONFIG", "SET", "maxmemory", "1"))
        yield* until(
          "out of memory",
          Effect.map(one(Effect.zipRight(attempt(answering), Fleet.condition)), (found) =>
            found === "out of memory" ? true : undefined
          )
        )
        yield* Effect.promise(() => looker.send("CONFIG", "SET", "maxmemory", "0"))
        yield* until(
          "open for all",
          Effect.gen(function* () {
            yield* one(attempt(failing))
            yield* two(attempt(failing))
            const all = yield* Effect.all([one(statusOf()), two(statusOf())])
            return all.every((status) => status === "Open") ? true : undefined
          })
        )
        yield* until(
          "up",
          Effect.map(one(Fleet.condition), (found) => (found === "up" ? true : undefined))
        )
      })
    )
  }
  test("works on a client of the user's, and leaves it connected", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const looker = yield* looking(url, prefix)
      const mine = yield* client(url)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const run = yield* started({ client: mine, prefix })
          yield* run(attempt(answering))
          yield* until(
            "a record",
            Effect.promise(() => looker.get(`${prefix}${key}`))
          )
        })
      )
      expect(yield* Effect.promise(() => mine.ping())).toBe("PONG")
    })
  )
})
