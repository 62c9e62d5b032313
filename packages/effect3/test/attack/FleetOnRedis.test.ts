import type { Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as Redis from "@truce/effect3/Redis"
import { Duration, Effect, Layer } from "effect"
import { Redis as Client, type RedisOptions } from "ioredis"
import { describe, expect } from "vitest"
import { freshPrefix, looking, ownRedis, test, until } from "../fleetSupport.ts"
import { answering, attempt, failing, key, statusOf, steady } from "../support.ts"

const started = (options: Redis.Options, truce: Truce.Options = {}) =>
  Effect.map(
    Layer.build(Layer.provideMerge(Redis.layer({ flushEvery: "20 millis", ...options }), steady(truce))),
    (context) =>
      <A, E>(self: Effect.Effect<A, E, Truce.Services | Fleet.Fleet>) =>
        Effect.provide(self, context)
  )

const long: Truce.Options = { circuit: { openFor: "10 seconds", maxOpenFor: "10 seconds" } }

const client = (url: string, options: RedisOptions) =>
  Effect.acquireRelease(
    Effect.sync(() => new Client(url, options)),
    (made) => Effect.sync(() => made.disconnect())
  )

describe("a fleet on Redis", () => {
  test("keeps its records for ever where it is told so", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const looker = yield* looking(url, prefix)
      const run = yield* started({ connection: url, prefix, idleTimeToLive: Duration.infinity })
      yield* run(attempt(answering))
      yield* until(
        "a record",
        Effect.promise(async () => (await looker.get(`${prefix}${key}`)) ?? undefined)
      )
      expect(yield* run(Fleet.condition)).toBe("up")
      expect(yield* Effect.promise(() => looker.pttl(`${prefix}${key}`))).toBeGreaterThan(1e15)
    })
  )

  test("opens nothing in another database of the same server", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const looker = yield* looking(url, prefix)
      const process = (database: number, name: string) =>
        started({ connection: `${url}/${database}`, prefix, process: name }, long)
      const [one, two] = yield* Effect.all([process(1, "one"), process(1, "two")])
      const [other, another, watching] = yield* Effect.all([
        process(2, "other"),
        process(2, "another"),
        process(2, "watching")
      ])
      yield* Effect.promise(() => looker.select(2))
      for (const name of [key, "last"]) {
        yield* watching(attempt(answering, name))
        yield* until(
          "a record",
          Effect.promise(async () => (await looker.get(`${prefix}${name}`)) ?? undefined)
        )
      }
      const opened = (name: string, ...both: readonly [typeof one, typeof one]) =>
        until(
          `${name} open for both`,
          Effect.gen(function* () {
            for (const run of both) yield* run(attempt(failing, name))
            const all = yield* Effect.forEach(both, (run) => run(statusOf(name)))
            return all.every((status) => status === "Open") ? true : undefined
          })
        )
      yield* opened(key, one, two)
      yield* opened("last", other, another)
      // It has sent nothing under this key since: it knows of the opening from the channel alone, which keeps the order.
      yield* until(
        "the last news",
        Effect.map(watching(statusOf("last")), (status) => (status === "Open" ? true : undefined))
      )
      expect(yield* watching(statusOf())).toBe("Closed")
    })
  )

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
        yield* Effect.promise(() => looker.config("SET", "maxmemory", "1"))
        yield* until(
          "out of memory",
          Effect.map(one(Effect.zipRight(attempt(answering), Fleet.condition)), (found) =>
            found === "out of memory" ? true : undefined
          )
        )
        yield* Effect.promise(() => looker.config("SET", "maxmemory", "0"))
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
})
