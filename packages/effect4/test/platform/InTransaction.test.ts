import { Outcome } from "@truce/core"
import { CircuitBreaker, EventLog, HealthScore, Transaction, Truce } from "@truce/effect4"
import { Context, Effect, Exit, Fiber, TxRef } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import {
  answering,
  attempt,
  classify,
  failing,
  key,
  on,
  scoreOf,
  scripted,
  settled,
  statusOf,
  steady,
  trip,
  watching
} from "../support.ts"

const it = on(() => steady({ retry: { base: "1 second" } }))

const protect = Truce.protect({ key, classify })

/** Rolls a transaction back. */
const undone = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.flip(Effect.tx(Effect.andThen(self, Effect.fail("no"))))

const tokens = Effect.flatMap(Truce.Truce, ({ budget }) => budget.tokens(key))

describe("in a transaction of the user's that is rolled back", () => {
  it("an attempt was never admitted and is no evidence", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      yield* undone(attempt(effect))
      expect(runs()).toBe(1)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ score: 1, strain: 0, generation: 0 })
    }))

  it("a probe takes no permit, and the circuit is still open", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* undone(attempt(answering))
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", probes: 0, generation: 1 })
    }))

  it("a success that only statistics would show is in no statistics", () =>
    Effect.gen(function* () {
      yield* undone(Effect.repeat(attempt(answering), { times: 9 }))
      yield* attempt(failing)
      yield* attempt(failing, "other")
      const { strain } = yield* CircuitBreaker.state("other")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ strain })
    }))

  it("a call spends no token and opens nothing", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      yield* passing(undone(Effect.exit(protect(effect))))
      expect(runs()).toBe(3)
      expect(yield* tokens).toBe(10)
      expect(yield* scoreOf()).toBe(1)
    }))

  it("a call that earns tokens earns none", () =>
    Effect.gen(function* () {
      yield* passing(Effect.exit(protect(failing)))
      const before = yield* tokens
      expect(before).toBeLessThan(10)
      yield* undone(Effect.repeat(protect(answering), { times: 99 }))
      expect(yield* tokens).toBe(before)
    }))

  it("an attempt under several circuits touches none", () =>
    Effect.gen(function* () {
      yield* undone(Effect.exit(CircuitBreaker.executeAll(failing, { keys: ["host", "tenant"], classify })))
      expect(yield* scoreOf("host")).toBe(1)
      expect(yield* scoreOf("tenant")).toBe(1)
    }))

  it("manual control and outside evidence have not happened", () =>
    Effect.gen(function* () {
      yield* undone(CircuitBreaker.isolate(key, "maintenance"))
      yield* undone(HealthScore.record(key, Outcome.failure()))
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1, generation: 0 })
    }))

  it("an attempt is in the log of events all the same: it was sent", () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      yield* EventLog.subscribe(({ _tag }) => events.push(_tag))
      yield* undone(attempt(failing))
      expect(events).toEqual(["Admitted", "Settled"])
    }))

  it("nobody is told of a transition, not even by Transaction.commit", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* undone(trip())
      yield* undone(Transaction.commit(trip()))
      yield* Transaction.commit(Effect.void)
      expect(yield* statusOf()).toBe("Closed")
      expect(yield* seen).toEqual([])
    }))
})

describe("in a transaction of the user's that commits", () => {
  it("an attempt is evidence once it is committed, and not before", () =>
    Effect.gen(function* () {
      const gate = yield* TxRef.make(0)
      yield* Effect.tx(
        Effect.gen(function* () {
          yield* attempt(failing)
          yield* TxRef.set(gate, 1)
          expect(yield* elsewhere(scoreOf())).toBe(1)
        })
      )
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("each attempt sees what those before it did", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      const rejected = yield* Effect.tx(
        Effect.gen(function* () {
          yield* trip()
          expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open" })
          expect((yield* CircuitBreaker.states).map(({ status }) => status)).toEqual(["Open"])
          expect((yield* CircuitBreaker.snapshot).circuits[key]?.state._tag).toBe("Open")
          expect(yield* elsewhere(statusOf())).toBe("Closed")
          return Exit.isFailure(yield* attempt(answering))
        })
      )
      expect(rejected).toBe(true)
      expect(yield* statusOf()).toBe("Open")
      expect((yield* seen).map(({ to }) => to)).toEqual(["Open"])
    }))

  it("a call pays for its retries", () =>
    Effect.gen(function* () {
      yield* passing(Effect.tx(Effect.exit(protect(failing))))
      expect(yield* tokens).toBeLessThan(10)
      expect(yield* evidence).toBe(3)
    }))

  it("an attempt counts once, however often a conflict made the transaction start again", () =>
    Effect.gen(function* () {
      const gate = yield* TxRef.make(0)
      const { effect, runs } = scripted(failing)
      const fiber = yield* Effect.forkChild(
        Effect.tx(Effect.andThen(TxRef.get(gate), Effect.andThen(attempt(effect), Effect.sleep("1 second"))))
      )
      for (let change = 1; change <= 3; change++) {
        yield* settled
        yield* TxRef.set(gate, change)
        yield* TestClock.adjust("1 second")
      }
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      expect(runs()).toBe(4)
      expect(yield* evidence).toBe(1)
    }))

  it("a failure of others that comes between is kept: the transaction starts again", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.tx(Effect.andThen(attempt(failing), Effect.sleep("1 second"))))
      yield* settled
      yield* attempt(failing)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      expect(yield* evidence).toBe(2)
    }))

  it("a call that waits for an open time sleeps until it ends", () =>
    Effect.gen(function* () {
      yield* trip()
      const waiting = Truce.protect(answering, { key, classify, retry: { whenOpen: "wait", deadline: "1 minute" } })
      const fiber = yield* Effect.forkChild(Effect.tx(waiting))
      yield* TestClock.adjust("499 millis")
      expect(fiber.pollUnsafe()).toBe(undefined)
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 0 })
    }))

  it("a call that would wait for a probe of others ends: it could not see it end", () =>
    Effect.gen(function* () {
      yield* halfOpen
      const probe = yield* Effect.forkChild(attempt(Effect.never))
      yield* settled
      const waiting = Truce.protect(answering, { key, classify, retry: { whenOpen: "wait", deadline: "1 second" } })
      expect(yield* Effect.flip(Effect.tx(waiting))).toMatchObject({ _tag: "CircuitOpen", state: "HalfOpen" })
      yield* Fiber.interrupt(probe)
    }))

  it("a call whose own failures opened the circuit waits for that open time, not for ever", () =>
    Effect.gen(function* () {
      const { effect } = scripted(...Array.from({ length: 6 }, () => failing), answering)
      const retry = { attempts: 10, whenOpen: "wait", deadline: "1 minute" } as const
      const patient = Truce.protect(effect, { key, classify, retry })
      const fiber = yield* Effect.forkChild(Effect.tx(Effect.andThen(trip(), patient)))
      yield* TestClock.adjust("1 minute")
      expect(Exit.isSuccess(yield* Fiber.await(fiber))).toBe(true)
    }))
})

describe("a fiber that outlives the transaction it was forked in", () => {
  it("commits by itself, and loses nothing to the others", () =>
    Effect.gen(function* () {
      const late = Effect.repeat(Effect.andThen(Effect.yieldNow, attempt(failing)), { times: 1 })
      const fibers = yield* Effect.tx(Effect.forEach([1, 2], () => Effect.forkDetach(late)))
      yield* Effect.forEach(fibers, (fiber) => Fiber.join(fiber))
      expect(yield* evidence).toBe(4)
    }))

  it("waits for a probe of others as any other call", () =>
    Effect.gen(function* () {
      yield* halfOpen
      const probe = yield* Effect.forkChild(attempt(Effect.never))
      yield* settled
      const waiting = Truce.protect(answering, { key, classify, retry: { whenOpen: "wait", deadline: "1 second" } })
      const fiber = yield* Effect.tx(Effect.forkDetach(waiting))
      yield* settled
      expect(fiber.pollUnsafe()).toBe(undefined)
      yield* Fiber.interrupt(probe)
      expect(yield* Fiber.join(fiber)).toBe("hello")
    }))
})

/** How many outcomes have moved the score; five are remembered. */
const evidence = Effect.map(HealthScore.explain(key), ({ moves }) => moves.length)

const halfOpen = Effect.andThen(trip(), TestClock.adjust("500 millis"))

/** Runs an effect in a fiber outside the transaction. */
const elsewhere = <A, E>(self: Effect.Effect<A, E, Truce.Services>) =>
  Effect.flatMap(Effect.context<Truce.Services>(), (context) =>
    Effect.promise(() => Effect.runPromiseWith(Context.omit(Effect.Transaction)(context))(self))
  )

/** Runs an effect to its end, moving the clock as far as it takes. */
const passing = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })
