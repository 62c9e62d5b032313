import { it } from "@effect/vitest"
import { CircuitBreaker, HealthScore, InvalidOption, Outcome, type Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { type Context, Effect, Fiber, Layer, type Scope, Stream, TestClock } from "effect"
import { describe, expect } from "vitest"
import { defectOf } from "./platform/Exits.ts"
import { onTestClock } from "./platform/TestTime.ts"
import { answering, attempt, failing, key, settled, statusOf, steady, times, trip } from "./support.ts"

type Services = Truce.Services | Fleet.Fleet
type Process = Context.Context<Services>

/** A process of its own on the store of the test. */
const started = (
  options: Fleet.Options = {},
  truce: Truce.Options = {}
): Effect.Effect<Process, never, FleetStore.FleetStore | Scope.Scope> =>
  Layer.build(Layer.fresh(Layer.provideMerge(Fleet.layer(options), steady(truce))))

const fleet = (size: number, options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.forEach(Array.from({ length: size }), (_, i) => started({ process: `web-${i}`, ...options }, truce))

const test = (name: string, body: () => Effect.Effect<void, unknown, FleetStore.FleetStore | Scope.Scope>) =>
  it.scoped(name, () => onTestClock(Effect.provide(Effect.orDie(body()), FleetStore.layerMemory)))

/** Runs what is ready, then the time of a flush, then what that made ready. */
const flushed = (millis = 250) => Effect.zipRight(settled, Effect.zipRight(TestClock.adjust(millis), times(5, settled)))

const on = <A, E>(process: Process, self: Effect.Effect<A, E, Services>) => Effect.provide(self, process)

const each = <A, E>(processes: ReadonlyArray<Process>, self: Effect.Effect<A, E, Services>) =>
  Effect.forEach(processes, (process) => on(process, self))

const first = <A>([one]: ReadonlyArray<A>): A => {
  if (one === undefined) throw new Error("none")
  return one
}

/** A fleet whose circuits are open for all. */
const opened = (size: number, options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.gen(function* () {
    const processes = yield* fleet(size, options, truce)
    yield* each(processes, attempt(answering))
    yield* flushed()
    for (let i = 0; i < 10 && (yield* on(first(processes), statusOf())) !== "Open"; i++) {
      yield* each(processes, attempt(failing))
      yield* flushed()
    }
    return processes
  })

describe("a fleet", () => {
  test("is the cause that explain names where the fleet has opened a circuit", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(3)
      yield* each(processes, attempt(answering))
      for (let i = 0; i < 8; i++) {
        yield* each(processes.slice(1), attempt(failing))
        yield* flushed()
      }
      const { cause } = yield* on(first(processes), CircuitBreaker.explain(key))
      expect(cause).toMatch(/^open for .+, because the fleet opened it/)
    }))

  test("opens for all when two processes have seen enough failures together, of which none has seen enough", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(4)
      yield* each(processes, attempt(answering))
      yield* flushed()
      for (let i = 0; i < 2; i++) yield* each(processes, attempt(failing))
      expect(yield* each(processes, statusOf())).toContain("Closed")
      yield* flushed()
      expect(yield* each(processes, statusOf())).toEqual(["Open", "Open", "Open", "Open"])
    }))

  test("of twenty opens for all within a second of an outage at 100 calls a second, and sends 15 probes in a minute of it", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(20)
      yield* each(processes, attempt(answering))
      yield* flushed(1_000)
      let sent = 0
      const refused = Effect.zipRight(
        Effect.sync(() => sent++),
        failing
      )
      const outage = (millis: number, step: number) =>
        Effect.gen(function* () {
          for (let at = 0; at < millis; at += step) {
            const from = (at / 10) % 20
            for (const process of processes.slice(from, from + step / 10))
              yield* Effect.fork(on(process, attempt(refused)))
            yield* settled
            yield* TestClock.adjust(step)
          }
        })
      yield* outage(1_000, 50)
      expect(new Set(yield* each(processes, statusOf()))).toEqual(new Set(["Open"]))
      const failed = sent
      expect(failed).toBeLessThanOrEqual(37)
      yield* outage(59_000, 200)
      expect(sent - failed).toBeGreaterThan(5)
      expect(sent - failed).toBeLessThanOrEqual(15)
    }))

  test("opens for nobody else on what one process has seen", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(3)
      yield* each(processes, attempt(answering))
      yield* on(first(processes), trip())
      for (let i = 0; i < 20; i++) {
        yield* flushed()
        yield* each(processes, attempt(answering))
        yield* on(first(processes), attempt(failing))
      }
      expect((yield* each(processes, statusOf())).slice(1)).toEqual(["Closed", "Closed"])
    }))

  test("sends one probe in all, and closes for all after two that succeed", () =>
    Effect.gen(function* () {
      const processes = yield* opened(4)
      expect(yield* each(processes, statusOf())).toEqual(["Open", "Open", "Open", "Open"])
      yield* flushed(1_000)
      const gate = yield* Effect.makeLatch()
      let probes = 0
      const slow = Effect.zipRight(
        Effect.sync(() => probes++),
        Effect.as(gate.await, "hello")
      )
      for (const process of processes) yield* Effect.fork(on(process, attempt(slow)))
      yield* flushed(0)
      expect(probes).toBe(1)
      yield* gate.open
      yield* flushed()
      yield* each(processes, attempt(answering))
      yield* flushed()
      expect(yield* each(processes, statusOf())).toEqual(["Closed", "Closed", "Closed", "Closed"])
    }))

  test("shares what was observed without an attempt", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(3)
      yield* each(processes, attempt(answering))
      yield* flushed()
      for (let i = 0; i < 6; i++) yield* each(processes.slice(0, 2), HealthScore.record(key, Outcome.failure()))
      yield* flushed()
      expect(yield* each(processes, statusOf())).toEqual(["Open", "Open", "Open"])
    }))

  test("tells what is left when its scope closes", () =>
    Effect.gen(function* () {
      const store = yield* FleetStore.FleetStore
      yield* Effect.scoped(
        Effect.gen(function* () {
          const process = yield* started({ flushEvery: "1 hour" })
          yield* on(process, attempt(answering))
          yield* settled
          yield* on(process, attempt(failing))
          yield* settled
          expect((yield* store.read(key)).text).toContain('"failures":0')
        })
      )
      expect((yield* store.read(key)).text).toContain('"failures":1')
    }))

  test("tells what is left even where who ends was interrupted, and the store takes its time", () =>
    Effect.gen(function* () {
      const store = yield* FleetStore.FleetStore
      const tardy: FleetStore.Service = { ...store, swap: (swap) => Effect.zipRight(settled, store.swap(swap)) }
      const running = yield* Effect.gen(function* () {
        const process = yield* started({ flushEvery: "1 hour" })
        yield* on(process, attempt(answering))
        yield* flushed(0)
        yield* on(process, attempt(failing))
        return yield* Effect.never
      }).pipe(Effect.scoped, Effect.provideService(FleetStore.FleetStore, tardy), Effect.fork)
      yield* flushed(0)
      yield* flushed(0)
      yield* Fiber.interrupt(running)
      expect((yield* store.read(key)).text).toContain('"failures":1')
    }))

  test("interrupts a question that takes too long", () =>
    Effect.gen(function* () {
      const store = yield* FleetStore.FleetStore
      let isInterrupted = false
      const silent = Effect.onInterrupt(Effect.never, () => Effect.sync(() => (isInterrupted = true)))
      const process = yield* Effect.provideService(started(), FleetStore.FleetStore, { ...store, read: () => silent })
      yield* on(process, attempt(answering))
      yield* flushed(999)
      expect(isInterrupted).toBe(false)
      yield* flushed(1)
      expect(isInterrupted).toBe(true)
      expect(yield* on(process, Fleet.condition)).toBe("slow")
    }))

  test("follows what the store says where news does not get through", () =>
    Effect.gen(function* () {
      const store = yield* FleetStore.FleetStore
      const deaf: FleetStore.Service = { ...store, news: Stream.never }
      const processes = yield* Effect.provideService(opened(3), FleetStore.FleetStore, deaf)
      expect(yield* each(processes, statusOf())).toEqual(["Open", "Open", "Open"])
      yield* flushed(1_000)
      for (let i = 0; i < 3; i++) {
        yield* each(processes, attempt(answering))
        yield* flushed()
      }
      expect(yield* each(processes, statusOf())).toEqual(["Closed", "Closed", "Closed"])
    }))
})

describe("the layer", () => {
  const defect = (options: Fleet.Options, truce: Truce.Options = {}) =>
    Effect.map(Effect.exit(Effect.scoped(started(options, truce))), defectOf)

  test("dies with the name, the rule and the value of an impossible option", () =>
    Effect.gen(function* () {
      const message = (options: Fleet.Options) =>
        Effect.map(defect(options), (found) => (found instanceof InvalidOption.InvalidOption ? found.message : found))
      expect(yield* message({ witnesses: 0 })).toBe("Fleet: witnesses must be a whole number of at least 1, got 0")
      expect(yield* message({ process: "" })).toBe('Fleet: process must be a name that is not empty, got ""')
      expect(yield* message({ flushEvery: "0 millis" })).toContain("Fleet: flushEvery")
    }))
})
