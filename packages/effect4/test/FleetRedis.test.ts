import { NodeRedis } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { CircuitBreaker, InvalidOption, Truce } from "@truce/effect4"
import * as Fleet from "@truce/effect4/Fleet"
import * as Redis from "@truce/effect4/Redis"
import { Cause, Config, ConfigProvider, Effect, Exit, Layer, Logger, Result } from "effect"
import * as Client from "effect/persistence/Redis"
import { describe, expect } from "vitest"
import { anyRedis, freshPrefix, looking, ownRedis, test, until } from "./fleetSupport.ts"
import { answering, attempt, failing, key, statusOf, steady } from "./support.ts"

type Services = Truce.Services | Fleet.Fleet

const node = (url: string) =>
  Redis.layerClient(
    NodeRedis.layer({
      url,
      disableOfflineQueue: true,
      pingInterval: 50,
      socket: { socketTimeout: 5_000, reconnectStrategy: () => 50 }
    })
  )

/** What one layer of its own, as another process would have, does and logs of the store. */
const started = (url: string, options: Redis.Options, truce: Truce.Options = {}, client = node(url)) =>
  Effect.gen(function* () {
    const logs: Array<string> = []
    const logger = Logger.layer([
      Logger.make(({ logLevel, message }) => {
        const text = Array.isArray(message) ? message.join(" ") : String(message)
        if (!text.startsWith("NodeRedis")) logs.push(`${logLevel.toUpperCase()} ${text}`)
      })
    ])
    const fleet = Layer.provide(Redis.layer({ flushEvery: "20 millis", ...options }), client)
    const context = yield* Layer.build(Layer.provideMerge(fleet, steady(truce)).pipe(Layer.provide(logger)))
    return { logs, run: <A, E>(self: Effect.Effect<A, E, Services>) => Effect.provide(self, context) }
  })
type Process = Effect.Success<ReturnType<typeof started>>
type Looking = Effect.Success<ReturnType<typeof looking>>

const condition = (process: Process, expected: string) =>
  until(
    expected,
    Effect.map(process.run(Effect.andThen(attempt(answering), Fleet.condition)), (found) =>
      found === expected ? true : undefined
    )
  )

const stored = (client: Looking, name: string) =>
  until(
    "a record",
    Effect.promise(async () => (await client.get(name).catch(() => undefined)) ?? undefined)
  )

/** Ends when what the process has seen at another key is told. */
const told = ({ run }: Process, client: Looking, prefix: string, name: string) =>
  Effect.gen(function* () {
    const record = Effect.promise(() => client.get(`${prefix}${name}`))
    const before = yield* record
    yield* run(attempt(answering, name))
    yield* until(
      `a call at ${name} is told`,
      Effect.map(record, (text) => (text === before ? undefined : true))
    )
  })

/** Ends when all that was due is told or looked at: a flush begins when the one before has ended, and only a first call waits for none. */
const flushed = (process: Process, client: Looking, prefix: string, name: string) =>
  Effect.repeat(told(process, client, prefix, name), { times: 2 })

/** Calls go on until the server has refused a few times to take what was seen, for that reason. */
const refused = (process: Process, client: Looking, reason: "READONLY" | "OOM") =>
  until(
    `refused: ${reason}`,
    Effect.gen(function* () {
      expect(Exit.isSuccess(yield* process.run(attempt(answering)))).toBe(true)
      const counts = yield* Effect.promise(() => client.info("errorstats"))
      const count = new RegExp(`errorstat_${reason}:count=(\\d+)`).exec(counts)?.[1]
      return Number(count ?? 0) >= 5 ? true : undefined
    })
  )

const heads = ({ logs }: Process) => logs.map((line) => line.split(":")[0])

describe("a Redis", () => {
  test("that takes no writes is told of once, and calls go on", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const process = yield* started(url, { prefix })
      yield* condition(process, "up")
      yield* Effect.promise(() => client.sendCommand(["REPLICAOF", "127.0.0.1", "1"]))
      yield* condition(process, "read-only")
      yield* refused(process, client, "READONLY")
      yield* Effect.promise(() => client.sendCommand(["REPLICAOF", "NO", "ONE"]))
      yield* condition(process, "up")
      expect(heads(process)).toEqual(["WARN the store is read-only", "INFO the store serves again"])
    })
  )

  test("that has no memory left is told of once, and calls go on", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const process = yield* started(url, { prefix })
      yield* condition(process, "up")
      yield* Effect.promise(() => client.configSet("maxmemory", "1"))
      yield* condition(process, "out of memory")
      yield* refused(process, client, "OOM")
      yield* Effect.promise(() => client.configSet("maxmemory", "0"))
      yield* condition(process, "up")
      expect(heads(process)).toEqual(["WARN the store is out of memory", "INFO the store serves again"])
    })
  )

  test("that forgets its scripts is told them again", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const process = yield* started(url, { prefix })
      yield* process.run(attempt(answering))
      yield* stored(client, `${prefix}${key}`)
      yield* Effect.promise(() => client.sendCommand(["SCRIPT", "FLUSH"]))
      yield* Effect.promise(() => client.del(`${prefix}${key}`))
      yield* process.run(attempt(answering))
      yield* stored(client, `${prefix}${key}`)
      expect(process.logs).toEqual([])
    })
  )

  test("that is flushed while a circuit is open for all leaves it open here, and starts anew", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const brief: Truce.Options = { circuit: { openFor: "50 millis", maxOpenFor: "50 millis" } }
      const processes = yield* Effect.forEach(["a", "b"], (process) => started(url, { prefix, process }, brief))
      yield* until(
        "open for all",
        Effect.gen(function* () {
          for (const { run } of processes) yield* run(attempt(failing))
          const all = yield* Effect.forEach(processes, ({ run }) => run(statusOf()))
          const text = yield* Effect.promise(() => client.get(`${prefix}${key}`))
          const isStored = text?.includes('"state":{"_tag":"Open"') === true
          return isStored && all.every((status) => status === "Open") ? true : undefined
        })
      )
      for (const [i, process] of processes.entries()) yield* flushed(process, client, prefix, `seen by ${i}`)
      yield* Effect.promise(() => client.flushAll())
      for (const [i, process] of processes.entries()) {
        // From the end of the open time on each flush looks what has become of it.
        yield* until(
          "the open time is over",
          Effect.map(process.run(CircuitBreaker.state(key)), ({ nextAdmission }) =>
            nextAdmission === undefined ? true : undefined
          )
        )
        yield* flushed(process, client, prefix, `seen by ${i}`)
      }
      for (const { run } of processes) {
        expect(yield* run(statusOf())).toBe("Open")
        yield* run(CircuitBreaker.reset(key, "known to be well"))
      }
      const text = yield* until(
        "a new record",
        Effect.gen(function* () {
          for (const { run } of processes) yield* run(attempt(answering))
          return (yield* Effect.promise(() => client.get(`${prefix}${key}`))) ?? undefined
        })
      )
      expect(text).toContain('"state":{"_tag":"Closed"')
    })
  )

  test("that does not let the user in, or not all the way, is told of once", ownRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const admin = yield* looking(url, prefix)
      const acl = (...rules: ReadonlyArray<string>) =>
        Effect.promise(() => admin.sendCommand(["ACL", "SETUSER", "fleet", ...rules]))
      const commands = ["evalsha", "script|load", "get", "set", "time", "publish", "subscribe", "unsubscribe", "ping"]
      const own = ["resetkeys", `~${prefix}*`, "resetchannels", `&${prefix}news`]
      yield* acl("on", ">secret", ...own, "-@all", ...commands.map((command) => `+${command}`))
      const process = yield* started(url.replace("redis://", "redis://fleet:secret@"), { prefix })
      yield* condition(process, "up")
      yield* stored(admin, `${prefix}${key}`)
      yield* acl("-set")
      yield* condition(process, "denied")
      yield* acl("+set")
      yield* condition(process, "up")
      expect(heads(process)).toEqual(["WARN the store is denied", "INFO the store serves again"])
    })
  )

  test("that is not there yet is told of once, and found when it is", ownRedis, (redis) =>
    Effect.gen(function* () {
      yield* redis.kill
      const giving = Redis.layerClient(NodeRedis.layer({ url: redis.url, disableOfflineQueue: true }))
      const impatient = yield* started(redis.url, { prefix: freshPrefix() }, {}, giving)
      const process = yield* started(redis.url, { prefix: freshPrefix() })
      for (const one of [process, impatient]) {
        expect(Exit.isSuccess(yield* one.run(attempt(answering)))).toBe(true)
        yield* condition(one, "down")
      }
      yield* redis.restart
      yield* condition(process, "up")
      yield* condition(impatient, "up")
      for (const one of [process, impatient]) {
        expect(heads(one)).toEqual(["WARN the store is down", "INFO the store serves again"])
      }
    })
  )

  test("tells at once what only news can tell", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const [one, two] = yield* Effect.forEach(["a", "b"] as const, (process) => started(url, { prefix, process }))
      const hearing = yield* started(url, { prefix, process: "c", flushEvery: "1 hour" })
      if (one === undefined || two === undefined) throw new Error("no process")
      yield* hearing.run(attempt(answering))
      yield* stored(client, `${prefix}${key}`)
      yield* until(
        "it subscribes",
        Effect.promise(async () => {
          const counts = await client.pubSubNumSub([`${prefix}news`])
          return counts[`${prefix}news`] === 3 ? true : undefined
        })
      )
      yield* until(
        "open for all",
        Effect.gen(function* () {
          for (const { run } of [one, two]) yield* run(attempt(failing))
          return (yield* hearing.run(statusOf())) === "Open" ? true : undefined
        })
      )
    })
  )
})

describe("a record", () => {
  test("that is garbage, or no text at all, is replaced with a warning", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      yield* Effect.promise(() => client.lPush(`${prefix}${key}`, ["a", "b"]))
      const process = yield* started(url, { prefix })
      yield* process.run(attempt(answering))
      expect(yield* stored(client, `${prefix}${key}`)).toContain('{"v":1,')
      expect(process.logs).toEqual([
        "WARN what the fleet has stored of users-api is garbage, and is replaced: record must be a JSON object"
      ])
    })
  )

  test("of a newer version is left as it is, with one warning; this process judges alone", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const newer = '{"v":2,"all":"else"}'
      yield* Effect.promise(() => client.set(`${prefix}${key}`, newer))
      const process = yield* started(url, { prefix })
      for (let i = 0; i < 12; i++) {
        yield* process.run(attempt(failing))
        yield* told(process, client, prefix, "another")
      }
      expect(yield* process.run(statusOf())).toBe("Open")
      expect(yield* stored(client, `${prefix}${key}`)).toBe(newer)
      expect(process.logs).toEqual([
        "WARN what the fleet has stored of users-api is left as it is, and the key is judged by this process alone: v must be 1, got 2"
      ])
    })
  )

  test("goes when nobody has written to it for its time to live", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const process = yield* started(url, { prefix, idleTimeToLive: "1 minute" })
      yield* process.run(attempt(answering))
      yield* stored(client, `${prefix}${key}`)
      const left = yield* Effect.promise(() => client.pTTL(`${prefix}${key}`))
      expect(left > 50_000 && left <= 60_000).toBe(true)
    })
  )
})

describe("the layer", () => {
  const unasked = Layer.effect(
    Client.Redis,
    Client.make({ send: () => Effect.never, subscribe: () => Effect.never, connect: Effect.never })
  )

  it.effect("dies with the name, the rule and the value of an impossible option", () =>
    Effect.gen(function* () {
      const message = (options: Redis.Options) =>
        Effect.map(
          Effect.exit(
            Effect.scoped(Layer.build(Layer.provideMerge(Layer.provide(Redis.layer(options), unasked), Truce.layer())))
          ),
          (exit) => {
            const defect = Exit.isFailure(exit) ? Result.getOrUndefined(Cause.findDefect(exit.cause)) : undefined
            return defect instanceof InvalidOption.InvalidOption ? defect.message : defect
          }
        )
      expect(yield* message({ prefix: "" })).toBe('Redis: prefix must be a text that is not empty, got ""')
      expect(yield* message({ witnesses: 0 })).toBe("Fleet: witnesses must be a whole number of at least 1, got 0")
      expect(yield* message({ flushEvery: "0 seconds" })).toContain("Fleet: flushEvery")
    })
  )

  it.effect("reads its options from configs", () =>
    Effect.gen(function* () {
      const layer = Layer.provide(Redis.layerConfig({ witnesses: Config.Int("WITNESSES") }), unasked)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provideMerge(layer, Truce.layer())))).pipe(
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ WITNESSES: "0" })))
      )
      expect(String(error)).toContain("witnesses")
    })
  )
})
