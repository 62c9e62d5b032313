import { CircuitBreaker, CircuitOpen, HealthScore, Policy, PolicyConflict, Truce } from "@truce/effect3"
import * as CircuitReport from "@truce/effect3/CircuitReport"
import { Recorder } from "@truce/effect3/testing"
import { Duration, Effect, Exit, Fiber, Layer, Option, TestClock } from "effect"
import { describe, expect } from "vitest"
import {
  Timeout,
  answering,
  attempt,
  classify,
  failing,
  key,
  on,
  peek,
  scripted,
  settled,
  steady,
  trip
} from "./support.ts"

const it = on(() => steady({ circuit: { slowStart: true } }))

const probe = Effect.zipRight(attempt(answering), attempt(answering))

/** Two trips in short order, and the second close. */
const ramping = (of = key) =>
  Effect.gen(function* () {
    for (const openFor of [500, 1_000]) {
      yield* trip(of)
      yield* TestClock.adjust(openFor)
      yield* Effect.repeatN(attempt(answering, of), 1)
    }
    expect(yield* CircuitBreaker.state(of)).toMatchObject({ status: "Closed", ramp: { share: 0.1 } })
  })

/** How many of a hundred attempts at this moment are admitted. */
const ofAHundred = (one: Effect.Effect<Exit.Exit<unknown, unknown>, never, CircuitBreaker.CircuitBreaker>) =>
  Effect.map(
    Effect.all(Array.from({ length: 100 }, () => one)),
    (exits) => exits.filter((exit) => Exit.isSuccess(exit)).length
  )

const patient = (deadline: Duration.DurationInput) =>
  answering.pipe(Truce.protect({ key, classify, retry: { whenOpen: "wait", deadline } }))

describe("slow start", () => {
  on(() => steady())("is off by default", () =>
    Effect.gen(function* () {
      for (const openFor of [500, 1_000, 2_000]) {
        yield* trip()
        yield* TestClock.adjust(openFor)
        yield* probe
      }
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", ramp: undefined })
      expect(yield* ofAHundred(attempt(answering))).toBe(100)
    })
  )

  it("costs nothing after a first trip", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* TestClock.adjust("500 millis")
      yield* probe
      expect(yield* ofAHundred(attempt(answering))).toBe(100)
    }))

  it("admits a share that grows from a tenth to all over 10 seconds", () =>
    Effect.gen(function* () {
      yield* ramping()
      const admitted: Array<number> = []
      for (const step of [0, 3_500, 4_000, 2_499, 1]) {
        yield* TestClock.adjust(step)
        admitted.push(yield* ofAHundred(attempt(answering)))
      }
      const expected = [10, 35, 75, 100, 100]
      expect(admitted.map((count, index) => Math.abs(count - (expected[index] ?? 0)) <= 1)).toEqual(
        expected.map(() => true)
      )
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ ramp: undefined })
    }))

  it("rejects with a state of its own and a time at which one is admitted that nobody comes before", () =>
    Effect.gen(function* () {
      yield* ramping()
      const error = yield* Effect.flip(Effect.repeat(Effect.flatten(attempt(answering)), { times: 10 }))
      expect(error).toMatchObject({ _tag: "CircuitOpen", key, state: "SlowStart" })
      if (!CircuitOpen.isCircuitOpen(error)) return
      const millis = Duration.toMillis(error.retryAfter)
      expect(error.message).toBe(`circuit users-api is in slow start, retry after ${(millis / 1_000).toFixed(1)} s`)
      yield* TestClock.adjust(error.retryAfter)
      expect(Exit.isSuccess(yield* attempt(answering))).toBe(true)
    }))

  it("is told by explain and by the report", () =>
    Effect.gen(function* () {
      yield* ramping()
      yield* TestClock.adjust("3500 millis")
      const explanation = yield* CircuitBreaker.explain(key)
      expect(explanation.cause).toBe("closed for 3.5 s, in slow start: admits 35 % of the attempts, and all in 6.5 s")
      const ramp = { share: 0.35, endsIn: Duration.millis(6_500) }
      expect(explanation.ramp).toEqual(ramp)
      expect(CircuitReport.fromExplanation(explanation, 1).ramp).toEqual(ramp)
      const state = yield* CircuitBreaker.state(key)
      expect(CircuitReport.fromState(state, 1, state.since + 3_500).ramp).toEqual(ramp)
      yield* TestClock.adjust("6500 millis")
      expect((yield* CircuitBreaker.explain(key)).cause).toBe("closed for 10 s")
    }))

  it("is recorded as a rejection in slow start", () =>
    Effect.gen(function* () {
      yield* ramping()
      const record = yield* Recorder.make
      const admitted = yield* ofAHundred(attempt(answering))
      expect(record.rejections(key)).toEqual(Array.from({ length: 100 - admitted }, () => "SlowStart"))
    }))

  it("rejects nothing while observing or disabled", () =>
    Effect.gen(function* () {
      yield* ramping()
      yield* CircuitBreaker.observe(key, "trial")
      expect(yield* ofAHundred(attempt(answering))).toBe(100)
      yield* CircuitBreaker.disable(key, "trial")
      expect(yield* ofAHundred(attempt(answering))).toBe(100)
    }))

  it("admits its share of attempts under several circuits too", () =>
    Effect.gen(function* () {
      yield* ramping("host")
      const both = Effect.exit(CircuitBreaker.executeAll(answering, { keys: ["host", "tenant"], classify }))
      const count = yield* ofAHundred(both)
      expect(Math.abs(count - 10)).toBeLessThanOrEqual(1)
    }))

  it("survives a snapshot", () =>
    Effect.gen(function* () {
      yield* ramping()
      const snapshot: unknown = JSON.parse(JSON.stringify(yield* CircuitBreaker.snapshot))
      yield* CircuitBreaker.restore(snapshot, { elapsed: "3500 millis" })
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ ramp: { share: 0.35 } })
    }))

  it("lets a retry sleep on, and ends the call with its own error where it is rejected then", () =>
    Effect.gen(function* () {
      const retry = { attempts: 2, base: "100 millis", jitter: "none" } as const
      const call = Effect.suspend(() => {
        const { effect } = scripted(Effect.delay(failing, "1500 millis"), answering)
        return Effect.option(Effect.flip(Truce.protect(effect, { key, classify, retry })))
      })
      const fibers = yield* Effect.all(Array.from({ length: 10 }, () => Effect.fork(call)))
      yield* settled
      yield* ramping()
      for (const fiber of fibers) expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("100 millis")
      const ends = yield* Fiber.joinAll(fibers)
      const rejected = ends.flatMap(Option.toArray)
      expect(rejected.length).toBeGreaterThanOrEqual(8)
      for (const one of rejected) {
        expect(one).toMatchObject({ _tag: "RetryExhausted", reason: "circuit-open", lastError: new Timeout() })
      }
    }))

  it("holds no permit: an attempt that is interrupted on the ramp takes nothing from those after it", () =>
    Effect.gen(function* () {
      yield* ramping()
      const fibers = yield* Effect.all(Array.from({ length: 100 }, () => Effect.fork(attempt(Effect.never))))
      yield* settled
      yield* Fiber.interruptAll(fibers)
      const count = yield* ofAHundred(attempt(answering))
      expect(Math.abs(count - 10)).toBeLessThanOrEqual(1)
    }))
})

describe('slow start and whenOpen: "wait"', () => {
  it("waits for its point of the ramp and not for the end", () =>
    Effect.gen(function* () {
      yield* ramping()
      const record = yield* Recorder.make
      const fibers = yield* Effect.all(Array.from({ length: 100 }, () => Effect.fork(patient("1 minute"))))
      yield* settled
      const answered: Array<number> = []
      for (let second = 0; second < 10; second++) {
        yield* TestClock.adjust("1 second")
        answered.push(record.attempts(key).length)
      }
      expect(yield* Fiber.joinAll(fibers)).toEqual(fibers.map(() => "hello"))
      // Neither all at once at the end, nor asked for again and again.
      expect(answered.filter((count) => count > 20 && count < 80).length).toBeGreaterThanOrEqual(3)
      expect(record.rejections(key).length).toBeLessThan(300)
    }))

  it("stops at once where its point outlasts the deadline", () =>
    Effect.gen(function* () {
      yield* ramping()
      const exits = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.option(Effect.flip(patient("1 millis")))),
        { concurrency: "unbounded" }
      )
      const rejected = exits.flatMap(Option.toArray)
      expect(rejected.length).toBeGreaterThanOrEqual(8)
      for (const one of rejected) expect(one).toMatchObject({ _tag: "CircuitOpen", state: "SlowStart" })
    }))

  it("wakes as soon as an operator ends the ramp", () =>
    Effect.gen(function* () {
      yield* ramping()
      yield* ofAHundred(attempt(answering))
      const fibers = yield* Effect.all(Array.from({ length: 10 }, () => Effect.fork(patient("1 minute"))))
      yield* settled
      yield* CircuitBreaker.reset(key, "fixed")
      for (const fiber of fibers) expect((yield* peek(fiber))._tag).toBe("Some")
    }))

  it("goes on waiting when the circuit opens meanwhile, now for the probe", () =>
    Effect.gen(function* () {
      yield* ramping()
      const fibers = yield* Effect.all(Array.from({ length: 10 }, () => Effect.fork(patient("1 minute"))))
      yield* settled
      yield* trip()
      // In steps, as each open time begins when somebody was woken by the one before.
      for (let step = 0; step < 60; step++) yield* TestClock.adjust("1 second")
      expect(yield* Fiber.joinAll(fibers)).toEqual(fibers.map(() => "hello"))
    }))
})

describe("the options of a slow start", () => {
  const built = (slowStart: CircuitBreaker.Options["slowStart"]) =>
    Effect.flip(Effect.sandbox(Effect.scoped(Layer.build(Truce.layer({ circuit: { slowStart } })))))

  it("are checked under their own names", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<CircuitBreaker.SlowStart> = [
        { initialShare: 0 },
        { within: "0 seconds" },
        { rampFor: "1 minute", maxRampFor: "30 seconds" }
      ]
      const messages = yield* Effect.forEach(wrong, (options) => Effect.map(built(options), String))
      expect(messages).toEqual([
        expect.stringContaining("CircuitBreaker: slowStart.initialShare must be greater than 0 and at most 1, got 0"),
        expect.stringContaining("CircuitBreaker: slowStart.within must be a finite number greater than 0"),
        expect.stringContaining("CircuitBreaker: slowStart.maxRampFor must be at least slowStart.rampFor (60000)")
      ])
    }))

  it("may be data, for all keys or some", () =>
    Effect.gen(function* () {
      const policy = yield* Policy.decode({
        circuit: { slowStart: true },
        overrides: { "a-*": { circuit: { slowStart: { rampFor: "5 seconds" } } } }
      })
      expect(Policy.toOptions(policy)).toMatchObject({ circuit: { slowStart: true } })
      const wrong = yield* Effect.flip(Policy.decode({ circuit: { slowStart: { rampFor: "soon" } } }))
      expect(wrong.message).toContain("circuit.slowStart")
      const unknown = yield* Effect.flip(Policy.decode({ circuit: { slowStart: { initialShare: 2 } } }))
      expect(unknown.message).toBe("circuit.slowStart.initialShare: must be greater than 0 and at most 1, got 2")
    }))

  it("are a conflict by name where two breakers differ on a key", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.register("own", { slowStart: { rampFor: "5 seconds" } })
      const conflict = yield* Effect.flip(CircuitBreaker.register("own", { slowStart: { rampFor: "6 seconds" } }))
      expect(conflict).toEqual(
        new PolicyConflict.PolicyConflict({
          key: "own",
          field: "slowStart.rampFor",
          existing: 5_000,
          requested: 6_000
        })
      )
    }))

  on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer())))(
    "may be of one key alone",
    () =>
      Effect.gen(function* () {
        yield* CircuitBreaker.register(key, { slowStart: { rampFor: "2 seconds", initialShare: 0.1 } })
        yield* ramping()
        yield* TestClock.adjust("1 second")
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ ramp: { share: 0.5 } })
      })
  )
})
