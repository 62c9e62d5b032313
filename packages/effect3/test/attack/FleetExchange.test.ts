import { HealthModel, Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import { Effect, Exit, Layer, Scope } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, failing, key, settled, statusOf, steady, times } from "../support.ts"
import { become, Held, holding, opened, passed, silent, started, stored, test, well } from "./fleet.ts"

describe("a record of another model", () => {
  test("is looked at no more often than another one is written", () =>
    Effect.gen(function* () {
      const { asked, kept } = yield* Held
      const text = `{"v":2}`
      kept.set(key, text)
      const run = yield* started()
      for (let i = 0; i < 100; i++) {
        yield* run(attempt(answering))
        yield* passed(10)
      }
      expect(kept.get(key)).toBe(text)
      expect(asked.length).toBeLessThanOrEqual(6)
    }))

  test("is left as it is by a process that was reloaded with another", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(answering))
      yield* passed(250)
      yield* run(attempt(answering))
      yield* passed(250)
      expect(yield* stored).toMatchObject({ model: "ledger" })
      yield* run(Truce.reload({ model: HealthModel.cusum() }))
      yield* run(attempt(answering))
      yield* passed(250)
      yield* run(attempt(answering))
      yield* passed(250)
      expect(yield* stored).toMatchObject({ model: "ledger" })
    }))
})

describe("a store whose clock was set back by an hour", () => {
  test("is asked again, so that a circuit whose record is deleted is open no longer", () =>
    Effect.gen(function* () {
      const held = yield* Held
      const run = yield* opened()
      held.skew = -3_600_000
      yield* passed(250)
      const before = held.asked.length
      for (let i = 0; i < 20; i++) {
        expect(yield* run(Effect.map(attempt(answering), Exit.isSuccess))).toBe(false)
        yield* passed(50)
      }
      expect(held.asked.length - before).toBeLessThanOrEqual(20)
      held.kept.clear()
      yield* passed(250)
      yield* run(attempt(answering))
      yield* passed(250)
      expect(yield* run(Effect.map(attempt(answering), Exit.isSuccess))).toBe(true)
    }))
})

describe("news", () => {
  test("are not undone by an answer that is older", () =>
    Effect.gen(function* () {
      const one = yield* started({ witnesses: 1, process: "one" })
      const two = yield* started({ witnesses: 1, process: "two" })
      const three = yield* started({ witnesses: 1, process: "three" })
      yield* one(attempt(answering))
      yield* three(attempt(answering))
      yield* two(attempt(answering))
      yield* passed(250)
      const { hold, release } = holding()
      yield* become(hold)
      yield* two(attempt(answering))
      yield* passed(250)
      yield* become(well)
      for (let i = 0; i < 6; i++) {
        yield* one(attempt(failing))
        yield* three(attempt(failing))
        yield* passed(50)
      }
      expect((yield* stored).state._tag).toBe("Open")
      yield* release
      yield* times(6, settled)
      expect(yield* two(statusOf())).toBe("Open")
    }))

  test("of a record that is not in this store open nothing", () =>
    Effect.gen(function* () {
      const { kept, tell } = yield* Held
      yield* opened()
      const text = kept.get(key) ?? ""
      kept.clear()
      const run = yield* started({ witnesses: 1, process: "other" })
      yield* run(attempt(answering))
      yield* passed(250)
      // As if from another database of the same server, which has the same channel.
      yield* tell({ key, text: text.replace(/"generation":\d+/, `"generation":${Number.MAX_SAFE_INTEGER}`) })
      yield* times(6, settled)
      expect(yield* run(statusOf())).toBe("Closed")
    }))
})

describe("a fleet", () => {
  test("goes on when its store has a defect once", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(answering))
      yield* passed(250)
      yield* become(() => Effect.die("a defect"))
      yield* run(attempt(answering))
      yield* passed(250)
      yield* become(well)
      for (let i = 0; i < 4; i++) yield* Effect.zipRight(run(attempt(answering)), passed(250))
      expect(Math.round((yield* stored).traffic.attempts)).toBeGreaterThanOrEqual(5)
    }))

  test("asks no more of a store that has just gone away", () =>
    Effect.gen(function* () {
      const { asked } = yield* Held
      const run = yield* started()
      for (let i = 0; i < 300; i++) yield* run(attempt(answering, `key-${i}`))
      yield* passed(250)
      yield* become((self) => Effect.delay(self, "10 seconds"))
      for (let i = 0; i < 300; i++) yield* run(attempt(answering, `key-${i}`))
      yield* passed(1_500)
      const before = asked.length
      yield* passed(2_000)
      const inTwoSeconds = asked.length - before
      yield* become(well)
      yield* passed(10_000)
      expect(inTwoSeconds).toBeLessThanOrEqual(8)
    }))

  test("tells what is on its way when its scope closes once", () =>
    Effect.gen(function* () {
      const truce = yield* Layer.build(steady())
      const scope = yield* Scope.make()
      yield* Effect.provide(Layer.buildWithScope(Fleet.layer(), scope), truce)
      const run = <A, E>(self: Effect.Effect<A, E, Truce.Services>) => Effect.provide(self, truce)
      yield* run(attempt(answering))
      yield* passed(250)
      yield* become((self) => Effect.tap(self, () => Effect.sleep(100)))
      yield* run(attempt(failing))
      yield* passed(250)
      expect((yield* stored).traffic.failures).toBe(1)
      yield* become(well)
      yield* Scope.close(scope, Exit.void)
      expect(Math.round((yield* stored).traffic.failures)).toBe(1)
    }))

  test("tells all that was seen while its store did not answer", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run(attempt(answering))
      yield* passed(250)
      yield* become(silent)
      for (let i = 0; i < 20; i++) yield* Effect.zipRight(run(attempt(answering)), passed(250))
      yield* become(well)
      yield* passed(2_000)
      yield* passed(250)
      // The batch whose own write was not answered is told again: what is stored says that it did not come.
      expect(yield* run(Fleet.condition)).toBe("up")
      expect(Math.round((yield* stored).traffic.attempts)).toBeGreaterThanOrEqual(20)
    }))
})
