import { type Attempt, CircuitBreaker, HealthScore, RetryPolicy } from "@truce/effect3"
import { Context, Duration, Effect, Fiber, Layer, Option, Random, Schedule, TestClock } from "effect"
import { describe, expect } from "vitest"
import { outputs, tapInput, whileInput, within } from "./platform/Schedules.ts"
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
  scripted,
  settled
} from "./support.ts"

const retry = <A, R>(self: Effect.Effect<A, ApiError, R>) => RetryPolicy.retry(self, { key, classify })
const by = (options: RetryPolicy.Options = {}) => on(() => RetryPolicy.layer({ jitter: "none", ...options }))
const it = by()

describe("the delays of an exponential backoff", () => {
  it("double from 100 ms up to 2 s", () =>
    Effect.gen(function* () {
      expect(yield* delays({ jitter: "none" }, 7)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000])
    }))

  it("follow base, factor and cap", () =>
    Effect.gen(function* () {
      const options = { base: "10 millis", factor: 3, cap: "50 millis", jitter: "none" } as const
      expect(yield* delays(options, 4)).toEqual([10, 30, 50, 50])
    }))

  const spreads = [
    [undefined, (plain: number) => [0.5 * plain, 1.5 * plain]],
    ["full", (plain: number) => [0, plain]],
    ["equal", (plain: number) => [plain / 2, plain]],
    [{ min: 0.9, max: 1.1 }, (plain: number) => [0.9 * plain, 1.1 * plain]]
  ] as const
  for (const [jitter, range] of spreads) {
    it(`stay in range and fill it with jitter ${JSON.stringify(jitter) ?? "by default"}`, () =>
      Effect.gen(function* () {
        const drawn = yield* Effect.forEach(Array.from({ length: 200 }), () => delays({ jitter }, 6))
        for (const [at, plain] of [100, 200, 400, 800, 1_600, 2_000].entries()) {
          const [low = 0, high = 0] = range(plain)
          const column = drawn.map((row) => row[at] ?? NaN)
          expect(Math.min(...column)).toBeGreaterThanOrEqual(low)
          expect(Math.max(...column)).toBeLessThanOrEqual(high)
          expect(Math.max(...column) - Math.min(...column)).toBeGreaterThan(0.9 * (high - low))
        }
      }).pipe(Effect.withRandom(Random.make("jitter"))))
  }

  it("stay between base and three times the one before with decorrelated jitter", () =>
    Effect.gen(function* () {
      const drawn = yield* Effect.forEach(Array.from({ length: 200 }), () => delays({ jitter: "decorrelated" }, 6))
      for (const row of drawn) {
        for (const [at, delay] of row.entries()) {
          expect(delay).toBeGreaterThanOrEqual(100)
          expect(delay).toBeLessThanOrEqual(Math.min(2_000, 3 * (row[at - 1] ?? 100)))
        }
      }
    }).pipe(Effect.withRandom(Random.make("jitter"))))
})

describe("attempts", () => {
  it("are three by default, the first included", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      expect(yield* ending(retry(effect))).toMatchObject({ reason: "attempts", attempts: { length: 3 } })
      expect(runs()).toBe(3)
    }))

  by({ attempts: 1 })("may be one", () =>
    Effect.gen(function* () {
      expect(yield* ending(retry(failing))).toMatchObject({ reason: "attempts", attempts: { length: 1 } })
    })
  )

  by({ attempts: 10, cap: "100 millis" })("may be many", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(...Array.from({ length: 8 }, () => failing), answering)
      expect(yield* running(retry(effect))).toBe("hello")
      expect(runs()).toBe(9)
    })
  )
})

describe("a schedule of the user's own", () => {
  on(() => RetryPolicy.layer({ schedule: within(Schedule.spaced("1 second"), "2500 millis") }))(
    "decides when and how often: spaced, within a total time",
    () =>
      Effect.gen(function* () {
        expect(yield* ending(retry(failing))).toMatchObject({ reason: "attempts", attempts: { length: 4 } })
        const starts = trailOf(yield* ending(retry(failing))).map(({ start }) => Duration.toMillis(start))
        expect(starts).toEqual([0, 1_000, 2_000, 3_000])
      })
  )

  on(() => RetryPolicy.layer({ schedule: whileInput(Schedule.fibonacci("100 millis"), () => Effect.succeed(true)) }))(
    "may go on for ever, up to the deadline of a caller",
    () =>
      Effect.gen(function* () {
        const { effect, runs } = scripted(failing)
        yield* running(Effect.timeoutOption(retry(effect), "2100 millis"))
        expect(runs()).toBe(7)
      })
  )

  it("is told the key, the error, the number of failures and the wish of each attempt", () =>
    Effect.gen(function* () {
      const told: Array<RetryPolicy.Input> = []
      const schedule = tapInput(Schedule.recurs(3), (input: RetryPolicy.Input) => Effect.sync(() => told.push(input)))
      const { effect } = scripted(failing, Effect.fail(new Throttled({ after: "2 seconds" })), failing, answering)
      yield* running(Effect.provide(retry(effect), RetryPolicy.layer({ schedule })))
      expect(told).toEqual([
        { key, error: new Timeout(), failed: 1, retryAfter: Option.none() },
        { key, error: new Throttled({ after: "2 seconds" }), failed: 2, retryAfter: Option.some(Duration.seconds(2)) },
        { key, error: new Timeout(), failed: 3, retryAfter: Option.none() }
      ])
    }))

  it("takes its own services from where its layer is built", () =>
    Effect.gen(function* () {
      const schedule = whileInput(Schedule.recurs(9), ({ failed }: RetryPolicy.Input) =>
        Effect.map(Patience, (most) => failed < most)
      )
      const layer = RetryPolicy.layer({ schedule }).pipe(Layer.provide(Layer.succeed(Patience, 2)))
      const error = yield* ending(Effect.provide(retry(failing), layer))
      expect(trailOf(error).length).toBe(2)
    }))

  it("begins anew with every call", () =>
    Effect.gen(function* () {
      const layer = RetryPolicy.layer({ schedule: Schedule.recurs(1) })
      const errors = yield* Effect.provide(Effect.all([ending(retry(failing)), ending(retry(failing))]), layer)
      expect(errors.map((error) => trailOf(error).length)).toEqual([2, 2])
    }))
})

describe("the deadline", () => {
  by({ deadline: "300 millis" })("lets a retry start exactly at it", () =>
    Effect.gen(function* () {
      expect(trailOf(yield* ending(retry(failing))).length).toBe(3)
    })
  )

  by({ deadline: "299 millis" })("ends the call before a retry that would start later, without waiting for it", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.flip(retry(failing)))
      yield* TestClock.adjust("100 millis")
      const error = yield* Fiber.join(fiber)
      expect(error).toMatchObject({ reason: "deadline", attempts: { length: 2 } })
    })
  )

  by({ deadline: "1 second" })("cuts no attempt that runs", () =>
    Effect.gen(function* () {
      expect(yield* running(retry(Effect.delay(answering, "1 minute")))).toBe("hello")
    })
  )

  by({ deadline: "1 second", attempts: 9 })("counts the time of the attempts", () =>
    Effect.gen(function* () {
      const error = yield* ending(retry(Effect.delay(failing, "450 millis")))
      expect(error).toMatchObject({ reason: "deadline", attempts: { length: 2 } })
    })
  )
})

describe("a Retry-After", () => {
  const hinted = (after: Duration.DurationInput) =>
    scripted<string, ApiError, never>(Effect.fail(new Throttled({ after })), answering)

  it("lengthens the wait", () =>
    Effect.gen(function* () {
      const { effect, runs } = hinted("5 seconds")
      const fiber = yield* Effect.fork(retry(effect))
      yield* TestClock.adjust("4999 millis")
      expect(runs()).toBe(1)
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
    }))

  it("never shortens it", () =>
    Effect.gen(function* () {
      const { effect, runs } = hinted("1 millis")
      yield* Effect.fork(retry(effect))
      yield* TestClock.adjust("99 millis")
      expect(runs()).toBe(1)
    }))

  by({ deadline: "4 seconds" })("longer than the deadline leaves is a stop, not a wait", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(retry(hinted("5 seconds").effect))
      expect(error).toMatchObject({ reason: "deadline", attempts: { length: 1 } })
    })
  )

  it("longer than maxRetryAfter is a stop, not a wait", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(retry(hinted("31 seconds").effect))
      expect(error).toMatchObject({ reason: "deadline", attempts: { length: 1 } })
    }))

  it("without end is a stop like any that is too long", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(retry(hinted(Duration.infinity).effect))
      expect(error).toMatchObject({ reason: "deadline", attempts: { length: 1 } })
    }))

  on(() => RetryPolicy.layer({ schedule: Schedule.recurs(1) }))("is honoured with any schedule", () =>
    Effect.gen(function* () {
      const { effect, runs } = hinted("5 seconds")
      yield* Effect.fork(retry(effect))
      yield* TestClock.adjust("4999 millis")
      expect(runs()).toBe(1)
    })
  )

  it("lengthens a schedule of a plain Effect.retry", () =>
    Effect.gen(function* () {
      const { effect, runs } = hinted("5 seconds")
      const schedule = RetryPolicy.exponential({ jitter: "none" }).pipe(
        RetryPolicy.retryAfter((error: ApiError) => (error._tag === "Throttled" ? error.after : undefined))
      )
      yield* Effect.fork(Effect.retry(effect, schedule))
      yield* TestClock.adjust("4999 millis")
      expect(runs()).toBe(1)
      yield* TestClock.adjust("1 millis")
      expect(runs()).toBe(2)
    }))
})

describe("a retry alone", () => {
  it("ends at once with a permanent error", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(missing)
      expect(yield* Effect.flip(retry(effect))).toEqual(new NotFound({ id: "1" }))
      expect(runs()).toBe(1)
    }))

  it("never retries a defect", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted<string, ApiError, never>(Effect.die("boom"))
      expect((yield* Effect.exit(retry(effect)))._tag).toBe("Failure")
      expect(runs()).toBe(1)
    }))

  it("wakes from its sleep when an effect says that retrying became pointless", () =>
    Effect.gen(function* () {
      const pointless = Effect.sleep("50 millis")
      const fiber = yield* Effect.fork(Effect.flip(RetryPolicy.retry(failing, { key, classify, pointless })))
      yield* TestClock.adjust("50 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "circuit-open", attempts: { length: 1 } })
    }))

  it("reports attempts as Closed with a score of 1, for nothing judged them", () =>
    Effect.gen(function* () {
      expect(trailOf(yield* ending(retry(failing)))).toMatchObject([
        { key, number: 0, state: "Closed", score: 1, delay: Duration.zero },
        { number: 1, delay: Duration.millis(100) },
        { number: 2, start: Duration.millis(300) }
      ])
    }))
})

describe("a retry around a breaker of its own", () => {
  const both = on(() =>
    CircuitBreaker.layer({ openJitter: 0 }).pipe(
      Layer.provideMerge(HealthScore.layer()),
      Layer.merge(RetryPolicy.layer({ jitter: "none" }))
    )
  )
  const guarded = (self: Effect.Effect<string, ApiError>) =>
    self.pipe(CircuitBreaker.execute({ key, classify }), RetryPolicy.retry({ key, classify }))

  both("keeps a rejection that came before any attempt", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      expect((yield* Effect.flip(guarded(answering)))._tag).toBe("CircuitOpen")
    })
  )

  both("turns a rejection after an attempt into RetryExhausted", () =>
    Effect.gen(function* () {
      const opening = Effect.tapError(failing, () => CircuitBreaker.isolate(key, "maintenance"))
      const error = yield* ending(
        opening.pipe(CircuitBreaker.execute({ key, classify }), RetryPolicy.retry({ key, classify }))
      )
      expect(error).toMatchObject({ reason: "circuit-open", attempts: { length: 1 } })
    })
  )

  both("takes what the breaker saw into its trail, and halves the weight of later attempts", () =>
    Effect.gen(function* () {
      const trail = trailOf(yield* ending(guarded(failing)))
      expect(trail.map(({ score }) => score.toFixed(2))).toEqual(["0.80", "0.70", "0.66"])
    })
  )
})

class Patience extends Context.Tag("Patience")<Patience, number>() {}

const delays = (options: RetryPolicy.BackoffOptions, count: number) =>
  Effect.map(outputs(RetryPolicy.exponential(options), count), (all) => all.map(Duration.toMillis))

const trailOf = (error: unknown) =>
  typeof error === "object" && error !== null && "attempts" in error && isTrail(error.attempts) ? error.attempts : []

const isTrail = (u: unknown): u is ReadonlyArray<Attempt.Attempt> => Array.isArray(u)

/** Runs an effect to its end, moving the clock as far as it takes. */
const running = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* settled
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

/** The error of a call that fails. */
const ending = <A, E, R>(self: Effect.Effect<A, E, R>) => running(Effect.flip(self))
