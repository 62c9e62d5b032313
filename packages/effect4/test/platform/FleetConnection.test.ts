// What a user gives as the way to Redis, and what is said of one that does not lead there.
import { NodeRedis } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { InvalidOption, type Truce } from "@truce/effect4"
import * as Fleet from "@truce/effect4/Fleet"
import * as Redis from "@truce/effect4/Redis"
import { Cause, Effect, Exit, Layer, Logger, Result } from "effect"
import * as Client from "effect/persistence/Redis"
import { describe, expect } from "vitest"
import { freshPrefix, until } from "../fleetSupport.ts"
import { answering, attempt, steady } from "../support.ts"

/** The lines of a process that has been told, by the time the store is in this condition. */
const told = (client: Layer.Layer<Client.Redis>, condition: string) =>
  Effect.gen(function* () {
    const logs: Array<string> = []
    const logger = Logger.layer([Logger.make(({ message }) => void logs.push(String(message).split(";")[0] ?? ""))])
    const fleet = Layer.provide(Redis.layer({ prefix: freshPrefix(), flushEvery: "20 millis" }), client)
    const context = yield* Layer.build(Layer.provideMerge(fleet, steady()).pipe(Layer.provide(logger)))
    const asked: Effect.Effect<string, unknown, Truce.Services | Fleet.Fleet> = Effect.andThen(
      attempt(answering),
      Fleet.condition
    )
    yield* until(
      condition,
      Effect.map(Effect.provide(asked, context), (found) => (found === condition ? true : undefined))
    )
    return logs
  })

/** Says one and the same to each command. */
const saying = (line: string) => {
  const failing = Effect.fail(new Client.RedisError({ cause: new Error(line) }))
  return Layer.effect(Client.Redis, Client.make({ send: () => failing, subscribe: () => failing, connect: failing }))
}

describe("the warning", () => {
  it.live("says why a client could not be built in the background", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const client = Redis.layerClient(NodeRedis.layer({ url: "127.0.0.1:6379" }))
        expect(yield* told(client, "down")).toEqual(["the store is down: The client is offline: Invalid URL"])
      })
    )
  )

  it.live("says that it is a node of a cluster", () =>
    Effect.scoped(
      Effect.gen(function* () {
        expect(yield* told(saying("MOVED 10552 127.0.0.1:7502"), "down")).toEqual([
          "the store is down: it is a node of a cluster, give a client for one: MOVED 10552 127.0.0.1:7502"
        ])
      })
    )
  )
})

describe("an option that leads nowhere", () => {
  // As JavaScript may give it.
  const cases: ReadonlyArray<readonly [{ readonly [name: string]: unknown }, string]> = [
    [{ prefix: 3 }, "Redis: prefix must be a text that is not empty, got 3"],
    [{ process: 3 }, "Fleet: process must be a name that is not empty, got 3"]
  ]
  for (const [options, message] of cases) {
    it.effect(`says: ${message}`, () =>
      Effect.gen(function* () {
        const fleet = Layer.provide(Redis.layer(options), saying(""))
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(Layer.provideMerge(fleet, steady()))))
        const defect = Exit.isFailure(exit) ? Result.getOrUndefined(Cause.findDefect(exit.cause)) : undefined
        expect(defect instanceof InvalidOption.InvalidOption ? defect.message : defect).toBe(message)
      })
    )
  }
})
