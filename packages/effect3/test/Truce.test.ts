import {
  type Attempt,
  AttemptTimeout,
  CallContext,
  CircuitBreaker,
  HealthScore,
  RetryBudget,
  Truce
} from "@truce/effect3"
import { Cause, Duration, Effect, Exit, Fiber, Option, TestClock } from "effect"
import { describe, expect } from "vitest"
import { defectsOf } from "./platform/Exits.ts"
import {
  type ApiError,
  NotFound,
  Throttled,
  Timeout,
  answering,
  classify,
  failing,
  key,
  missing,
  on,
  peek,
  scoreOf,
  scripted,
  settled,
  steady,
  trip
} from "./support.ts"

const it = on(() => steady())
const protect = Truce.protect({ key, classify })

describe("protect", () => {
  it("gives the value of an attempt that succeeds at once", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(answering)
      expect(yield* protect(effect)).toBe("hello")
      expect(runs()).toBe(1)
    }))

  it("gives the value of its last attempt after retries", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing, failing, answering)
      expect(yield* atOnce(protect(effect))).toBe("hello")
      expect(runs()).toBe(3)
    }))

  it("waits 100 ms before the first retry and 200 ms before the second", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      yield* Effect.fork(Effect.exit(protect(effect)))
      const seen: Array<number> = []
      for (const millis of [99, 1, 199, 1]) {
        yield* TestClock.adjust(millis)
        seen.push(runs())
      }
      expect(seen).toEqual([1, 2, 2, 3])
    }))

  it("ends a call at once with a permanent error, under its own tag", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(missing)
      expect(yield* Effect.flip(protect(effect))).toEqual(new NotFound({ id: "1" }))
      expect(runs()).toBe(1)
    }))

  it("ends with the permanent error of a retry", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing, missing)
      expect(yield* atOnce(Effect.flip(protect(effect)))).toEqual(new NotFound({ id: "1" }))
      expect(runs()).toBe(2)
    }))

  it("never retries a defect", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted<string, ApiError, never>(Effect.die("boom"))
      expect(yield* Effect.exit(protect(effect))).toEqual(Exit.die("boom"))
      expect(runs()).toBe(1)
    }))

  it("never retries a defect beside a retriable error", () =>
    Effect.gen(function* () {
      const both = Effect.failCause(Cause.parallel(Cause.fail(new Timeout()), Cause.die("boom")))
      const { effect, runs } = scripted<string, ApiError, never>(both)
      const exit = yield* Effect.exit(protect(effect))
      expect(defectsOf(exit)).toEqual([new Timeout(), "boom"])
      expect(runs()).toBe(1)
    }))

  it("never retries an interruption", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted<string, ApiError, never>(Effect.interrupt)
      expect(Exit.isInterrupted(yield* Effect.exit(protect(effect)))).toBe(true)
      expect(runs()).toBe(1)
    }))

  it("makes every attempt evidence, the later ones of a call by half as much", () =>
    Effect.gen(function* () {
      yield* atOnce(Effect.exit(protect(failing)))
      const { moves } = yield* HealthScore.explain(key)
      expect(moves.map(({ weight }) => weight)).toEqual([1, 0.5, 0.25])
    }))

  it("runs data-first as data-last", () =>
    Effect.gen(function* () {
      expect(yield* Truce.protect(answering, { key, classify })).toBe("hello")
    }))

  it("begins a call anew at every run of one protected effect", () =>
    Effect.gen(function* () {
      const once = protect(failing)
      const errors = yield* atOnce(Effect.all([Effect.flip(once), Effect.flip(once)]))
      expect(errors.map((error) => error._tag === "RetryExhausted" && error.attempts.length)).toEqual([3, 3])
    }))
})

describe("the reason a call ended", () => {
  it("is attempts when the schedule is done", () =>
    Effect.gen(function* () {
      expect(yield* atOnce(Effect.flip(protect(failing)))).toMatchObject({ reason: "attempts", key })
    }))

  it("is deadline when the next retry would start past it", () =>
    Effect.gen(function* () {
      const retry = { deadline: "299 millis", jitter: "none" } as const
      const error = yield* atOnce(Effect.flip(Truce.protect(failing, { key, classify, retry })))
      expect(error).toMatchObject({ reason: "deadline", attempts: [{ number: 0 }, { number: 1 }] })
    }))

  it("is deadline when the dependency asks to be left alone for longer", () =>
    Effect.gen(function* () {
      const retry = { deadline: "2 seconds" } as const
      const throttled: Effect.Effect<string, ApiError> = Effect.fail(new Throttled({ after: "3 seconds" }))
      const error = yield* Effect.flip(Truce.protect(throttled, { key, classify, retry }))
      expect(error).toMatchObject({ reason: "deadline", attempts: [{ number: 0 }] })
    }))

  it("is circuit-open when a retry is rejected, and what it paid comes back", () =>
    Effect.gen(function* () {
      const last = Effect.tapError(failing, () => CircuitBreaker.isolate(key, "maintenance"))
      const error = yield* Effect.flip(protect(last))
      expect(error).toMatchObject({ reason: "circuit-open", lastError: new Timeout() })
      expect(yield* RetryBudget.tokens(key)).toBe(10)
    }))

  on(() => steady({ budget: RetryBudget.ratio({ capacity: 1 }) }))("is budget when there is no token", () =>
    Effect.gen(function* () {
      const error = yield* atOnce(Effect.flip(protect(failing)))
      expect(error).toMatchObject({ reason: "budget", attempts: [{ number: 0 }, { number: 1 }] })
    })
  )
})

describe("the trail of a call", () => {
  it("holds every attempt with its error, its times and what its circuit was", () =>
    Effect.gen(function* () {
      const { effect } = scripted(Effect.delay(failing, "50 millis"), Effect.fail(new Throttled({ after: 0 })), failing)
      const error = yield* atOnce(Effect.flip(protect(effect)))
      expect(error._tag === "RetryExhausted" && error.attempts.map(flat)).toEqual([
        { number: 0, start: 0, duration: 50, delay: 0, error: "Timeout", state: "Closed", score: 0.8 },
        { number: 1, start: 150, duration: 0, delay: 100, error: "Throttled", state: "Closed", score: 0.765 },
        { number: 2, start: 350, duration: 0, delay: 200, error: "Timeout", state: "Closed", score: 0.721 }
      ])
    }))

  it("can be read after a success", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, answering)
      const trail = yield* atOnce(CallContext.open(Effect.zipRight(protect(effect), CallContext.trail)))
      expect(trail.map(({ error, outcome }) => [outcome, error])).toEqual([
        ["Failure", new Timeout()],
        ["Success", undefined]
      ])
    }))

  it("holds the permanent error that ended the call", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, missing)
      const trail = yield* atOnce(CallContext.open(Effect.zipRight(Effect.flip(protect(effect)), CallContext.trail)))
      expect(trail.map(({ error, outcome }) => [outcome, error])).toEqual([
        ["Failure", new Timeout()],
        ["Answered", new NotFound({ id: "1" })]
      ])
    }))

  it("is told to the effect inside: how many attempts lie behind it", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const effect = Effect.tap(CallContext.attempt, (number) => Effect.sync(() => seen.push(number)))
      yield* atOnce(Effect.exit(protect(Effect.zipRight(effect, failing))))
      expect(seen).toEqual([0, 1, 2])
    }))
})

describe("attemptTimeout", () => {
  const limited = Truce.protect({ key, classify, attemptTimeout: "1 second" })

  it("interrupts an attempt that takes longer and retries it", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted<string, ApiError, never>(Effect.never, answering)
      expect(yield* atOnce(limited(effect))).toBe("hello")
      expect(runs()).toBe(2)
    }))

  it("gives AttemptTimeout where all attempts take longer", () =>
    Effect.gen(function* () {
      const error = yield* atOnce(Effect.flip(limited(Effect.never)))
      expect(error._tag === "RetryExhausted" && error.lastError).toEqual(
        new AttemptTimeout.AttemptTimeout({ key, after: Duration.seconds(1) })
      )
    }))

  it("prices a timed-out retry at a whole token", () =>
    Effect.gen(function* () {
      yield* atOnce(Effect.exit(limited(Effect.never)))
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(7.8)
    }))

  it("makes half of itself the threshold of slowness", () =>
    Effect.gen(function* () {
      yield* atOnce(limited(Effect.delay(answering, "500 millis")))
      expect(yield* RetryBudget.tokens(key)).toBe(10)
      yield* atOnce(limited(Effect.delay(answering, "501 millis")))
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(9.8)
    }))
})

describe("slowAfter", () => {
  const timed = Truce.protect({ key, classify, slowAfter: "1 second" })

  it("makes a later success slow and a later failure saturated: both cost the budget", () =>
    Effect.gen(function* () {
      yield* atOnce(timed(Effect.delay(answering, "1001 millis")))
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(9.8)
      const { effect } = scripted(failing, Effect.delay(failing, "1001 millis"), missing)
      yield* atOnce(Effect.exit(timed(effect)))
      // The retry that was answered costs nothing.
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(8.8)
    }))
})

describe("a call that its caller gives up on", () => {
  const interruptedAfter = (call: Effect.Effect<unknown, unknown, Truce.Truce>, wait: Duration.DurationInput) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(call)
      yield* TestClock.adjust(wait)
      yield* Fiber.interrupt(fiber)
      return [yield* scoreOf(), yield* RetryBudget.tokens(key)]
    })
  const slow = Effect.delay(answering, "300 millis")

  it("says nothing before it took as long as the slowest recent success, whatever slowAfter says", () =>
    Effect.gen(function* () {
      yield* atOnce(protect(slow))
      expect(yield* interruptedAfter(protect(Effect.never), "299 millis")).toEqual([1, 10])
      const timed = Truce.protect(Effect.never, { key, classify, slowAfter: "10 millis" })
      expect(yield* interruptedAfter(timed, "299 millis")).toEqual([1, 10])
    }))

  it("was a timeout from then on, in the score and in the budget", () =>
    Effect.gen(function* () {
      yield* atOnce(protect(slow))
      yield* TestClock.adjust("1 millis")
      expect(yield* interruptedAfter(protect(Effect.never), "300 millis")).toEqual([0.8, 9.8])
    }))

  it("says nothing where something has succeeded since it began, or nothing ever did", () =>
    Effect.gen(function* () {
      expect(yield* interruptedAfter(protect(Effect.never), "1 hour")).toEqual([1, 10])
      yield* atOnce(protect(slow))
      yield* TestClock.adjust("1 millis")
      const hung = yield* Effect.fork(protect(Effect.never))
      yield* TestClock.adjust("1 second")
      yield* atOnce(protect(answering))
      yield* Fiber.interrupt(hung)
      expect(yield* scoreOf()).toBe(1)
    }))

  it("was a timeout after abandonedAfter, where that is set, and never where it is infinite", () =>
    Effect.gen(function* () {
      const after = (abandonedAfter: Duration.DurationInput) =>
        Truce.protect(Effect.never, { key, classify, abandonedAfter })
      expect(yield* interruptedAfter(after("1 second"), "999 millis")).toEqual([1, 10])
      expect(yield* interruptedAfter(after("1 second"), "1 second")).toEqual([0.8, 9.8])
      yield* atOnce(protect(answering))
      expect((yield* interruptedAfter(after(Duration.infinity), "1 hour"))[0]).toBeGreaterThan(0.8)
    }))
})

describe("a timeout that was noticed late", () => {
  it("is the process's own: it says nothing of the dependency, and is retried all the same", () =>
    Effect.gen(function* () {
      const timed = Truce.protect({
        key,
        classify,
        attemptTimeout: "200 millis",
        retry: { attempts: 2, base: "1 millis" }
      })
      const { effect, runs } = scripted<string, ApiError, never>(Effect.never, answering)
      const fiber = yield* Effect.fork(timed(effect))
      yield* settled
      // The event loop stands still for 800 ms.
      yield* TestClock.adjust("800 millis")
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toBe("hello")
      expect(runs()).toBe(2)
    }))
})

describe("an interrupted call", () => {
  it("gives back the token of a retry it was asleep before", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(protect(failing))
      yield* settled
      expect(yield* RetryBudget.tokens(key)).toBe(9)
      yield* Fiber.interrupt(fiber)
      expect(yield* RetryBudget.tokens(key)).toBe(10)
    }))

  it("pays for a retry on its way as for one that found nothing out", () =>
    Effect.gen(function* () {
      const { effect } = scripted<string, ApiError, never>(failing, Effect.never)
      const fiber = yield* Effect.fork(protect(effect))
      yield* TestClock.adjust("100 millis")
      expect(yield* RetryBudget.tokens(key)).toBe(9)
      yield* Fiber.interrupt(fiber)
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(9.9)
    }))

  it("says nothing to the circuit", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(protect(Effect.never))
      yield* settled
      yield* Fiber.interrupt(fiber)
      expect((yield* HealthScore.explain(key)).moves).toEqual([])
    }))
})

describe("CircuitOpen", () => {
  it("is the error only of a call that made no attempt", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      const tags: Array<readonly [string, number]> = []
      for (let call = 0; call < 12; call++) {
        const before = runs()
        const error = yield* atOnce(Effect.flip(protect(effect)))
        tags.push([error._tag, runs() - before])
        if (call === 8) yield* trip()
      }
      expect(tags.every(([tag, made]) => (tag === "CircuitOpen") === (made === 0))).toBe(true)
      expect(new Set(tags.map(([tag]) => tag))).toEqual(new Set(["RetryExhausted", "CircuitOpen"]))
    }))
})

const flat = (attempt: Attempt.Attempt<ApiError>) => ({
  number: attempt.number,
  start: Duration.toMillis(attempt.start),
  duration: Duration.toMillis(attempt.duration),
  delay: Duration.toMillis(attempt.delay),
  error: attempt.error._tag,
  state: attempt.state,
  score: Number(attempt.score.toFixed(3))
})

/** Runs an effect to its end, moving the clock as far as it takes. */
const atOnce = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* settled
    yield* Effect.repeat(TestClock.adjust("50 millis"), {
      until: () => Effect.map(peek(fiber), Option.isSome)
    })
    return yield* Fiber.join(fiber)
  })
