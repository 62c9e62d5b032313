import { EventLog, RetryBudget, Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { describe, expect } from "vitest"
import { hasEnded } from "../platform/Fibers.ts"
import { answering, attempt, classify, failing, key, settled, statusOf, steady, times } from "../support.ts"
import { become, down, Held, holding, opened, passed, silent, started, stored, test, well } from "./fleet.ts"

const lost = new FleetStore.FleetStoreFailed({ reason: "down", isInDoubt: true, detail: "test" })

const isAnswered = (exit: Exit.Exit<string, unknown>) => Exit.isSuccess(exit)

describe("the permit of a probe", () => {
  test("is free again here when the record was lost while it ran", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      const gate = yield* Effect.makeLatch()
      const fiber = yield* Effect.fork(run(attempt(Effect.as(gate.await, "hello"))))
      yield* settled
      expect(yield* stored).toMatchObject({ state: { _tag: "HalfOpen", leases: [{ probe: 1 }] } })
      ;(yield* Held).kept.clear()
      yield* gate.open
      yield* Fiber.join(fiber)
      expect(isAnswered(yield* run(attempt(answering)))).toBe(true)
      expect(yield* run(statusOf())).toBe("Closed")
    }))

  for (const [name, through] of [
    ["is down", down],
    ["does not answer", silent]
  ] as const) {
    test(`is free again here when it is interrupted while the store ${name}`, () =>
      Effect.gen(function* () {
        const run = yield* opened()
        const fiber = yield* Effect.fork(run(attempt(Effect.never)))
        yield* settled
        expect(yield* stored).toMatchObject({ state: { _tag: "HalfOpen", leases: [{ probe: 1 }] } })
        yield* become(through)
        const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
        yield* passed(1_000)
        expect(hasEnded(interrupting)).toBe(true)
        const next = yield* Effect.fork(run(attempt(answering)))
        yield* passed(1_000)
        expect(isAnswered(yield* Fiber.join(next))).toBe(true)
      }))
  }

  test("of another process is free again here when the record was lost while it ran", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      const other = yield* started({ witnesses: 1 })
      yield* other(attempt(answering))
      yield* settled
      yield* Effect.fork(run(attempt(Effect.never)))
      yield* passed(250)
      expect(yield* other(statusOf())).toBe("HalfOpen")
      expect(isAnswered(yield* other(attempt(answering)))).toBe(false)
      ;(yield* Held).kept.clear()
      yield* passed(250)
      expect(isAnswered(yield* other(attempt(answering)))).toBe(true)
    }))

  test("that began by the local rules is held still when the record is lost", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      const other = yield* started({ witnesses: 1 })
      yield* other(attempt(answering))
      yield* settled
      const fiber = yield* Effect.fork(run(attempt(Effect.never)))
      yield* passed(250)
      yield* Fiber.interrupt(fiber)
      yield* passed(250)
      expect(yield* stored).toMatchObject({ state: { _tag: "HalfOpen", leases: [] } })
      expect(yield* other(statusOf())).toBe("HalfOpen")
      yield* become(down)
      const own = yield* Effect.fork(other(attempt(Effect.never)))
      yield* settled
      ;(yield* Held).kept.clear()
      yield* become(well)
      yield* passed(500)
      expect(isAnswered(yield* other(attempt(answering)))).toBe(false)
      yield* Fiber.interrupt(own)
      expect(isAnswered(yield* other(attempt(answering)))).toBe(true)
    }))

  test("is given back to a store that was away when it ended, and its outcome told", () =>
    Effect.gen(function* () {
      const run = yield* opened()
      const gate = yield* Effect.makeLatch()
      const fiber = yield* Effect.fork(run(attempt(Effect.as(gate.await, "hello"))))
      yield* settled
      yield* become(down)
      yield* gate.open
      yield* Fiber.join(fiber)
      yield* passed(1_000)
      expect(yield* stored).toMatchObject({ state: { _tag: "HalfOpen", suspicion: 1, leases: [{ probe: 1 }] } })
      yield* become(well)
      yield* passed(500)
      const { state } = yield* stored
      expect(state.leases).toEqual([])
      expect(state.suspicion).toBeCloseTo(0.6)
    }))

  test("is given back by a process that ends while it is telling what came of it", () =>
    Effect.gen(function* () {
      const truce = yield* Layer.build(steady())
      const scope = yield* Scope.make()
      yield* Effect.provide(Layer.buildWithScope(Fleet.layer({ witnesses: 1 }), scope), truce)
      const run = <A, E>(self: Effect.Effect<A, E, Truce.Services>) => Effect.provide(self, truce)
      for (let i = 0; i < 10; i++) yield* Effect.zipRight(run(attempt(failing)), passed(250))
      yield* passed(1_000)
      const gate = yield* Effect.makeLatch()
      const fiber = yield* Effect.fork(run(attempt(Effect.as(gate.await, "hello"))))
      yield* settled
      expect(yield* stored).toMatchObject({ state: { leases: [{ probe: 1 }] } })
      yield* become(down)
      yield* gate.open
      yield* Fiber.join(fiber)
      let questions = 0
      // It reads, so that it serves again, and does not write before it ends.
      yield* become((self) => (++questions === 1 ? self : Effect.never))
      yield* passed(250)
      expect(questions).toBe(2)
      yield* become(well)
      yield* Scope.close(scope, Exit.void)
      expect((yield* stored).state.leases).toEqual([])
    }))

  test("is given back when the answer that gave it was lost, whatever an older answer says after that", () =>
    Effect.gen(function* () {
      const run = yield* opened({}, { circuit: { lease: "10 minutes" } })
      const { hold, release } = holding()
      yield* become(hold)
      // A look that is answered late, as the store was before.
      yield* passed(250)
      yield* become((self) => Effect.zipRight(self, Effect.fail(lost)))
      yield* run(attempt(failing))
      yield* become(down)
      yield* settled
      expect(yield* stored).toMatchObject({ state: { _tag: "HalfOpen", leases: [{ probe: 1 }] } })
      yield* release
      yield* settled
      yield* become(well)
      yield* passed(250)
      yield* passed(250)
      expect((yield* stored).state.leases).toEqual([])
    }))

  test("does not keep its caller from giving up while its outcome is told", () =>
    Effect.gen(function* () {
      const run = yield* opened({ leaseTimeout: "10 seconds", timeout: "30 seconds" })
      const gate = yield* Effect.makeLatch()
      const fiber = yield* Effect.fork(run(attempt(Effect.as(gate.await, "hello"))))
      yield* settled
      yield* become(silent)
      yield* gate.open
      yield* settled
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* times(6, settled)
      expect(hasEnded(interrupting)).toBe(true)
      yield* become(well)
    }))
})

describe("a retry that is a probe", () => {
  test("gives back what it cost when it is interrupted", () =>
    Effect.gen(function* () {
      const run = yield* opened({}, { retry: { whenOpen: "wait", deadline: "1 minute" } })
      let runs = 0
      const tokens = run(RetryBudget.tokens(key))
      const self = Effect.suspend(() => (++runs === 1 ? Effect.zipRight(Effect.sleep(100), failing) : Effect.never))
      const fiber = yield* Effect.fork(run(Truce.protect({ key, classify })(self)))
      yield* passed(100)
      for (let i = 0; i < 20 && runs < 2; i++) yield* passed(500)
      expect(runs).toBe(2)
      expect((yield* stored).state.leases.length).toBe(1)
      expect(yield* tokens).toBeLessThan(10)
      yield* Fiber.interrupt(fiber)
      yield* settled
      // What a retry that found nothing slow costs.
      expect(yield* tokens).toBe(9.9)
      expect((yield* stored).state.leases.length).toBe(0)
    }))
})

describe("those who wait for the answer to a lease", () => {
  test("wait no longer than one would, however many they are", () =>
    Effect.gen(function* () {
      const run = yield* opened({ leaseTimeout: "100 millis", onStoreDown: "open" })
      yield* become((self) => Effect.delay(self, "600 millis"))
      const fibers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.fork(run(attempt(answering))))
      for (let i = 0; i < 25; i++) yield* passed(10)
      const waiting = fibers.filter((fiber) => !hasEnded(fiber))
      yield* become(well)
      yield* passed(30_000)
      expect(waiting.length).toBe(0)
    }))

  test("ask again when the one who asked has given up", () =>
    Effect.gen(function* () {
      const run = yield* opened({ leaseTimeout: "100 millis" })
      yield* become((self) => Effect.delay(self, "20 millis"))
      const first = yield* Effect.fork(run(attempt(answering)))
      yield* settled
      const second = yield* Effect.fork(run(attempt(answering)))
      yield* passed(5)
      yield* Fiber.interrupt(first)
      yield* passed(100)
      expect(hasEnded(second)).toBe(true)
      yield* become(well)
    }))
})

describe("a call that waits for an admission", () => {
  test("does not ask without a pause where no probe runs while the store is away", () =>
    Effect.gen(function* () {
      const run = yield* opened({ onStoreDown: "open" }, { retry: { whenOpen: "wait", deadline: "1 minute" } })
      yield* become(down)
      yield* passed(500)
      let rejections = 0
      yield* run(EventLog.subscribe(({ _tag }) => void (rejections += _tag === "Rejected" ? 1 : 0)))
      const fiber = yield* Effect.fork(run(Truce.protect({ key, classify })(answering)))
      yield* times(6, settled)
      expect(rejections).toBe(1)
      yield* passed(1_000)
      expect(rejections).toBeLessThanOrEqual(5)
      yield* become(well)
      yield* passed(1_000)
      expect(hasEnded(fiber)).toBe(true)
    }))
})
