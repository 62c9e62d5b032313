import { it } from "@effect/vitest"
import { HealthScore, Outcome, type Truce } from "@truce/effect4"
import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
import * as Fleet from "@truce/effect4/Fleet"
import * as FleetStore from "@truce/effect4/FleetStore"
import { type Context, Effect, Layer, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { answering, attempt, failing, key, settled, statusOf, steady } from "../support.ts"

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
  it.effect(name, () => Effect.provide(Effect.orDie(body()), FleetStore.layerMemory))

/** Runs what is ready, then the time of a flush, then what that made ready. */
const flushed = (millis = 250) =>
  Effect.andThen(
    settled,
    Effect.andThen(
      TestClock.adjust(millis),
      Effect.forEach([1, 2, 3, 4, 5], () => settled, { discard: true })
    )
  )

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
  test("is behind Effect's own service too: what opens for all rejects there", () =>
    Effect.gen(function* () {
      const processes = yield* opened(2)
      const call = Effect.flatMap(BuiltinBreaker.fromTruce, (breaker) => breaker.execute(Effect.void, { key }))
      for (const error of yield* each(processes, Effect.flip(call))) {
        expect(error.reason).toMatchObject({ _tag: "CircuitOpen", key })
      }
    }))

  test("admits and settles in a transaction of the user's by its own rules, and asks the store nothing there", () =>
    Effect.gen(function* () {
      const processes = yield* opened(2)
      yield* TestClock.adjust("2 seconds")
      const store = yield* FleetStore.FleetStore
      const before = yield* store.read(key)
      let isAdmitted = false
      const body = Effect.andThen(
        attempt(
          Effect.sync(() => {
            isAdmitted = true
            return "hello"
          })
        ),
        Effect.fail("taken back")
      )
      expect(yield* on(first(processes), Effect.flip(Effect.tx(body)))).toBe("taken back")
      expect(isAdmitted).toBe(true)
      expect(yield* on(first(processes), statusOf())).toBe("Open")
      expect((yield* store.read(key)).text).toBe(before.text)
    }))

  test("tells nothing of what a transaction of the user's observed and took back", () =>
    Effect.gen(function* () {
      const processes = yield* fleet(2)
      yield* each(processes, attempt(answering))
      yield* flushed()
      const observed = Effect.forEach([1, 2, 3, 4, 5], () => HealthScore.record(key, Outcome.failure()))
      yield* each(processes, Effect.exit(Effect.tx(Effect.andThen(observed, Effect.fail("taken back")))))
      yield* flushed()
      expect(yield* each(processes, statusOf())).toEqual(["Closed", "Closed"])
      expect((yield* (yield* FleetStore.FleetStore).read(key)).text).toContain('"failures":0')
    }))
})
