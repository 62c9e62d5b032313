import { it } from "@effect/vitest"
import { CircuitBreaker, type Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { type Context, Effect, Layer, type Scope, type TestServices, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, failing, key, settled, statusOf, steady, trip } from "./support.ts"

type Services = Truce.Services | Fleet.Fleet

/** A process of its own on the store of the test. */
const started = (
  options: Fleet.Options = {},
  truce: Truce.Options = {}
): Effect.Effect<Context.Context<Services>, never, FleetStore.FleetStore | Scope.Scope> =>
  Layer.build(Layer.provideMerge(Fleet.layer(options), steady(truce)))

const fleet = (size: number, options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.forEach(Array.from({ length: size }), (_, i) => started({ process: `web-${i}`, ...options }, truce))

const test = (
  name: string,
  body: () => Effect.Effect<void, unknown, FleetStore.FleetStore | Scope.Scope | TestServices.TestServices>
) => it.scoped(name, () => Effect.provide(Effect.orDie(body()), FleetStore.layerMemory))

/** Runs what is ready, then the time of a flush, then what that made ready. */
const flushed = (millis = 250) =>
  Effect.zipRight(settled, Effect.zipRight(TestClock.adjust(millis), Effect.repeatN(settled, 5)))

const on = <A, E>(process: Context.Context<Services>, self: Effect.Effect<A, E, Services>) =>
  Effect.provide(self, process)

const statuses = (processes: ReadonlyArray<Context.Context<Services>>) =>
  Effect.forEach(processes, (process) => on(process, statusOf()))

const first = <A>([one]: ReadonlyArray<A>): A => {
  if (one === undefined) throw new Error("none")
  return one
}

describe("a fleet", () => {
  test("opens for all when two processes have seen enough failures together, of which none has seen enough", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(4)
      for (const process of processes) yield* on(process, attempt(answering))
      yield* flushed()
      for (const process of processes) yield* Effect.repeatN(on(process, attempt(failing)), 1)
      yield* flushed()
      expect(yield* statuses(processes)).toEqual(["Open", "Open", "Open", "Open"])
    }))

  test("is the cause that explain names where the fleet has opened a circuit", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(3)
      for (const process of processes) yield* on(process, attempt(answering))
      for (let i = 0; i < 8; i++) {
        for (const process of processes.slice(1)) yield* on(process, attempt(failing))
        yield* flushed()
      }
      const { cause } = yield* on(first(processes), CircuitBreaker.explain(key))
      expect(cause).toMatch(/^open for .+, because the fleet opened it/)
    }))

  test("of twenty opens for all within a second of an outage at 100 calls a second", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(20)
      for (const process of processes) yield* on(process, attempt(answering))
      yield* flushed(1_000)
      let sent = 0
      const refused = Effect.zipRight(
        Effect.sync(() => sent++),
        failing
      )
      for (let from = 0; from < 100; from += 5) {
        for (const process of processes.slice(from % 20, (from % 20) + 5)) {
          yield* Effect.fork(on(process, attempt(refused)))
        }
        yield* settled
        yield* TestClock.adjust(50)
      }
      expect(new Set(yield* statuses(processes))).toEqual(new Set(["Open"]))
      expect(sent).toBeLessThanOrEqual(37)
    }))

  test("opens for nobody else on what one process has seen", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(3)
      for (const process of processes) yield* on(process, attempt(answering))
      yield* on(first(processes), trip())
      for (let i = 0; i < 20; i++) {
        yield* flushed()
        for (const process of processes) yield* on(process, attempt(answering))
        yield* on(first(processes), attempt(failing))
      }
      expect((yield* statuses(processes)).slice(1)).toEqual(["Closed", "Closed"])
    }))

  test("sends one probe in all, and closes for all after two that succeed", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(4)
      for (const process of processes) yield* on(process, attempt(failing))
      yield* flushed()
      for (const process of processes) yield* on(process, attempt(failing))
      yield* flushed()
      for (const process of processes) yield* on(process, attempt(failing))
      yield* flushed()
      expect(yield* statuses(processes)).toEqual(["Open", "Open", "Open", "Open"])
      yield* flushed(1_000)
      const gate = yield* Effect.makeLatch()
      let probes = 0
      const slow = Effect.zipRight(
        Effect.sync(() => probes++),
        Effect.as(gate.await, "hello")
      )
      for (const process of processes) yield* Effect.fork(on(process, attempt(slow)))
      yield* Effect.repeatN(settled, 5)
      expect(probes).toBe(1)
      yield* gate.open
      yield* flushed()
      for (const process of processes) yield* on(process, attempt(answering))
      yield* flushed()
      expect(yield* statuses(processes)).toEqual(["Closed", "Closed", "Closed", "Closed"])
    }))
})
