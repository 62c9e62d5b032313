// A store that does part of what it is asked: it is read but not written, or has some keys and not others.
import { it } from "@effect/vitest"
import type { Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { Context, Effect, Exit, Layer, type Scope, TestClock } from "effect"
import { describe, expect } from "vitest"
import { telling } from "./platform/Logs.ts"
import { onTestClock } from "./platform/TestTime.ts"
import { answering, attempt, failing, key, settled, statusOf, steady, times } from "./support.ts"

type Services = Truce.Services | Fleet.Fleet

/** What the store does not do for now, and what has been logged. */
interface Refusal {
  reads: ReadonlyArray<string>
  writes: ReadonlyArray<string>
  reason: FleetStore.Reason
  readonly logs: Array<string>
}

class Refusing extends Context.Tag("Refusing")<Refusing, Refusal>() {}

const store = Layer.effect(
  FleetStore.FleetStore,
  Effect.gen(function* () {
    const memory = yield* FleetStore.FleetStore
    const refusing = yield* Refusing
    const unless = <A>(
      keys: () => ReadonlyArray<string>,
      name: string,
      self: Effect.Effect<A, FleetStore.FleetStoreFailed>
    ) =>
      Effect.suspend(() =>
        keys().includes(name)
          ? Effect.fail(new FleetStore.FleetStoreFailed({ reason: refusing.reason, isInDoubt: false, detail: "test" }))
          : self
      )
    return {
      read: (name: string) => unless(() => refusing.reads, name, memory.read(name)),
      swap: (swap: FleetStore.Swap) => unless(() => refusing.writes, swap.key, memory.swap(swap)),
      news: memory.news
    }
  })
).pipe(Layer.provideMerge(FleetStore.layerMemory))

const test = (name: string, body: () => Effect.Effect<void, unknown, FleetStore.FleetStore | Refusing | Scope.Scope>) =>
  it.scoped(name, () =>
    Effect.orDie(body()).pipe(
      Effect.provide(
        store.pipe(
          Layer.provideMerge(
            Layer.sync(Refusing, () => ({ reads: [], writes: [], reason: "denied" as const, logs: [] }))
          )
        )
      ),
      onTestClock
    )
  )

const started = (options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.gen(function* () {
    const { logs } = yield* Refusing
    const logger = telling(({ annotations, message }) => {
      logs.push(`${String(annotations["truce.fleet.condition"])} ${message.split(";")[0]}`)
    })
    const context = yield* Layer.build(
      Layer.provideMerge(Fleet.layer(options), steady(truce)).pipe(Layer.provide(logger))
    )
    return <A, E>(self: Effect.Effect<A, E, Services>) => Effect.provide(self, context)
  })

const passed = (millis: number) =>
  Effect.zipRight(settled, Effect.zipRight(TestClock.adjust(millis), times(6, settled)))

const refuse = (given: Partial<Refusal>) => Effect.map(Refusing, (refusing) => void Object.assign(refusing, given))

describe("a store that is read but takes no writes", () => {
  for (const reason of ["denied", "read-only", "out of memory"] as const) {
    test(`is told of once while it is ${reason}, and once that it serves again`, () =>
      Effect.gen(function* () {
        const run = yield* started()
        yield* run(attempt(answering))
        yield* passed(250)
        yield* refuse({ writes: [key, "other"], reason })
        for (let i = 0; i < 8; i++) {
          yield* run(attempt(answering))
          yield* run(attempt(answering, "other"))
          yield* passed(250)
        }
        const { logs } = yield* Refusing
        expect(logs).toEqual([`${reason} the store is ${reason}: test`])
        yield* refuse({ writes: [] })
        yield* passed(250)
        expect(logs.slice(1)).toEqual(["up the store serves again: what this process sees is shared"])
      }))

    test(`lets probes run again when it takes them, though nothing else is told of a key (${reason})`, () =>
      Effect.gen(function* () {
        const run = yield* started({ witnesses: 1, onStoreDown: "open" })
        yield* times(10, Effect.zipRight(run(attempt(failing)), passed(250)))
        yield* passed(1_000)
        yield* refuse({ writes: [key], reason })
        expect(Exit.isFailure(yield* run(attempt(answering)))).toBe(true)
        expect(yield* run(Fleet.condition)).toBe(reason)
        yield* passed(1_000)
        yield* refuse({ writes: [] })
        yield* passed(500)
        expect(yield* run(Fleet.condition)).toBe("up")
        expect(Exit.isSuccess(yield* run(attempt(answering)))).toBe(true)
        expect(yield* run(statusOf())).toBe("HalfOpen")
      }))
  }
})

describe("a store that serves some keys and not others", () => {
  test("is told of once, and does not serve again until it has that key", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const all = Effect.forEach([key, "one", "two"], (name) => run(attempt(answering, name)))
      yield* refuse({ reads: ["one"], writes: ["one"], reason: "down" })
      for (let i = 0; i < 8; i++) yield* Effect.zipRight(all, passed(250))
      const { logs } = yield* Refusing
      expect(logs).toEqual(["down the store is down: test"])
      yield* refuse({ reads: [], writes: [] })
      yield* passed(250)
      expect(logs.slice(1)).toEqual(["up the store serves again: what this process sees is shared"])
    }))

  test("serves again when the process no longer has that key", () =>
    Effect.gen(function* () {
      const run = yield* started({}, { maxKeys: 1 })
      yield* refuse({ reads: ["one"], writes: ["one"], reason: "down" })
      yield* run(attempt(answering, "one"))
      yield* passed(250)
      expect(yield* run(Fleet.condition)).toBe("down")
      yield* run(attempt(answering, "two"))
      yield* passed(250)
      expect(yield* run(Fleet.condition)).toBe("up")
    }))
})
