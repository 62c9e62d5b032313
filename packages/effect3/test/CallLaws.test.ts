// A breaker is put on a score on purpose here. @effect-diagnostics multipleEffectProvide:skip-file
import { CircuitBreaker, Classifier, RetryBudget, Truce } from "@truce/effect3"
import { Cause, Data, Duration, Effect, Exit, Fiber, Schedule, TestClock, TestContext } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { withWall } from "./wallClock.ts"
import { answering, attempt, key, on, statusOf, steady, trip } from "./support.ts"

/** What an attempt comes to, and how long it takes. */
type Step = readonly [
  ends: "success" | "failure" | "throttle" | "permanent" | "defect" | "interruption",
  millis: number
]

const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Step[0]>("success") },
      { weight: 6, arbitrary: fc.constant<Step[0]>("failure") },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Array<Step[0]>>("throttle", "permanent", "defect", "interruption")
      }
    ),
    fc.constantFrom(0, 0, 100, 600)
  ),
  { minLength: 1, maxLength: 3 }
)

const calls = fc.array(steps, { minLength: 1, maxLength: 20, size: "max" })

it("Evidence events = settled attempts with weight. A call's end, a rejection, a denied retry and an early interruption emit none", () =>
  forAll({ budget: RetryBudget.ratio({ capacity: 2 }), retry: { schedule: Schedule.recurs(2) } }, (all) =>
    Effect.gen(function* () {
      const made = (yield* Effect.forEach(all, (call) => calling(atOnce(call)))).flatMap((call) => call.made)
      const { circuits } = yield* CircuitBreaker.snapshot
      const silent = new Set(["permanent", "interruption"])
      expect(circuits[key]?.traffic.attempts).toBe(made.filter(({ ends }) => !silent.has(ends)).length)
    })
  ))

it("The result of a call is the result of its last attempt, or a rejection, or the reason its retries ended", () =>
  forAll({ budget: RetryBudget.ratio({ capacity: 5 }), retry: { schedule: Schedule.recurs(2) } }, (all) =>
    Effect.gen(function* () {
      for (const { made, result } of yield* Effect.forEach(all, (call) => calling(atOnce(call)))) {
        const last = made.at(-1)?.ends ?? "CircuitOpen"
        if (last !== "failure" && last !== "throttle") expect(result).toBe(last)
        else if (made.length === 3) expect(result).toBe("attempts")
        else expect(["budget", "circuit-open"]).toContain(result)
      }
    })
  ))

describe("Retries sent never exceed what the budget allows", () => {
  it("of a ratio: its capacity and its share of the calls", () =>
    forAll(
      { budget: RetryBudget.ratio({ capacity: 3, ratio: 0.2 }), retry: { base: 50 } },
      (all) =>
        Effect.gen(function* () {
          const made = yield* together(all)
          const retries = made.filter(({ isRetry }) => isRetry).length
          expect(retries).toBeLessThanOrEqual(3 + 0.2 * (made.length - retries))
        }),
      50
    ))

  it("of saturation: saturated retries and a tenth of the fast failed ones, against 10 and a tenth of the fast first successes", () =>
    forAll(
      { retry: { base: 50, attempts: 3 } },
      (all) =>
        Effect.gen(function* () {
          const made = yield* together([...all, ...all])
          const of = (wanted: (one: Made) => boolean) => made.filter(wanted).length
          const saturated = of((one) => one.isRetry && (one.isSlow || one.ends === "throttle"))
          const failed = of((one) => one.isRetry && !one.isSlow && one.ends !== "throttle" && one.ends !== "success")
          const earned = of((one) => !one.isRetry && !one.isSlow && one.ends === "success")
          expect(saturated + 0.1 * failed).toBeLessThanOrEqual(10 + 0.1 * earned + 1e-9)
          const tokens = yield* RetryBudget.tokens(key)
          expect(tokens).toBeGreaterThanOrEqual(0)
          expect(tokens).toBeLessThanOrEqual(10)
        }),
      25
    ))
})

describe("Nothing is admitted before the open time ends, on the monotonic clock", () => {
  for (const hours of [1, -1]) {
    on(() => steady())(`when the wall clock steps by ${hours} h`, () =>
      Effect.gen(function* () {
        const clock = yield* TestClock.testClock()
        let offset = 0
        const stepping = Effect.gen(function* () {
          yield* trip()
          offset = hours * 3_600_000
          yield* clock.adjust("499 millis")
          expect(Exit.isFailure(yield* attempt(answering))).toBe(true)
          yield* clock.adjust("1 millis")
          expect(Exit.isSuccess(yield* attempt(answering))).toBe(true)
          expect(yield* statusOf()).toBe("HalfOpen")
        })
        yield* Effect.withClock(
          stepping,
          withWall(clock, () => offset)
        )
      })
    )
  }
})

interface Made {
  readonly ends: Step[0]
  readonly isSlow: boolean
  readonly isRetry: boolean
}

class Failed extends Data.TaggedError("Failed")<{}> {}
class Throttled extends Data.TaggedError("Throttled")<{}> {}
class Permanent extends Data.TaggedError("Permanent")<{}> {}

const classify = Classifier.tags<Failed | Throttled | Permanent>()({
  Failed: "retriable",
  Throttled: Classifier.retriable({ weight: 0.35, saturated: true }),
  Permanent: "permanent"
})

const endings = {
  success: Effect.void,
  failure: Effect.fail(new Failed()),
  throttle: Effect.fail(new Throttled()),
  permanent: Effect.fail(new Permanent()),
  defect: Effect.die("boom"),
  interruption: Effect.interrupt
} as const

const slowAfter = Duration.millis(500)

/** One call, with the attempts it made and what came of it. */
const calling = (call: ReadonlyArray<Step>) =>
  Effect.suspend(() => {
    const made: Array<Made> = []
    const attempts = Effect.suspend(() => {
      const [ends, millis] = call[made.length] ?? (["failure", 0] as const)
      made.push({ ends, isSlow: millis > Duration.toMillis(slowAfter), isRetry: made.length > 0 })
      const ending: Effect.Effect<void, Failed | Throttled | Permanent> = endings[ends]
      return millis === 0 ? ending : Effect.delay(ending, millis)
    })
    return Effect.map(Effect.exit(Truce.protect(attempts, { key, classify, slowAfter })), (exit) => ({
      made,
      result: Exit.match(exit, {
        onSuccess: () => "success",
        onFailure: (cause) => {
          const error = Cause.failureOption(cause)
          if (error._tag === "None") return Cause.isInterrupted(cause) ? "interruption" : "defect"
          if (error.value._tag === "RetryExhausted") return error.value.reason
          return error.value._tag === "Permanent" ? "permanent" : error.value._tag
        }
      })
    }))
  })

/** The same call with attempts that take no time. */
const atOnce = (call: ReadonlyArray<Step>): ReadonlyArray<Step> => call.map(([ends]) => [ends, 0])

/** The attempts of many calls at the same time. */
const together = (all: ReadonlyArray<ReadonlyArray<Step>>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.forEach(all, calling, { concurrency: "unbounded" }))
    yield* TestClock.adjust("10 seconds")
    return (yield* Fiber.join(fiber)).flatMap(({ made }) => made)
  })

const forAll = (
  options: Truce.Options,
  law: (all: ReadonlyArray<ReadonlyArray<Step>>) => Effect.Effect<void, never, Truce.Services>,
  numRuns = 200
) =>
  fc.assert(
    fc.asyncProperty(calls, (all) =>
      Effect.runPromise(law(all).pipe(Effect.provide(steady(options)), Effect.provide(TestContext.TestContext)))
    ),
    { numRuns }
  )
