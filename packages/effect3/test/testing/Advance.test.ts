import { it } from "@effect/vitest"
import { CircuitBreaker, Truce } from "@truce/effect3"
import { Advance, Forced, Script } from "@truce/effect3/testing"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Ref, Schedule, TestClock } from "effect"
import { describe, expect } from "vitest"
import { type ApiError, Timeout, answering, attempt, classify, key, on, statusOf, steady } from "../support.ts"

const test = on(() => steady({ circuit: { openFor: "700 millis", lease: "3 seconds" } }))

/** How far the clock was moved. */
const moved = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const from = yield* Clock.currentTimeMillis
    yield* self
    return (yield* Clock.currentTimeMillis) - from
  })

describe("untilAdmits", () => {
  test("does not move the clock where an attempt is admitted now", () =>
    Effect.gen(function* () {
      expect(yield* moved(Advance.untilAdmits(key))).toBe(0)
    }))

  test("moves it to the end of the open time and no further", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Open")
      expect(yield* moved(Advance.untilAdmits(key))).toBe(700)
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  test("moves it to the end of the first lease", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "HalfOpen")
      expect(yield* moved(Advance.untilAdmits(key))).toBe(3_000)
    }))

  it.effect("copes with an open time that is spread at random", () =>
    Effect.gen(function* () {
      for (let n = 0; n < 20; n++) {
        yield* Forced.set(`${n}`, "Open")
        yield* Advance.untilAdmits(`${n}`)
        expect(yield* Truce.protect(answering, { key: `${n}`, classify })).toBe("hello")
      }
      expect(Number.isInteger(yield* Clock.currentTimeMillis)).toBe(true)
    }).pipe(Effect.provide(Truce.layer()))
  )

  test("fails where no time is enough, and tells the circuit's story", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      const error = yield* Effect.flip(Advance.untilAdmits(key))
      expect(error).toMatchObject({ _tag: "NotReached", within: Duration.minutes(1) })
      expect(error.message).toContain("expected within 1m: the circuit users-api admits an attempt\nfound: users-api")
      expect(error.message).toContain("maintenance")
    }))

  test("fails where the open time is longer than the limit", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "Open", admitsIn: "1 minute" })
      expect(yield* moved(Effect.flip(Advance.untilAdmits(key, { within: "30 seconds" })))).toBe(30_000)
      yield* Advance.untilAdmits(key)
    }))
})

describe("untilState", () => {
  const polling = (self: Effect.Effect<string, ApiError>) =>
    self.pipe(Truce.protect({ key, classify }), Effect.ignore, Effect.repeat(Schedule.spaced("50 millis")), Effect.fork)

  test("lets the code under test go on until its probes have closed the circuit", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Open")
      const fiber = yield* polling(answering)
      const time = yield* moved(Advance.untilState(key, "Closed"))
      expect(yield* statusOf()).toBe("Closed")
      expect(time).toBe(800)
      yield* Fiber.interrupt(fiber)
    }))

  test("lets it go on until its failures have opened the circuit", () =>
    Effect.gen(function* () {
      const fiber = yield* polling(Effect.fail(new Timeout()))
      yield* Advance.untilState(key, "Open", { step: "10 millis" })
      expect(yield* statusOf()).toBe("Open")
      yield* Fiber.interrupt(fiber)
    }))

  test("fails where nobody probes, after the time it was given", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Open")
      const time = yield* moved(Effect.flip(Advance.untilState(key, "Closed", { within: "5050 millis" })))
      expect(time).toBe(5_050)
    }))
})

describe("until", () => {
  it.effect("moves the clock step by step until a condition of your own holds", () =>
    Effect.gen(function* () {
      const done = yield* Ref.make(false)
      yield* Effect.fork(Effect.delay(Ref.set(done, true), "1234 millis"))
      expect(yield* moved(Advance.until(Ref.get(done)))).toBe(1_300)
    })
  )

  it.effect("runs what is ready before it moves", () =>
    Effect.gen(function* () {
      const ask = yield* Script.make([Script.succeeds("hello")])
      yield* Effect.fork(ask())
      expect(yield* moved(Advance.until(Effect.map(ask.attempts, (attempts) => attempts === 1)))).toBe(0)
    })
  )

  it.effect("fails with what was awaited", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Advance.until(Effect.succeed(false), { awaited: "rain", within: "1 second" }))
      expect(error.message).toBe("expected within 1s: rain\nfound: it does not hold")
    })
  )

  it.effect("keeps the condition's own error", () =>
    Effect.gen(function* () {
      expect(yield* Effect.flip(Advance.until(Effect.fail(new Timeout())))).toEqual(new Timeout())
    })
  )

  it.effect.each([
    [{ step: 0 }, "Advance: step must be greater than 0 (Infinity is allowed), got 0"],
    [{ within: Infinity }, "Advance: within must be a finite number greater than 0, got Infinity"],
    [{ within: "-1 seconds" }, 'Advance: within must be a duration such as "500 millis", got "-1 seconds"']
  ] as const)("dies of %j", ([options, message]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Advance.until(Effect.succeed(true), options))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(message)
      yield* TestClock.adjust(0)
    })
  )
})
