import { CircuitBreaker, Truce } from "@truce/effect3"
import { Deferred, Effect, Fiber } from "effect"
import { describe, expect } from "vitest"
import { hasEnded } from "../platform/Fibers.ts"
import { answering, classify, failing, key, settled, steady, watching } from "../support.ts"
import { admitsAtOnce, by, ending, execute, opening, probing } from "./support.ts"

const it = by(() => steady({ circuit: { permits: 2 } }))

/** Two probes, one of which never returns. */
const probes = Effect.gen(function* () {
  const answer = yield* Deferred.make<void>()
  const answered = yield* Effect.fork(execute(Effect.zipRight(Deferred.await(answer), answering)))
  const hung = yield* Effect.fork(execute(Effect.never))
  yield* settled
  return { answered: Effect.zipRight(Deferred.succeed(answer, undefined), Fiber.join(answered)), hung }
})

describe("a snapshot taken while probes are in flight", () => {
  it("is restored in the same place, where the probes still in flight change nothing and tell nobody", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const { answered, hung } = yield* probes
      const stored = yield* CircuitBreaker.snapshot
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* CircuitBreaker.restore(stored)
      const before = yield* CircuitBreaker.state(key)
      yield* answered
      yield* Fiber.interrupt(hung)
      expect(yield* CircuitBreaker.state(key)).toEqual(before)
      expect(yield* seen).toEqual([])
      yield* clock.advance(10_000)
      expect(yield* admitsAtOnce()).toBe(true)
    }))
})

describe("a circuit that is replaced by a snapshot", () => {
  it("opens for nobody by the failures of attempts that began before", () =>
    Effect.gen(function* () {
      const stored = yield* Effect.zipRight(execute(answering), CircuitBreaker.snapshot)
      const answer = yield* Deferred.make<void>()
      const late = yield* Effect.forEach(Array.from({ length: 10 }), () =>
        Effect.fork(execute(Effect.zipRight(Deferred.await(answer), failing)))
      )
      yield* settled
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* CircuitBreaker.restore(stored)
      yield* Deferred.succeed(answer, undefined)
      yield* Fiber.joinAll(late)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1 })
      expect(yield* seen).toEqual([])
    }))

  it("wakes a call asleep in backoff if it is open now", () =>
    Effect.gen(function* () {
      yield* opening()
      const stored = yield* CircuitBreaker.snapshot
      yield* CircuitBreaker.reset(key, "again")
      const retry = { base: "1 hour", cap: "1 hour" } as const
      const fiber = yield* Effect.fork(Truce.protect(failing, { key, classify, retry }))
      yield* settled
      yield* CircuitBreaker.restore(stored)
      expect(ending(yield* Fiber.await(fiber))).toBe("circuit-open")
    }))

  it("admits a call that waited for a permit of the one before", (clock) =>
    Effect.gen(function* () {
      const stored = yield* Effect.zipRight(execute(answering), CircuitBreaker.snapshot)
      yield* probing(clock)
      yield* probes
      const retry = { whenOpen: "wait", deadline: "1 hour" } as const
      const fiber = yield* Effect.fork(Truce.protect(answering, { key, classify, retry }))
      yield* settled
      expect(hasEnded(fiber)).toBe(false)
      yield* CircuitBreaker.restore(stored)
      expect(ending(yield* Fiber.await(fiber))).toBe("success")
    }))
})
