import { CircuitBreaker, Truce } from "@truce/effect3"
import { Deferred, Effect, Exit, Fiber, Schedule } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, classify, failing, key, settled, statusOf, steady } from "../support.ts"
import { admitsAtOnce, all, by, dependency, ending, execute, exits, probing } from "./support.ts"

const it = by(() => steady())

describe("a hung dependency", () => {
  it("opens the circuit of callers who time out outside, once a success was timed", (clock) =>
    Effect.gen(function* () {
      const answered = yield* Effect.fork(Truce.protect(Effect.delay(answering, "50 millis"), { key, classify }))
      yield* clock.advance(51)
      yield* Fiber.join(answered)
      const call = Truce.protect(Effect.never, { key, classify })
      const fibers = yield* all(6, () => Effect.exit(Effect.timeout(call, "1 second")))
      yield* clock.advance(1_000)
      yield* exits(fibers)
      expect(yield* statusOf()).toBe("Open")
      expect(ending(yield* Effect.exit(call))).toBe("CircuitOpen")
    }))

  it("is hidden by callers who time out outside where nothing ever succeeded", (clock) =>
    Effect.gen(function* () {
      const call = Truce.protect(Effect.never, { key, classify })
      const fibers = yield* all(50, () => Effect.exit(Effect.timeout(call, "1 second")))
      yield* clock.advance(1_000)
      yield* exits(fibers)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1 })
    }))

  it("opens the circuit of calls with an attemptTimeout, and holds none of them", (clock) =>
    Effect.gen(function* () {
      const { effect, seen } = dependency(Effect.never)
      const call = Truce.protect(effect, { key, classify, attemptTimeout: "1 second", retry: { attempts: 2 } })
      const fibers = yield* all(6, () => Effect.exit(call))
      yield* clock.advance(5_000)
      expect((yield* exits(fibers)).every((exit) => Exit.isSuccess(exit) && Exit.isFailure(exit.value))).toBe(true)
      expect(yield* statusOf()).not.toBe("Closed")
      expect(seen.now).toBe(0)
    }))

  it("holds a caller who cannot be interrupted no longer than it hangs, and the permit no longer than the lease", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const answer = yield* Deferred.make<string>()
      const call = CircuitBreaker.execute(Effect.uninterruptible(Deferred.await(answer)), {
        key,
        classify,
        attemptTimeout: "1 second"
      })
      const fiber = yield* Effect.fork(Effect.exit(call))
      yield* clock.advance(9_999)
      expect(yield* admitsAtOnce()).toBe(false)
      yield* clock.advance(1)
      expect(yield* admitsAtOnce()).toBe(true)
      yield* Deferred.succeed(answer, "late")
      yield* Fiber.join(fiber)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 0, generation: 2 })
    }))
})

describe("a probe that never returns", () => {
  by(() => steady({ circuit: { permits: 5 } }))(
    "wedges nothing, be there as many as there are permits, again and again",
    (clock) =>
      Effect.gen(function* () {
        yield* probing(clock)
        for (let round = 0; round < 20; round++) {
          yield* all(50, () => execute(Effect.never))
          yield* settled
          expect((yield* CircuitBreaker.state(key)).probes).toBe(5)
          yield* clock.advance(10_000)
          expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
        }
        yield* admitsAtOnce()
        yield* admitsAtOnce()
        expect(yield* statusOf()).toBe("Closed")
      })
  )
})

describe("a poller", () => {
  it("under Effect.repeat weighs in full at every poll", (clock) =>
    Effect.gen(function* () {
      const poll = Effect.exit(Truce.protect(failing, { key, classify, retry: { attempts: 1 } }))
      const poller = yield* Effect.fork(Effect.repeat(poll, Schedule.spaced("1 second")))
      yield* clock.advance(5_000)
      expect(yield* statusOf()).toBe("Open")
      yield* Fiber.interrupt(poller)
    }))

  const started = Effect.forkDaemon(
    Effect.delay(Effect.repeat(attempt(failing), Schedule.spaced("1 second")), "1 second")
  )
  const calls = {
    "Truce.call": Truce.call(started),
    "a call inside another": Truce.call(Truce.protect(started, { key: "other", classify }))
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`begun inside ${name} and left running weighs in full at every poll`, (clock) =>
      Effect.gen(function* () {
        yield* call
        yield* clock.advance(6_000)
        expect(yield* statusOf()).toBe("Open")
      }))
  }

  it("begun by a retry and left running weighs in full at every poll", (clock) =>
    Effect.gen(function* () {
      let attempts = 0
      const effect = Effect.suspend(() => (attempts++ === 0 ? failing : Effect.zipRight(started, answering)))
      const call = yield* Effect.fork(Truce.protect(effect, { key: "other", classify }))
      yield* clock.advance(7_000)
      yield* Fiber.join(call)
      expect(yield* statusOf()).toBe("Open")
    }))
})
