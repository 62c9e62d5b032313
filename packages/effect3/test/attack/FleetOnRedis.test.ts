import type { Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import { Duration, Effect, Layer } from "effect"
import { describe, expect } from "vitest"
import { freshPrefix, looking, ownRedis, test, until } from "../fleetSupport.ts"
import { type Options, fleetAt } from "../platform/RedisFleet.ts"
import { answering, attempt, failing, key, statusOf, steady } from "../support.ts"

const started = (url: string, options: Options, truce: Truce.Options = {}) =>
  Effect.map(
    Layer.build(Layer.provideMerge(fleetAt(url, { flushEvery: "20 millis", ...options }), steady(truce))),
    (context) =>
      <A, E>(self: Effect.Effect<A, E, Truce.Services | Fleet.Fleet>) =>
        Effect.provide(self, context)
  )

const long: Truce.Options = { circuit: { openFor: "10 seconds", maxOpenFor: "10 seconds" } }

describe("a fleet on Redis", () => {
  test("keeps its records for ever where it is told so", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const looker = yield* looking(url, prefix)
      const run = yield* started(url, { prefix, idleTimeToLive: Duration.infinity })
      yield* run(attempt(answering))
      yield* until(
        "a record",
        Effect.promise(() => looker.get(`${prefix}${key}`))
      )
      expect(yield* run(Fleet.condition)).toBe("up")
      expect(Number(yield* Effect.promise(() => looker.send("PTTL", `${prefix}${key}`)))).toBeGreaterThan(1e15)
    })
  )

  test("opens nothing in another database of the same server", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const looker = yield* looking(url, prefix)
      const process = (database: number, name: string) => started(`${url}/${database}`, { prefix, process: name }, long)
      const [one, two] = yield* Effect.all([process(1, "one"), process(1, "two")])
      const [other, another, watching] = yield* Effect.all([
        process(2, "other"),
        process(2, "another"),
        process(2, "watching")
      ])
      yield* Effect.promise(() => looker.send("SELECT", "2"))
      for (const name of [key, "last"]) {
        yield* watching(attempt(answering, name))
        yield* until(
          "a record",
          Effect.promise(() => looker.get(`${prefix}${name}`))
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
})
