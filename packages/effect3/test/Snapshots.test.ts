import {
  CircuitBreaker,
  CircuitOpen,
  Dependency,
  HealthModel,
  HealthScore,
  InvalidSnapshot,
  Outcome,
  Truce
} from "@truce/effect3"
import * as SnapshotRecord from "@truce/effect3/SnapshotRecord"
import * as Snapshots from "@truce/effect3/Snapshots"
import { Cause, Config, Deferred, Duration, Effect, Exit, Fiber, Layer, Option, type Scope, TestClock } from "effect"
import { it } from "@effect/vitest"
import { describe, expect } from "vitest"
import { by } from "./attack/support.ts"
import { withEnv } from "./platform/ConfigProviders.ts"
import { hasEnded } from "./platform/Fibers.ts"
import { telling } from "./platform/Logs.ts"
import { layerOf } from "./platform/Shelves.ts"
import { onTestClock } from "./platform/TestTime.ts"
import { answering, attempt, classify, failing, key, settled, statusOf, steady, trip } from "./support.ts"

/** A store whose contents a test can read and break, and whose reads and writes it can replace. */
const shelf = () => {
  const texts = new Map<string, string>()
  const store = {
    texts,
    writes: 0,
    reads: 0,
    get: (name: string): Effect.Effect<string | undefined> => Effect.sync(() => texts.get(name)),
    set: (name: string, text: string): Effect.Effect<void> => Effect.sync(() => void texts.set(name, text))
  }
  const layer = layerOf({
    texts,
    get: (name) => Effect.suspend(() => (store.reads++, store.get(name))),
    set: (name, text) => Effect.suspend(() => (store.writes++, store.set(name, text)))
  })
  return Object.assign(store, { layer })
}
type Shelf = ReturnType<typeof shelf>

/** Runs a program in what a new process would build; what it logs is kept. */
const started = (store: Shelf, options?: Snapshots.Options, services = steady()) => {
  const logs: Array<string> = []
  const logger = telling(({ level, message }) => void logs.push(`${level} ${message}`))
  const layer = Snapshots.layer(options).pipe(
    Layer.provideMerge(services),
    Layer.provide(store.layer),
    Layer.provide(logger)
  )
  return { logs, run: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, Layer.merge(layer, logger)) }
}

const test = (name: string, body: (store: Shelf) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.scoped(name, () => onTestClock(body(shelf())))

/** A stored record, newest first, as plain data. */
const records = ({ texts }: Shelf) =>
  Array.from(texts.values(), (text) => JSON.parse(text)).sort((left, right) => right.sequence - left.sequence)

const opened = (store: Shelf) => started(store).run(trip())

describe("a restart", () => {
  test("does not forget that a dependency is down", (store) =>
    Effect.gen(function* () {
      yield* opened(store)
      yield* TestClock.adjust("300 millis")
      yield* started(store).run(
        Effect.gen(function* () {
          const error = yield* Effect.flip(CircuitBreaker.execute(answering, { key, classify }))
          expect(CircuitOpen.isCircuitOpen(error) && Duration.toMillis(error.retryAfter)).toBe(200)
          yield* TestClock.adjust("200 millis")
          expect(Exit.isSuccess(yield* attempt(answering))).toBe(true)
        })
      )
    }))

  test("keeps the operator's modes with their reasons", (store) =>
    Effect.gen(function* () {
      yield* started(store).run(CircuitBreaker.isolate(key, "maintenance"))
      const state = yield* started(store).run(CircuitBreaker.state(key))
      expect(state.mode).toMatchObject({ _tag: "Isolated", reason: "maintenance" })
    }))

  test("tells what was restored, and how old it was", (store) =>
    Effect.gen(function* () {
      yield* started(store).run(Effect.zipRight(trip("a"), attempt(failing, "b")))
      yield* TestClock.adjust("2 seconds")
      expect(yield* started(store).run(Snapshots.restored)).toEqual({
        _tag: "Restored",
        age: Duration.seconds(2),
        keys: ["a", "b"],
        invalid: []
      })
    }))

  test("starts clean, and says nothing, where nothing was stored", (store) =>
    Effect.gen(function* () {
      const { logs, run } = started(store)
      expect(yield* run(Snapshots.restored)).toEqual({ _tag: "Clean", reason: "absent" })
      expect(logs).toEqual([])
      expect(store.writes).toBe(0)
    }))

  test("starts clean when the record is older than maxAge", (store) =>
    Effect.gen(function* () {
      yield* opened(store)
      yield* TestClock.adjust("61 seconds")
      const { logs, run } = started(store, { maxAge: "1 minute" })
      expect(yield* run(Effect.all([Snapshots.restored, statusOf()]))).toEqual([
        { _tag: "Clean", reason: "expired" },
        "Closed"
      ])
      expect(logs).toEqual(["WARN stored circuits circuits are 1m 1s old, more than 1m: all circuits start clean"])
    }))

  test("finds a key called __proto__", (store) =>
    Effect.gen(function* () {
      yield* started(store).run(CircuitBreaker.isolate("__proto__", "odd"))
      expect(yield* started(store).run(statusOf("__proto__"))).toBe("Isolated")
    }))

  test("lets a dependency with options of its own take its restored circuit", (store) =>
    Effect.gen(function* () {
      class UsersApi extends Dependency.Tag("UsersApi")<UsersApi>()({
        key,
        classify,
        circuit: { openFor: "9 seconds" }
      }) {}
      yield* opened(store)
      const exit = yield* started(store).run(Effect.exit(Effect.provide(UsersApi.protect(answering), UsersApi.layer)))
      expect(Exit.isFailure(exit) && Option.getOrUndefined(Cause.failureOption(exit.cause))).toMatchObject({
        _tag: "CircuitOpen"
      })
    }))
})

describe("the age of a record", () => {
  const store = shelf()
  by(() => Layer.empty)("counts as none when the wall clock was set back, and is not the monotonic clock's", (clock) =>
    Effect.gen(function* () {
      yield* opened(store)
      clock.step(-3_600_000)
      yield* clock.advance(300)
      const { run } = started(store)
      yield* run(
        Effect.gen(function* () {
          expect(yield* Snapshots.restored).toMatchObject({ _tag: "Restored", age: Duration.zero })
          yield* clock.advance(499)
          expect(Exit.isFailure(yield* attempt(answering))).toBe(true)
          yield* clock.advance(1)
          expect(Exit.isSuccess(yield* attempt(answering))).toBe(true)
        })
      )
    })
  )
})

describe("saving", () => {
  test("happens on a transition, at once", (store) =>
    started(store).run(
      Effect.gen(function* () {
        yield* attempt(failing)
        yield* settled
        expect(store.writes).toBe(0)
        yield* trip()
        yield* settled
        expect(records(store)[0].circuits[key].state._tag).toBe("Open")
      })
    ))

  test("of many transitions is one write, and one more after the coalescing time", (store) =>
    started(store, { coalesce: "1 second", every: "1 hour" }).run(
      Effect.gen(function* () {
        yield* CircuitBreaker.isolate("first", "")
        yield* settled
        expect(store.writes).toBe(1)
        yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => `${index}`),
          (name) => CircuitBreaker.isolate(name, "")
        )
        yield* TestClock.adjust("999 millis")
        expect(store.writes).toBe(1)
        yield* TestClock.adjust("1 millis")
        expect(store.writes).toBe(2)
        yield* TestClock.adjust("1 minute")
        expect(store.writes).toBe(2)
        expect(Object.keys(records(store)[0].circuits)).toHaveLength(101)
      })
    ))

  test("happens every ten seconds, only if something changed", (store) =>
    started(store).run(
      Effect.gen(function* () {
        yield* attempt(failing)
        yield* TestClock.adjust("10 seconds")
        expect(store.writes).toBe(1)
        yield* TestClock.adjust("30 seconds")
        expect(store.writes).toBe(1)
        yield* HealthScore.record(key, Outcome.success)
        yield* TestClock.adjust("10 seconds")
        expect(store.writes).toBe(2)
      })
    ))

  test("happens when the scope closes", (store) =>
    Effect.gen(function* () {
      yield* started(store).run(attempt(failing))
      expect(records(store)[0].circuits[key].traffic.failures).toBe(1)
    }))

  test("is finished, not cut off, when the scope closes in its midst", (store) =>
    Effect.gen(function* () {
      const { set } = store
      const [begun, rest] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      store.set = (name, text) =>
        Effect.zipRight(Deferred.succeed(begun, undefined), Effect.zipRight(Deferred.await(rest), set(name, text)))
      const { logs, run } = started(store)
      const fiber = yield* Effect.fork(run(Effect.zipRight(trip(), Deferred.await(begun))))
      yield* Deferred.await(begun)
      yield* settled
      yield* Deferred.succeed(rest, undefined)
      yield* Fiber.join(fiber)
      expect(logs).toEqual([])
      expect(store.writes).toBe(1)
      expect(yield* started(store).run(statusOf())).toBe("Open")
    }))

  test("does not happen after a restart that changed nothing", (store) =>
    Effect.gen(function* () {
      yield* opened(store)
      const { writes } = store
      yield* started(store).run(TestClock.adjust("1 minute"))
      expect(store.writes).toBe(writes)
    }))

  test("by hand waits for the store, changed or not", (store) =>
    Effect.gen(function* () {
      yield* started(store).run(Effect.zipRight(Snapshots.save, Snapshots.save))
      expect(records(store).map(({ sequence, version }) => [version, sequence])).toEqual([
        [1, 1],
        [1, 0]
      ])
    }))

  test("takes two places in turn", (store) =>
    Effect.gen(function* () {
      yield* started(store, { key: "host-1" }).run(Effect.repeatN(Snapshots.save, 4))
      expect([...store.texts.keys()].sort()).toEqual(["host-1.a", "host-1.b"])
      expect(records(store).map(({ sequence }) => sequence)).toEqual([4, 3])
    }))
})

describe("of two records", () => {
  for (const saves of [2, 3]) {
    test(`the newest is restored, in whichever place it is: after ${saves} saves`, (store) =>
      Effect.gen(function* () {
        const keys = Array.from({ length: saves }, (_, index) => `key-${index}`)
        yield* started(store, { coalesce: "1 hour" }).run(
          Effect.forEach(keys, (name) => Effect.zipRight(CircuitBreaker.isolate(name, ""), Snapshots.save))
        )
        expect(store.texts.size).toBe(2)
        expect(yield* started(store).run(Snapshots.restored)).toMatchObject({ _tag: "Restored", keys })
      }))
  }
})

describe("loading by hand", () => {
  test("puts the stored circuits in the place of those there are, and leaves other keys alone", (store) =>
    started(store).run(
      Effect.gen(function* () {
        yield* trip()
        yield* Snapshots.save
        yield* TestClock.adjust("50 millis")
        yield* CircuitBreaker.reset(key, "fixed")
        yield* CircuitBreaker.isolate("b", "")
        expect(yield* Snapshots.load).toMatchObject({ _tag: "Restored", keys: [key] })
        expect(yield* Effect.all([statusOf(), statusOf("b")])).toEqual(["Open", "Isolated"])
      })
    ))
})

describe("what is stored and cannot be restored", () => {
  const good = (store: Shelf) =>
    Effect.gen(function* () {
      yield* started(store, { every: "1 hour" }).run(
        Effect.zipRight(trip("a"), Effect.zipRight(trip("b"), Snapshots.save))
      )
      const [newest] = records(store)
      store.texts.clear()
      return newest
    })
  const restarted = (store: Shelf, services = steady()) =>
    Effect.gen(function* () {
      const { logs, run } = started(store, undefined, services)
      const result = yield* run(Effect.all([Snapshots.restored, statusOf("a"), statusOf("b")]))
      return { logs, result }
    })

  const texts: ReadonlyArray<readonly [name: string, corrupt: (text: string) => string, told: string]> = [
    ["an empty file", () => "", "record: Expected JSON, got 0 characters that are not"],
    ["a truncated file", (text) => text.slice(0, 200), "record: Expected JSON, got 200 characters that are not"],
    ["text", () => "hello", "record: Expected JSON, got 5 characters that are not"],
    ["null", () => "null", "record: must be an object, got null"],
    ["a list", () => "[]", "record: must be an object, got an array"],
    ["no version", (text) => text.replace(`"version":1`, `"vers":1`), "version: is missing"],
    ["an older version", (text) => text.replace(`"version":1`, `"version":0`), "version: must be 1, got 0"],
    [
      "a version of another kind",
      (text) => text.replace(`"version":1`, `"version":"1"`),
      `version: must be 1, got "1"`
    ],
    ["a date that is none", (text) => text.replace(/"savedAt":"[^"]*"/, `"savedAt":"soon"`), "savedAt: "],
    ["a sequence that is none", (text) => text.replace(/"sequence":\d+/, `"sequence":-1`), "sequence: "],
    [
      "a sequence that none comes after",
      (text) => text.replace(/"sequence":\d+/, `"sequence":${Number.MAX_SAFE_INTEGER}`),
      "sequence: "
    ],
    [
      "circuits that are none",
      () => `{"version":1,"sequence":0,"savedAt":"2026-01-01T00:00:00Z","circuits":[]}`,
      "circuits: "
    ]
  ]
  for (const [name, corrupt, told] of texts) {
    test(`is a warning that names the field, and a clean start: ${name}`, (store) =>
      Effect.gen(function* () {
        store.texts.set("circuits.a", corrupt(JSON.stringify(yield* good(store))))
        const { logs, result } = yield* restarted(store)
        expect(result).toEqual([{ _tag: "Clean", reason: "corrupt" }, "Closed", "Closed"])
        expect(logs[0]).toContain(`WARN stored circuits circuits.a are corrupt: ${told}`)
        expect(logs.slice(1)).toEqual(["WARN no circuit was restored from circuits: all circuits start clean"])
      }))
  }

  const fields: ReadonlyArray<readonly [field: string, value: unknown, rule: string]> = [
    ["version", 7, "1, got 7"],
    ["generation", -1, "a whole number of at least 0, got -1"],
    ["model", "ewma", `"ledger", got "ewma"`],
    ["mode", {}, "a mode with _tag, reason and since"],
    ["state", { _tag: "Ajar" }, "Closed, Open or HalfOpen with its times and a score or credit in [0, 1]"],
    ["openings", null, "inARow, a whole number, lastMillis, and rampMillis if any, all at least 0"],
    ["traffic", { attempts: 1, failures: 2, at: 0 }, "0 <= failures <= attempts, at, and slowest of at least 0 if any"],
    ["health", "fine", "a state of the model ledger"]
  ]
  for (const [field, value, rule] of fields) {
    test(`is one circuit that starts clean, with a warning, and the others are restored: ${field}`, (store) =>
      Effect.gen(function* () {
        const record = yield* good(store)
        record.circuits.a[field] = value
        store.texts.set("circuits.a", JSON.stringify(record))
        const { logs, result } = yield* restarted(store)
        expect(result).toEqual([
          expect.objectContaining({
            keys: ["b"],
            invalid: [new InvalidSnapshot.InvalidSnapshot({ key: "a", field, rule })]
          }),
          "Closed",
          "Open"
        ])
        expect(logs).toEqual([`WARN snapshot of a: ${field} must be ${rule}; the circuit starts clean`])
      }))
  }

  test("is every circuit of another model, one warning each", (store) =>
    Effect.gen(function* () {
      store.texts.set("circuits.a", JSON.stringify(yield* good(store)))
      const { logs, result } = yield* restarted(store, steady({ model: HealthModel.consecutive() }))
      expect(result).toEqual([expect.objectContaining({ keys: [] }), "Closed", "Closed"])
      expect(logs).toEqual(
        ["a", "b"].map(
          (of) => `WARN snapshot of ${of}: model must be "consecutive", got "ledger"; the circuit starts clean`
        )
      )
    }))

  test("is only the last save when its write was cut off: the one before is restored, and its place is kept", (store) =>
    Effect.gen(function* () {
      yield* started(store).run(Effect.zipRight(trip("a"), Effect.repeatN(Snapshots.save, 1)))
      const [newest, before] = records(store)
      const [torn] = [...store.texts].find(([, text]) => JSON.parse(text).sequence === newest.sequence) ?? [""]
      store.texts.set(torn, JSON.stringify(newest).slice(0, -10))
      const { logs, run } = started(store)
      yield* run(
        Effect.gen(function* () {
          expect(yield* statusOf("a")).toBe("Open")
          expect(logs).toEqual([
            expect.stringContaining(`WARN stored circuits ${torn} are corrupt: record: Expected JSON`)
          ])
          yield* Snapshots.save
        })
      )
      expect(records(store).map(({ sequence }) => sequence)).toEqual([before.sequence + 1, before.sequence])
    }))
})

describe("a record of a newer release", () => {
  const newer = `{"version":2,"everything":"else"}`

  test("is left as it is, with one warning, and nothing is saved", (store) =>
    Effect.gen(function* () {
      store.texts.set("circuits.b", newer)
      const { logs, run } = started(store)
      yield* run(
        Effect.gen(function* () {
          expect(yield* Snapshots.restored).toEqual({ _tag: "Clean", reason: "newer" })
          yield* trip()
          yield* TestClock.adjust("1 minute")
          expect(yield* Effect.flip(Snapshots.save)).toMatchObject({ _tag: "SnapshotNotSaved", reason: "newer" })
        })
      )
      expect([...store.texts]).toEqual([["circuits.b", newer]])
      expect(logs).toEqual([
        "WARN stored circuits circuits.b are of version 2, and this release reads version 1: they are left as they are, and nothing is saved until they are removed or another key is used",
        "WARN no circuit was restored from circuits: all circuits start clean"
      ])
    }))

  test("is no obstacle once it is removed", (store) =>
    Effect.gen(function* () {
      store.texts.set("circuits.a", newer)
      yield* started(store).run(
        Effect.gen(function* () {
          yield* trip()
          store.texts.delete("circuits.a")
          yield* TestClock.adjust("10 seconds")
        })
      )
      expect(yield* started(store).run(statusOf())).toBe("Open")
    }))
})

describe("a store in trouble", () => {
  test("that fails to write is one warning, is tried again, and is told when it works", (store) =>
    Effect.gen(function* () {
      const { set } = store
      store.set = () => Effect.dieMessage("disk full")
      const { logs, run } = started(store)
      yield* run(
        Effect.gen(function* () {
          yield* trip()
          yield* TestClock.adjust("1 minute")
          expect(store.writes).toBe(7)
          expect(logs).toEqual([
            "WARN circuits were not saved to circuits: disk full; calls go on, and it is tried again"
          ])
          store.set = set
          yield* TestClock.adjust("10 seconds")
          expect(logs.slice(1)).toEqual(["INFO circuits are saved to circuits again"])
          expect(records(store)).toHaveLength(1)
        })
      )
    }))

  test("that hangs on a write, and cannot be interrupted, holds no call", (store) =>
    Effect.gen(function* () {
      store.set = () => Effect.uninterruptible(Effect.never)
      const { logs, run } = started(store)
      yield* run(
        Effect.gen(function* () {
          yield* trip()
          yield* settled
          expect(store.writes).toBe(1)
          const protect = Truce.protect(answering, { key: "other", classify })
          expect(yield* Effect.all([protect, Effect.flip(attempt(answering).pipe(Effect.flatten))])).toEqual([
            "hello",
            expect.objectContaining({ _tag: "CircuitOpen" })
          ])
          yield* TestClock.adjust("5 seconds")
          store.set = () => Effect.void
          expect(logs).toEqual([
            "WARN circuits were not saved to circuits: the store took longer than 5s; calls go on, and it is tried again"
          ])
        })
      )
    }))

  test("that hangs is asked for nothing more until it has ended, whatever happens, and then saves what is newest", (store) =>
    Effect.gen(function* () {
      const { set } = store
      const ended = yield* Deferred.make<void>()
      store.set = () => Effect.uninterruptible(Deferred.await(ended))
      const { logs, run } = started(store)
      yield* run(
        Effect.gen(function* () {
          yield* trip()
          for (let change = 0; change < 20; change++) {
            yield* CircuitBreaker.isolate(`key-${change}`, "maintenance")
            yield* TestClock.adjust("7 seconds")
          }
          expect([store.writes, logs.length]).toEqual([1, 1])
          expect(yield* Effect.flip(Snapshots.save)).toMatchObject({ reason: "timeout" })
          expect(store.writes).toBe(1)
          store.set = set
          yield* Deferred.succeed(ended, undefined)
          yield* TestClock.adjust("10 seconds")
          expect(Object.keys(records(store)[0].circuits)).toHaveLength(21)
          expect(logs.slice(1)).toEqual(["INFO circuits are saved to circuits again"])
        })
      )
    }))

  test("that hangs lets the process end at once, where it hung before", (store) =>
    Effect.gen(function* () {
      store.set = () => Effect.uninterruptible(Effect.never)
      const { run } = started(store)
      const fiber = yield* Effect.fork(run(Effect.zipRight(trip(), TestClock.adjust("6 seconds"))))
      yield* settled
      yield* TestClock.adjust("6 seconds")
      yield* settled
      yield* Fiber.join(fiber)
      expect(store.writes).toBe(1)
    }))

  test("that hangs when the scope closes delays it by no more than the timeout", (store) =>
    Effect.gen(function* () {
      store.set = () => Effect.uninterruptible(Effect.never)
      const fiber = yield* Effect.fork(started(store, { timeout: "2 seconds" }).run(attempt(failing)))
      yield* TestClock.adjust("1999 millis")
      expect(hasEnded(fiber)).toBe(false)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
    }))

  test("that hangs on the read is a warning and a clean start, after the timeout", (store) =>
    Effect.gen(function* () {
      yield* opened(store)
      const { get } = store
      store.get = () => Effect.never
      const { logs, run } = started(store)
      const fiber = yield* Effect.fork(run(Effect.all([Snapshots.restored, statusOf()])))
      yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(fiber)).toEqual([{ _tag: "Clean", reason: "unreadable" }, "Closed"])
      expect(logs).toContain("WARN stored circuits circuits.a could not be read: the store took longer than 5s")
      expect(store.reads).toBe(3)
      store.get = get
    }))

  test("that could not be read is not written to before it is: it may hold a newer release's record", (store) =>
    Effect.gen(function* () {
      const newer = `{"version":2}`
      store.texts.set("circuits.a", newer)
      const { get } = store
      store.get = () => Effect.dieMessage("no route to store")
      const { run } = started(store)
      yield* run(
        Effect.gen(function* () {
          yield* trip()
          yield* TestClock.adjust("10 seconds")
          expect(store.writes).toBe(0)
          store.get = get
          yield* TestClock.adjust("10 seconds")
        })
      )
      expect([...store.texts]).toEqual([["circuits.a", newer]])
    }))

  test("never loses the good record to a write that fails", (store) =>
    Effect.gen(function* () {
      yield* opened(store)
      const { set } = store
      store.set = (name) => Effect.zipRight(set(name, `{"vers`), Effect.dieMessage("disk full"))
      yield* started(store).run(Effect.zipRight(CircuitBreaker.isolate("b", ""), TestClock.adjust("1 minute")))
      store.set = set
      expect(yield* started(store).run(statusOf())).toBe("Open")
    }))

  test("is not written to twice at once", (store) =>
    Effect.gen(function* () {
      const { set } = store
      const first = yield* Deferred.make<void>()
      let writing = 0
      store.set = (name, text) =>
        Effect.suspend(() => {
          expect(++writing).toBe(1)
          return Effect.zipRight(Deferred.await(first), set(name, text))
        }).pipe(Effect.ensuring(Effect.sync(() => writing--)))
      yield* started(store).run(
        Effect.gen(function* () {
          yield* trip()
          yield* settled
          const second = yield* Effect.fork(Snapshots.save)
          yield* settled
          yield* Deferred.succeed(first, undefined)
          yield* Fiber.join(second)
          expect(store.writes).toBe(2)
        })
      )
    }))
})

describe("options", () => {
  const cases: ReadonlyArray<readonly [options: Snapshots.Options, message: string]> = [
    [{ key: "" }, `Snapshots: key must be a name that is not empty, got ""`],
    [{ every: 0 }, "Snapshots: every must be greater than 0 (Infinity is allowed), got 0"],
    [{ timeout: -1 }, `Snapshots: timeout must be a duration such as "500 millis", got -1`],
    [{ maxAge: 0 }, "Snapshots: maxAge must be greater than 0 (Infinity is allowed), got 0"],
    [{ coalesce: Number.NaN }, `Snapshots: coalesce must be a duration such as "500 millis", got NaN`]
  ]
  for (const [options, message] of cases) {
    test(`that cannot be are a defect when the layer is built: ${message}`, (store) =>
      Effect.gen(function* () {
        const cause = yield* Effect.flip(Effect.sandbox(started(store, options).run(Effect.void)))
        expect(Cause.pretty(cause)).toContain(message)
      }))
  }

  test("come from Config too", (store) =>
    Effect.gen(function* () {
      const layer = Snapshots.layerConfig({ key: Config.string("KEY"), every: Config.duration("EVERY") }).pipe(
        Layer.provideMerge(steady()),
        Layer.provide(store.layer)
      )
      yield* Effect.provide(trip(), layer).pipe(withEnv({ KEY: "pod-7", EVERY: "1 minute" }))
      expect([...store.texts.keys()]).toEqual(["pod-7.a"])
      const cause = yield* Effect.flip(Effect.sandbox(Effect.provide(trip(), layer))).pipe(
        withEnv({ KEY: "pod-7", EVERY: "0 millis" })
      )
      expect(Cause.pretty(cause)).toContain("Snapshots: every must be greater than 0 (Infinity is allowed), got ")
    }))
})

describe("a stored text", () => {
  it.effect("is read as what was written", () =>
    Effect.gen(function* () {
      const store = shelf()
      yield* opened(store)
      for (const text of store.texts.values()) {
        const reading = SnapshotRecord.read(text)
        expect(reading._tag === "Read" && SnapshotRecord.write(reading.record)).toBe(text)
      }
    })
  )
})

/** What the twins write for a circuit that is open, one that is not, and one that an operator has isolated. */
const ofBothTwins = `{"version":1,"sequence":0,"savedAt":"2026-01-01T00:00:00.300Z","circuits":{"users-api":{"version":1,"model":"ledger","takenAt":1767225600300,"mode":{"_tag":"Automatic","reason":"","since":0},"state":{"_tag":"Open","since":1767225600000,"until":1767225600500,"score":0},"generation":1,"openings":{"inARow":1,"lastMillis":500,"rampMillis":0},"seed":312088029,"traffic":{"attempts":6,"failures":6,"at":1767225600000,"slowest":0,"succeededAt":0},"health":{"suspicion":1,"at":1767225600000}},"search":{"version":1,"model":"ledger","takenAt":1767225600300,"mode":{"_tag":"Automatic","reason":"","since":0},"state":{"_tag":"Closed","since":0},"generation":0,"openings":{"inARow":0,"lastMillis":0,"rampMillis":0},"seed":62471862,"traffic":{"attempts":2,"failures":1,"at":1767225600300,"slowest":250,"succeededAt":1767225600300},"health":{"suspicion":0.2,"at":1767225600300}},"billing":{"version":1,"model":"ledger","takenAt":1767225600300,"mode":{"_tag":"Isolated","reason":"maintenance","since":1767225600300},"state":{"_tag":"Closed","since":0},"generation":1,"openings":{"inARow":0,"lastMillis":0,"rampMillis":0},"seed":-781064455,"traffic":{"attempts":0,"failures":0,"at":0,"slowest":0,"succeededAt":0},"health":{"suspicion":0,"at":0}}}}`

describe("a process that moves from one major of Effect to the other", () => {
  test("finds its circuits, and writes the same record, byte for byte", (store) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 0, 0, 0, 300))
      store.texts.set("circuits.a", ofBothTwins)
      const { logs, run } = started(store)
      yield* run(
        Effect.gen(function* () {
          expect(yield* Snapshots.restored).toMatchObject({ _tag: "Restored", keys: [key, "search", "billing"] })
          const states = yield* Effect.forEach([key, "search", "billing"], (of) => CircuitBreaker.state(of))
          expect(states.map(({ mode, nextAdmission, status }) => [status, mode.reason, nextAdmission])).toEqual([
            ["Open", "", Date.UTC(2026, 0, 1, 0, 0, 0, 500)],
            ["Closed", "", undefined],
            ["Isolated", "maintenance", Infinity]
          ])
          yield* Snapshots.save
        })
      )
      expect(logs).toEqual([])
      expect(store.texts.get("circuits.b")).toBe(ofBothTwins.replace(`"sequence":0`, `"sequence":1`))
    }))
})
