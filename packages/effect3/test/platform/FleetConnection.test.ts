// What a user gives as the way to Redis, and what is said of one that does not lead there.
import { it } from "@effect/vitest"
import { InvalidOption, type Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as Redis from "@truce/effect3/Redis"
import { Cause, Effect, Exit, Layer, Logger, Option, Redacted } from "effect"
import { createServer } from "node:net"
import { describe, expect } from "vitest"
import { freshPrefix, looking, ownRedis, test, until } from "../fleetSupport.ts"
import { answering, attempt, steady } from "../support.ts"

/** The lines of a process that has been told, by the time the store is in this condition. */
const told = (connection: Redis.Options["connection"], condition: string) =>
  Effect.gen(function* () {
    const logs: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logs.push(String(message).split(";")[0] ?? ""))
    )
    const options = { connection, prefix: freshPrefix(), flushEvery: "20 millis" } as const
    const context = yield* Layer.build(Layer.provideMerge(Redis.layer(options), steady()).pipe(Layer.provide(logger)))
    const asked: Effect.Effect<string, unknown, Truce.Services | Fleet.Fleet> = Effect.zipRight(
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
const saying = (line: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer((socket) => {
        socket.on("error", () => undefined)
        socket.setEncoding("utf8").on("data", (text: string) => {
          for (const _ of text.matchAll(/(^|\r\n)\*\d+(?=\r\n)/g)) socket.write(`${line}\r\n`)
        })
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ port, close: () => void server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

describe("the warning", () => {
  test("says why there is no connection", Effect.succeed(undefined), () =>
    Effect.gen(function* () {
      expect(yield* told("redis://127.0.0.1:1", "down")).toEqual([
        "the store is down: connect ECONNREFUSED 127.0.0.1:1"
      ])
    })
  )

  test("says that the password is wrong, and that one is needed", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const admin = yield* looking(url, freshPrefix())
      yield* Effect.promise(() => admin.send("CONFIG", "SET", "requirepass", "secret"))
      const wrong = yield* told(url.replace("redis://", "redis://:guess@"), "denied")
      expect(wrong).toEqual(["the store is denied: WRONGPASS invalid username-password pair or user is disabled."])
      expect(yield* told(url, "denied")).toEqual(["the store is denied: NOAUTH Authentication required."])
    })
  )

  test("is the same where the URL is redacted", Effect.succeed(undefined), () =>
    Effect.gen(function* () {
      expect(yield* told(Redacted.make("redis://:guess@127.0.0.1:1"), "down")).toEqual([
        "the store is down: connect ECONNREFUSED 127.0.0.1:1"
      ])
    })
  )

  test("says that it is a node of a cluster", saying("-MOVED 10552 127.0.0.1:7502"), ({ port }) =>
    Effect.gen(function* () {
      expect(yield* told({ port, enableReadyCheck: false }, "down")).toEqual([
        "the store is down: it is a node of a cluster, give a Cluster as client: MOVED 10552 127.0.0.1:7502"
      ])
    })
  )
})

describe("an option that leads nowhere", () => {
  // As JavaScript may give it.
  const cases: ReadonlyArray<readonly [{ readonly [name: string]: unknown }, string]> = [
    [{ prefix: 3 }, "Redis: prefix must be a text that is not empty, got 3"],
    [{ process: 3 }, "Fleet: process must be a name that is not empty, got 3"],
    [
      { connection: 6_379 },
      'Redis: connection must be a URL such as "rediss://redis.internal:6379", or options of ioredis, got 6379'
    ],
    [
      { connection: "" },
      'Redis: connection must be a URL such as "rediss://redis.internal:6379", or options of ioredis, got ""'
    ],
    [
      { connection: "https://me:sec@ret@redis.internal" },
      'Redis: connection must be a URL such as "rediss://redis.internal:6379", or options of ioredis, got "https://***@redis.internal"'
    ],
    [{ client: { evalSha: () => undefined } }, 'Redis: client must be a client or a cluster of ioredis, got "object"'],
    [
      { client: { evalsha: () => undefined }, connection: "rediss://me:secret@redis.internal" },
      'Redis: connection must be left out where a client is given, got "rediss://***@redis.internal"'
    ]
  ]
  for (const [options, message] of cases) {
    it.effect(`says: ${message}`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(Layer.provideMerge(Redis.layer(options), steady()))))
        const defect = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.dieOption(exit.cause)) : undefined
        expect(defect instanceof InvalidOption.InvalidOption ? defect.message : defect).toBe(message)
      })
    )
  }
})
