import { it } from "@effect/vitest"
import { CircuitBreaker, InvalidOption, Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import { Cause, Config, Effect, Exit, Layer } from "effect"
import { describe, expect } from "vitest"
import { anyRedis, freshPrefix, looking, ownRedis, test, until } from "./fleetSupport.ts"
import { withEnv } from "./platform/ConfigProviders.ts"
import { defectOf } from "./platform/Exits.ts"
import { telling } from "./platform/Logs.ts"
import type { Looking } from "./platform/Looking.ts"
import { type Options, commands, fleetAt, fleetConfigAt, fleetsAt } from "./platform/RedisFleet.ts"
import { answering, attempt, failing, key, statusOf, steady } from "./support.ts"

type Services = Truce.Services | Fleet.Fleet

/** What one layer of its own, as another process would have, does and logs. */
const started = (url: string, options: Options, truce: Truce.Options = {}, fleet = fleetAt) =>
  Effect.gen(function* () {
    const logs: Array<string> = []
    const logger = telling(({ level, message }) => void logs.push(`${level} ${message}`))
    const context = yield* Layer.build(
      Layer.provideMerge(fleet(url, { flushEvery: "20 millis", ...options }), steady(truce)).pipe(Layer.provide(logger))
    )
    return { logs, run: <A, E>(self: Effect.Effect<A, E, Services>) => Effect.provide(self, context) }
  })
type Process = Effect.Effect.Success<ReturnType<typeof started>>

const condition = (process: Process, expected: string) =>
  until(
    expected,
    Effect.map(process.run(Effect.zipRight(attempt(answering), Fleet.condition)), (found) =>
      found === expected ? true : undefined
    )
  )

const stored = (client: Looking, name: string) =>
  until(
    "a record",
    Effect.promise(() => client.get(name).catch(() => undefined))
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
      const counts = String(yield* Effect.promise(() => client.send("INFO", "errorstats")))
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
      yield* Effect.promise(() => client.send("REPLICAOF", "127.0.0.1", "1"))
      yield* condition(process, "read-only")
      yield* refused(process, client, "READONLY")
      yield* Effect.promise(() => client.send("REPLICAOF", "NO", "ONE"))
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
      yield* Effect.promise(() => client.send("CONFIG", "SET", "maxmemory", "1"))
      yield* condition(process, "out of memory")
      yield* refused(process, client, "OOM")
      yield* Effect.promise(() => client.send("CONFIG", "SET", "maxmemory", "0"))
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
      yield* Effect.promise(() => client.send("SCRIPT", "FLUSH"))
      yield* Effect.promise(() => client.send("DEL", `${prefix}${key}`))
      yield* told(process, client, prefix, key)
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
      yield* Effect.promise(() => client.send("FLUSHALL"))
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
          return yield* Effect.promise(() => client.get(`${prefix}${key}`))
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
        Effect.promise(() => admin.send("ACL", "SETUSER", "fleet", ...rules))
      const own = ["resetkeys", `~${prefix}*`, "resetchannels", `&${prefix}news`]
      yield* acl("on", ">secret", ...own, "-@all", ...commands.map((command) => `+${command}`))
      const connection = url.replace("redis://", "redis://fleet:secret@")
      const process = yield* started(connection, { prefix })
      yield* condition(process, "up")
      yield* stored(admin, `${prefix}${key}`)
      yield* acl("-set")
      yield* condition(process, "denied")
      yield* acl("+set")
      yield* condition(process, "up")
      expect(heads(process)).toEqual(["WARN the store is denied", "INFO the store serves again"])
    })
  )

  test("that is not there is told of once, and nobody waits for it", Effect.succeed(undefined), () =>
    Effect.gen(function* () {
      const process = yield* started("redis://127.0.0.1:1", { prefix: freshPrefix() })
      yield* condition(process, "down")
      expect(heads(process)).toEqual(["WARN the store is down"])
    })
  )

  test("that is not there yet is told of once, and found when it is", ownRedis, (redis) =>
    Effect.gen(function* () {
      yield* redis.kill
      const processes = yield* Effect.forEach(fleetsAt, (fleet) =>
        started(redis.url, { prefix: freshPrefix() }, {}, fleet)
      )
      for (const process of processes) {
        expect(Exit.isSuccess(yield* process.run(attempt(answering)))).toBe(true)
        yield* condition(process, "down")
      }
      yield* redis.restart
      for (const process of processes) {
        yield* condition(process, "up")
        expect(heads(process)).toEqual(["WARN the store is down", "INFO the store serves again"])
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
          const counts = await client.send("PUBSUB", "NUMSUB", `${prefix}news`)
          return Array.isArray(counts) && Number(counts[1]) === 3 ? true : undefined
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
      yield* Effect.promise(() => client.send("LPUSH", `${prefix}${key}`, "a", "b"))
      const process = yield* started(url, { prefix })
      // Calls go on: one that was under way when the process learnt of the fleet's circuit is of an earlier generation, and tells nothing.
      const text = yield* until(
        "the list is replaced",
        Effect.zipRight(
          process.run(attempt(answering)),
          Effect.promise(() => client.get(`${prefix}${key}`).catch(() => undefined))
        )
      )
      expect(text).toContain('{"v":1,')
      expect(process.logs).toEqual([
        "WARN what the fleet has stored of users-api is garbage, and is replaced: record must be a JSON object"
      ])
      yield* Effect.promise(() => client.send("SET", `${prefix}${key}`, "{"))
      yield* until(
        "the half of one is replaced",
        Effect.zipRight(
          process.run(attempt(answering)),
          Effect.map(stored(client, `${prefix}${key}`), (found) => (found.startsWith('{"v":1,') ? true : undefined))
        )
      )
    })
  )

  test("of a newer version is left as it is, with one warning; this process judges alone", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const newer = '{"v":2,"all":"else"}'
      yield* Effect.promise(() => client.send("SET", `${prefix}${key}`, newer))
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

  test("with fields of a later release of this version is understood", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const one = yield* started(url, { prefix, process: "a" })
      const two = yield* started(url, { prefix, process: "b" })
      yield* one.run(attempt(failing))
      const text = yield* stored(client, `${prefix}${key}`)
      const later = text
        .replace('{"v":1,', '{"v":1,"later":{"than":"this"},')
        .replace('"circuit":{', '"circuit":{"later":1,')
      yield* Effect.promise(() => client.send("SET", `${prefix}${key}`, later))
      yield* until(
        "open for both",
        Effect.gen(function* () {
          yield* two.run(attempt(failing))
          return (yield* one.run(statusOf())) === "Open" ? true : undefined
        })
      )
      expect([...one.logs, ...two.logs]).toEqual([])
    })
  )

  test("goes when nobody has written to it for its time to live", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const prefix = freshPrefix()
      const client = yield* looking(url, prefix)
      const process = yield* started(url, { prefix, idleTimeToLive: "1 minute" })
      yield* process.run(attempt(answering))
      yield* stored(client, `${prefix}${key}`)
      const left = Number(yield* Effect.promise(() => client.send("PTTL", `${prefix}${key}`)))
      expect(left > 50_000 && left <= 60_000).toBe(true)
    })
  )
})

describe("the layer", () => {
  it.effect("dies with the name, the rule and the value of an impossible option", () =>
    Effect.gen(function* () {
      const message = (options: Options) => {
        const fleet = fleetAt("redis://127.0.0.1:1", options)
        const built = Effect.exit(Effect.scoped(Layer.build(Layer.provideMerge(fleet, Truce.layer()))))
        return Effect.map(built, (exit) => {
          const defect = defectOf(exit)
          return defect instanceof InvalidOption.InvalidOption ? defect.message : defect
        })
      }
      expect(yield* message({ prefix: "" })).toBe('Redis: prefix must be a text that is not empty, got ""')
      expect(yield* message({ witnesses: 0 })).toBe("Fleet: witnesses must be a whole number of at least 1, got 0")
      expect(yield* message({ flushEvery: "0 seconds" })).toContain("Fleet: flushEvery")
    })
  )

  it.effect("reads its options from configs", () =>
    Effect.gen(function* () {
      const layer = fleetConfigAt("redis://127.0.0.1:1", { witnesses: Config.integer("WITNESSES") })
      const cause = yield* Effect.flip(
        Effect.sandbox(Effect.scoped(Layer.build(Layer.provideMerge(layer, Truce.layer()))))
      ).pipe(withEnv({ WITNESSES: "0" }))
      expect(Cause.pretty(cause)).toContain("witnesses")
    })
  )
})
