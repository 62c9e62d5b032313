import { CircuitBreaker, CallContext, Truce } from "@truce/effect4"
import { Forced, Recorder } from "@truce/effect4/testing"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import {
  type ApiError,
  Timeout,
  answering,
  attempt,
  classify,
  failing,
  key,
  missing,
  on,
  peek,
  scripted,
  settled,
  statusOf,
  steady,
  trip
} from "./support.ts"

const it = on(() => steady())

const patient = (deadline: Duration.Input, self: Effect.Effect<string, ApiError> = answering) =>
  self.pipe(Truce.protect({ key, classify, retry: { whenOpen: "wait", deadline, jitter: "none" } }))

describe('whenOpen: "stop"', () => {
  for (const state of ["Open", "HalfOpen", "Isolated"] as const) {
    it(`rejects a call at once with CircuitOpen while ${state} and makes no attempt`, () =>
      Effect.gen(function* () {
        yield* Forced.set(key, state)
        const record = yield* Recorder.make
        const error = yield* Effect.flip(Truce.protect(answering, { key, classify }))
        expect(error).toMatchObject({ _tag: "CircuitOpen", state })
        yield* record.expect(key, {
          attempts: 0,
          calls: ["rejected after 0 attempts"],
          rejections: [state],
          retries: 0
        })
      }))
  }

  it("wakes a retry from its sleep when the circuit opens, and ends it with its own error", () =>
    Effect.gen(function* () {
      const retry = { base: "10 seconds", cap: "10 seconds", jitter: "none" } as const
      const fiber = yield* Effect.forkChild(Effect.flip(Truce.protect(failing, { key, classify, retry })))
      yield* settled
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* trip()
      const error = yield* Fiber.join(fiber)
      expect(error).toMatchObject({ _tag: "RetryExhausted", reason: "circuit-open", lastError: new Timeout() })
    }))

  it("gives the woken retry's token back", () =>
    Effect.gen(function* () {
      const truce = yield* Truce.Truce
      const fiber = yield* Effect.forkChild(Effect.flip(Truce.protect(failing, { key, classify })))
      yield* settled
      expect(yield* truce.budget.tokens(key)).toBe(9)
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* Fiber.join(fiber)
      expect(yield* truce.budget.tokens(key)).toBe(10)
    }))

  it("lets a retry sleep on while the circuit only observes", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.observe(key, "trial")
      const { effect, runs } = scripted(failing, answering)
      const fiber = yield* Effect.forkChild(Truce.protect(effect, { key, classify }))
      yield* settled
      yield* trip()
      yield* TestClock.adjust("100 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
      expect(runs()).toBe(2)
    }))

  it("lets a retry sleep on when the open time has ended: it may be the next probe", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(Effect.delay(failing, "1 second"), answering)
      const fiber = yield* Effect.forkChild(Truce.protect(effect, { key, classify }))
      yield* settled
      yield* trip()
      yield* TestClock.adjust("1100 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
      expect(runs()).toBe(2)
    }))
})

describe('whenOpen: "wait"', () => {
  it("waits for the next admission and is the probe", () =>
    Effect.gen(function* () {
      yield* trip()
      const fiber = yield* Effect.forkChild(patient("5 seconds"))
      yield* TestClock.adjust("499 millis")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
      expect(yield* statusOf()).toBe("HalfOpen")
    }))

  it("stops at once where the open time outlasts the deadline", () =>
    Effect.gen(function* () {
      yield* trip()
      const error = yield* Effect.flip(patient("499 millis"))
      expect(error).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.millis(500) })
    }))

  it("stops at once while isolated", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      expect(yield* Effect.flip(patient("5 seconds"))).toMatchObject({ _tag: "CircuitOpen", state: "Isolated" })
    }))

  it("wakes as soon as an operator closes the circuit", () =>
    Effect.gen(function* () {
      yield* trip()
      const fiber = yield* Effect.forkChild(patient("5 seconds"))
      yield* settled
      yield* CircuitBreaker.reset(key, "fixed")
      expect(yield* Fiber.join(fiber)).toBe("hello")
    }))

  it("wakes as soon as a snapshot restores the circuit as closed", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      const healthy = yield* CircuitBreaker.snapshot
      yield* trip()
      const fiber = yield* Effect.forkChild(patient("5 seconds"))
      yield* settled
      yield* CircuitBreaker.restore(healthy)
      expect((yield* peek(fiber))._tag).toBe("Some")
    }))

  it("waits in HalfOpen for a permit, and takes it when the probe gives it back", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* Effect.forkChild(attempt(Effect.delay(answering, "2 seconds")))
      const fiber = yield* Effect.forkChild(patient("5 seconds"))
      yield* TestClock.adjust("1999 millis")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
    }))

  it("misses no permit that comes free in the instant it begins to wait", () =>
    Effect.gen(function* () {
      yield* halfOpen
      const early = yield* Effect.forkChild(Effect.delay(patient("5 seconds"), "1 second"))
      yield* settled
      yield* Effect.forkChild(attempt(Effect.delay(answering, "1 second")))
      const late = yield* Effect.forkChild(Effect.delay(patient("5 seconds"), "1 second"))
      yield* TestClock.adjust("1 second")
      expect((yield* peek(early))._tag).toBe("Some")
      expect((yield* peek(late))._tag).toBe("Some")
    }))

  it("gives up in HalfOpen at the deadline, not at the end of the lease", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* Effect.forkChild(attempt(Effect.never))
      yield* settled
      const fiber = yield* Effect.forkChild(Effect.flip(patient("3 seconds")))
      yield* TestClock.adjust("2999 millis")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "CircuitOpen", state: "HalfOpen" })
    }))

  it("waits between attempts too, and says how long in the trail", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, answering)
      const fiber = yield* Effect.forkChild(
        CallContext.open(Effect.andThen(patient("5 seconds", effect), CallContext.trail))
      )
      yield* settled
      yield* trip()
      yield* TestClock.adjust("1 second")
      const trail = yield* Fiber.join(fiber)
      expect(trail.map(({ delay, start }) => [start, delay].map(Duration.toMillis))).toEqual([
        [0, 0],
        [500, 500]
      ])
    }))

  it("counts the wait for its first admission as the delay of its first attempt", () =>
    Effect.gen(function* () {
      yield* trip()
      const fiber = yield* Effect.forkChild(CallContext.open(Effect.andThen(patient("5 seconds"), CallContext.trail)))
      yield* TestClock.adjust("1 second")
      const trail = yield* Fiber.join(fiber)
      expect(trail).toMatchObject([{ number: 0, start: Duration.millis(500), delay: Duration.millis(500) }])
    }))

  it("ends with RetryExhausted where an attempt was made before the wait failed", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(patient("450 millis", failing)))
      yield* settled
      yield* trip()
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "RetryExhausted", reason: "circuit-open" })
    }))

  it("keeps a permanent error of a probe it waited for", () =>
    Effect.gen(function* () {
      yield* trip()
      const fiber = yield* Effect.forkChild(Effect.flip(patient("5 seconds", missing)))
      yield* TestClock.adjust("500 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "NotFound" })
    }))

  it("admits a thousand waiters one probe after the other, then all", () =>
    Effect.gen(function* () {
      yield* trip()
      const fibers = yield* Effect.forEach(Array.from({ length: 1_000 }), () => Effect.forkChild(patient("5 seconds")))
      yield* TestClock.adjust("500 millis")
      expect((yield* Fiber.joinAll(fibers)).length).toBe(1_000)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", generation: 3 })
    }))
})

/** Opens the circuit and lets the open time end. */
const halfOpen = Effect.andThen(trip(), TestClock.adjust("500 millis"))
