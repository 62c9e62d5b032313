import { CallContext, CircuitBreaker, HealthScore, RetryPolicy, Truce } from "@truce/effect4"
import { Duration, Effect, Fiber, Layer, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { answering, attempt, classify, failing, key, on, scripted, settled, steady } from "./support.ts"

const it = on(() => Layer.merge(steady(), RetryPolicy.layer({ jitter: "none" })))

const weights = (of = key) => Effect.map(HealthScore.explain(of), ({ moves }) => moves.map(({ weight }) => weight))

describe("the weight of a failed attempt", () => {
  it("is full outside a call, however often a poller repeats it", () =>
    Effect.gen(function* () {
      const poller = Effect.repeat(attempt(failing), Schedule.recurs(3))
      yield* poller
      expect(yield* weights()).toEqual([1, 1, 1, 1])
    }))

  it("begins anew with every call of a poller that is protected", () =>
    Effect.gen(function* () {
      const once = Truce.protect(failing, { key, classify, retry: { schedule: Schedule.recurs(1) } })
      yield* Effect.repeat(Effect.exit(once), Schedule.recurs(1))
      expect(yield* weights()).toEqual([1, 0.5, 1, 0.5])
    }))

  it("is full under a plain Effect.retry without a call", () =>
    Effect.gen(function* () {
      yield* Effect.exit(Effect.retry(guarded(failing), Schedule.recurs(2)))
      expect(yield* weights()).toEqual([1, 1, 1])
    }))

  it("halves under a plain Effect.retry in Truce.call", () =>
    Effect.gen(function* () {
      yield* guarded(failing).pipe(Effect.retry(Schedule.recurs(2)), Truce.call, Effect.exit)
      expect(yield* weights()).toEqual([1, 0.5, 0.25])
    }))

  it("halves for each key by its own failures", () =>
    Effect.gen(function* () {
      const attempts = [key, "other", key, "other"].map((of) => attempt(failing, of))
      yield* CallContext.open(Effect.all(attempts))
      expect(yield* weights()).toEqual([1, 0.5])
      expect(yield* weights("other")).toEqual([1, 0.5])
    }))

  it("is not halved by the attempts that succeeded", () =>
    Effect.gen(function* () {
      yield* CallContext.open(Effect.all([attempt(failing), attempt(answering), attempt(failing)]))
      expect(yield* weights()).toEqual([1, 0, 0.5])
    }))

  it("begins anew with every run of one Truce.call", () =>
    Effect.gen(function* () {
      const call = Truce.call(attempt(failing))
      yield* Effect.repeat(call, { times: 2 })
      expect(yield* weights()).toEqual([1, 1, 1])
    }))

  it("is that of a call of its own inside another call", () =>
    Effect.gen(function* () {
      yield* CallContext.open(Effect.all([attempt(failing), Truce.call(attempt(failing))]))
      expect(yield* weights()).toEqual([1, 1])
    }))

  it("is one call's over attempts that run at once", () =>
    Effect.gen(function* () {
      const attempts = [1, 2, 3].map((seconds) => attempt(Effect.delay(failing, Duration.seconds(seconds))))
      const fiber = yield* Effect.forkChild(CallContext.open(Effect.all(attempts, { concurrency: "unbounded" })))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      expect((yield* weights()).map((weight) => weight)).toEqual([1, 0.5, 0.25])
    }))
})

describe("the trail", () => {
  it("is empty outside a call", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      expect(yield* CallContext.trail).toEqual([])
      expect(yield* CallContext.attempt).toBe(0)
    }))

  it("grows by every attempt under a breaker, with the time since the one before", () =>
    Effect.gen(function* () {
      const { effect } = scripted(Effect.delay(failing, "1 second"), answering)
      const call = guarded(effect).pipe(Effect.retry(Schedule.spaced("2 seconds")), Effect.andThen(CallContext.trail))
      const fiber = yield* Effect.forkChild(Truce.call(call))
      yield* TestClock.adjust("3 seconds")
      const trail = yield* Fiber.join(fiber)
      expect(
        trail.map(({ delay, duration, number, start }) => [
          number,
          Duration.toMillis(start),
          Duration.toMillis(duration),
          Duration.toMillis(delay)
        ])
      ).toEqual([
        [0, 0, 1_000, 0],
        [1, 3_000, 0, 2_000]
      ])
    }))

  it("of a retry goes to the call around it", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, answering)
      const trail = Effect.andThen(RetryPolicy.retry(effect, { key, classify }), CallContext.trail)
      const fiber = yield* Effect.forkChild(CallContext.open(trail))
      yield* TestClock.adjust("100 millis")
      expect((yield* Fiber.join(fiber)).map(({ outcome }) => outcome)).toEqual(["Failure", "Success"])
    }))

  it("tells nothing of a rejection: no attempt was made", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      const trail = Effect.andThen(attempt(answering), CallContext.trail)
      expect(yield* CallContext.open(trail)).toEqual([])
    }))

  it("is not that of a fiber which was begun in the call and joined after it", () =>
    Effect.gen(function* () {
      const inner = yield* CallContext.open(Effect.forkChild(attempt(failing)))
      yield* settled
      yield* Fiber.join(inner)
      expect(yield* CallContext.trail).toEqual([])
    }))
})

const guarded = CircuitBreaker.execute({ key, classify })
