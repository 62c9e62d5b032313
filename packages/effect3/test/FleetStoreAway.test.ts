import { it } from "@effect/vitest"
import { HealthModel, InvalidOption, Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { Context, Effect, Exit, Fiber, Layer, Option, type Scope, TestClock } from "effect"
import { describe, expect } from "vitest"
import { defectOf } from "./platform/Exits.ts"
import { hasEnded } from "./platform/Fibers.ts"
import { telling } from "./platform/Logs.ts"
import { onTestClock } from "./platform/TestTime.ts"
import { answering, attempt, failing, key, peek, settled, statusOf, steady, times } from "./support.ts"

type Services = Truce.Services | Fleet.Fleet

/** What is wrong with the store for now. */
class Fault extends Context.Tag("Fault")<Fault, { kind: Kind; asked: number; readonly logs: Array<string> }>() {}
type Kind = "none" | "late" | "down" | "hangs" | "does it and hangs" | "loses it"

const away = (isInDoubt: boolean) => new FleetStore.FleetStoreFailed({ reason: "down", isInDoubt, detail: "test" })

const store = Layer.effect(
  FleetStore.FleetStore,
  Effect.gen(function* () {
    const memory = yield* FleetStore.FleetStore
    const fault = yield* Fault
    const faulty = <A>(self: Effect.Effect<A, FleetStore.FleetStoreFailed>) =>
      Effect.suspend(() => {
        fault.asked++
        switch (fault.kind) {
          case "none":
            return self
          case "late":
            return Effect.delay(self, "300 millis")
          case "down":
            return Effect.fail(away(false))
          case "hangs":
            return Effect.never
          case "does it and hangs":
            return Effect.zipRight(self, Effect.never)
          case "loses it":
            return Effect.zipRight(self, Effect.fail(away(true)))
        }
      })
    return {
      read: (name: string) => faulty(memory.read(name)),
      swap: (swap: FleetStore.Swap) => faulty(memory.swap(swap)),
      news: memory.news
    }
  })
).pipe(Layer.provideMerge(FleetStore.layerMemory))

const test = (name: string, body: () => Effect.Effect<void, unknown, FleetStore.FleetStore | Fault | Scope.Scope>) =>
  it.scoped(name, () =>
    Effect.orDie(body()).pipe(
      Effect.provide(
        store.pipe(Layer.provideMerge(Layer.sync(Fault, () => ({ kind: "none" as Kind, asked: 0, logs: [] }))))
      ),
      onTestClock
    )
  )

const started = (options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.gen(function* () {
    const { logs } = yield* Fault
    const logger = telling(({ message }) => void logs.push(message))
    const context = yield* Layer.build(
      Layer.provideMerge(Fleet.layer(options), steady(truce)).pipe(Layer.provide(logger))
    )
    return <A, E>(self: Effect.Effect<A, E, Services>) => Effect.provide(self, context)
  })

const passed = (millis: number) =>
  Effect.zipRight(settled, Effect.zipRight(TestClock.adjust(millis), times(6, settled)))

const become = (kind: Kind) =>
  Effect.map(Fault, (fault) => {
    fault.kind = kind
  })

const failures = Effect.gen(function* () {
  const { text } = yield* (yield* FleetStore.FleetStore).read(key)
  return text === undefined ? 0 : Math.round(JSON.parse(text).circuit.traffic.failures)
})

const stored = Effect.gen(function* () {
  const { text } = yield* (yield* FleetStore.FleetStore).read(key)
  return JSON.parse(text ?? "{}").circuit.state
})

/** Another process has something to say that changes nothing. */
const written = Effect.gen(function* () {
  const store = yield* FleetStore.FleetStore
  const { text = "" } = yield* store.read(key)
  const other = `${text.slice(0, -1)},"by":"another"}`
  yield* store.swap({ key, expected: text, text: other, ttlMillis: 60_000, isNews: false })
})

/** One process of a fleet whose circuits one witness opens, open for all and ready for a probe. */
const opened = (options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.gen(function* () {
    const run = yield* started({ witnesses: 1, ...options }, truce)
    yield* times(10, Effect.zipRight(run(attempt(failing)), passed(250)))
    expect(yield* run(statusOf())).toBe("Open")
    expect((yield* stored)._tag).not.toBe("Closed")
    yield* passed(1_000)
    return run
  })

describe("while the store does not answer", () => {
  test("no attempt waits for it in Closed or Open", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* become("hangs")
      for (let i = 0; i < 12; i++) {
        const fiber = yield* Effect.fork(run(attempt(failing)))
        expect(Option.isSome(yield* peek(fiber))).toBe(true)
      }
      expect(yield* run(statusOf())).toBe("Open")
      yield* become("none")
    }))

  test("a probe waits for the timeout of its lease, then runs by the local rules", () =>
    Effect.gen(function* () {
      const run = yield* opened({ leaseTimeout: "100 millis" })
      yield* become("hangs")
      const fiber = yield* Effect.fork(run(attempt(answering)))
      yield* passed(99)
      expect(hasEnded(fiber)).toBe(false)
      yield* passed(1)
      expect(Exit.isSuccess(yield* Fiber.join(fiber))).toBe(true)
      yield* become("none")
    }))

  test("a probe is rejected where it must have a lease", () =>
    Effect.gen(function* () {
      const run = yield* opened({ onStoreDown: "open" })
      yield* become("down")
      expect(Exit.isFailure(yield* run(attempt(answering)))).toBe(true)
      expect(yield* run(statusOf())).toBe("Open")
      yield* become("none")
      yield* passed(250)
      expect(Exit.isSuccess(yield* run(attempt(answering)))).toBe(true)
    }))

  test("the next probes do not wait at all", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      yield* become("down")
      yield* run(attempt(failing))
      yield* passed(1_000)
      yield* become("hangs")
      const fiber = yield* Effect.fork(run(attempt(answering)))
      expect(Option.isSome(yield* peek(fiber))).toBe(true)
    }))

  test("that is told once, and once that it does again; one question at a time asks for it", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(answering))
      yield* passed(250)
      yield* become("down")
      for (let i = 0; i < 20; i++) {
        yield* run(attempt(answering))
        yield* run(attempt(answering, `other-${i}`))
      }
      yield* passed(250)
      const fault = yield* Fault
      const before = fault.asked
      yield* passed(2_500)
      expect(fault.asked - before).toBe(10)
      yield* become("none")
      yield* passed(250)
      expect(fault.logs).toEqual([
        "the store is down: test; calls go on by what this process sees alone, and it is tried again",
        "the store serves again: what this process sees is shared"
      ])
    }))
})

describe("while others write first", () => {
  test("what is seen meanwhile is told with what they have delayed", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(failing))
      yield* passed(250)
      yield* become("late")
      yield* run(attempt(failing))
      yield* passed(250)
      yield* become("none")
      yield* written
      yield* become("late")
      yield* run(attempt(failing))
      // Refused at half of that, and done at the end of it.
      yield* passed(600)
      yield* become("none")
      expect(yield* failures).toBe(3)
      yield* passed(500)
      expect(yield* failures).toBe(3)
    }))
})

describe("when the store is back", () => {
  test("it is told what was seen meanwhile, once", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(failing))
      yield* passed(250)
      yield* become("down")
      for (let i = 0; i < 3; i++) yield* Effect.zipRight(run(attempt(failing)), passed(250))
      yield* become("none")
      yield* passed(250)
      expect(yield* failures).toBe(4)
      yield* passed(250)
      expect(yield* failures).toBe(4)
    }))

  test("it is told nothing of a key that was let go meanwhile", () =>
    Effect.gen(function* () {
      const run = yield* started({}, { ttl: "1 minute" })
      yield* become("down")
      yield* run(attempt(answering))
      yield* passed(61_000)
      yield* run(attempt(answering, "another"))
      yield* become("none")
      yield* passed(500)
      const { read } = yield* FleetStore.FleetStore
      expect((yield* read("another")).text).toContain('"v":1')
      expect((yield* read(key)).text).toBeUndefined()
    }))

  test("what it had taken without saying so is not told again", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(failing))
      yield* passed(250)
      yield* become("loses it")
      yield* run(attempt(failing))
      yield* passed(250)
      yield* become("none")
      yield* run(attempt(failing))
      yield* passed(250)
      expect(yield* failures).toBe(3)
    }))

  test("a circuit that closed by its own probes meanwhile closes for all", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      yield* become("down")
      yield* run(attempt(answering))
      yield* run(attempt(answering))
      expect(yield* run(statusOf())).toBe("Closed")
      yield* become("none")
      for (let i = 0; i < 4; i++) yield* Effect.zipRight(run(attempt(answering)), passed(250))
      expect((yield* stored)._tag).toBe("Closed")
      expect(yield* run(statusOf())).toBe("Closed")
    }))

  test("a lease it gave too late is given back", () =>
    Effect.gen(function* () {
      const run = yield* opened({ leaseTimeout: "100 millis" })
      yield* become("does it and hangs")
      const fiber = yield* Effect.fork(run(attempt(failing)))
      yield* passed(1_000)
      yield* Fiber.join(fiber)
      yield* become("none")
      yield* passed(1_500)
      expect(yield* stored).toMatchObject({ leases: [] })
    }))
})

describe("a probe", () => {
  test("that is interrupted gives its lease back", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      const fiber = yield* Effect.fork(run(attempt(Effect.never)))
      yield* settled
      expect(yield* stored).toMatchObject({ _tag: "HalfOpen", leases: [{ probe: 1 }] })
      yield* Fiber.interrupt(fiber)
      yield* settled
      expect(yield* stored).toMatchObject({ _tag: "HalfOpen", leases: [] })
    }))

  test("whose caller gives up while it asks for a lease gives that back", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      yield* become("hangs")
      const fiber = yield* Effect.fork(run(attempt(answering)))
      yield* settled
      yield* Fiber.interrupt(fiber)
      yield* become("none")
      yield* passed(2_000)
      expect((yield* stored).leases ?? []).toEqual([])
      expect(Exit.isSuccess(yield* run(attempt(answering)))).toBe(true)
    }))

  for (const isInterrupted of [true, false]) {
    const caller = isInterrupted ? "has given up" : "waits no longer"
    test(`whose lease comes when its caller ${caller} gives that back`, () =>
      Effect.gen(function* () {
        const run = yield* opened({ leaseTimeout: "100 millis", onStoreDown: "open" })
        yield* become("late")
        const fiber = yield* Effect.fork(run(attempt(answering)))
        // Within the time that it waits for its lease, or after that.
        yield* passed(isInterrupted ? 50 : 150)
        if (isInterrupted) yield* Fiber.interrupt(fiber)
        yield* passed(isInterrupted ? 300 : 200)
        yield* become("none")
        expect(yield* stored).toMatchObject({ _tag: "HalfOpen", leases: [{ probe: 1 }] })
        yield* passed(1_000)
        expect(yield* stored).toMatchObject({ _tag: "HalfOpen", leases: [] })
      }))
  }

  test("runs alone, however many ask at once", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      let running = 0
      let most = 0
      const counted = Effect.acquireUseRelease(
        Effect.sync(() => (most = Math.max(most, ++running))),
        () => Effect.as(Effect.sleep(10), "hello"),
        () => Effect.sync(() => running--)
      )
      const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.fork(run(attempt(counted))))
      yield* passed(10)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      expect(most).toBe(1)
      expect(exits.filter((exit) => Exit.isSuccess(exit) && Exit.isSuccess(exit.value)).length).toBe(1)
    }))
})

describe("the service", () => {
  test("leaves circuits to themselves when its scope closes", () =>
    Effect.gen(function* () {
      const truce = yield* Layer.build(steady())
      const run = <A, E>(self: Effect.Effect<A, E, Truce.Services>) => Effect.provide(self, truce)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.provide(Layer.build(Fleet.layer()), truce)
          yield* run(attempt(failing))
          yield* passed(250)
          yield* run(attempt(failing))
        })
      )
      expect(yield* failures).toBe(2)
      const fault = yield* Fault
      const before = fault.asked
      yield* run(attempt(failing))
      yield* passed(1_000)
      expect(fault.asked).toBe(before)
    }))

  test("cannot share a model that does not add up what it is told", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Layer.build(Layer.provideMerge(Fleet.layer(), Truce.layer({ model: HealthModel.consecutive() })))
      )
      const defect = defectOf(exit)
      expect(defect instanceof InvalidOption.InvalidOption && defect.field).toBe("model")
    }))
})
