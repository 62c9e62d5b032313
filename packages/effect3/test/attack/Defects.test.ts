import { CircuitBreaker, CircuitOpen, Classifier, Outcome, RetryBudget, Transaction, Truce } from "@truce/effect3"
import { Duration, Effect, Exit, Schedule, STM } from "effect"
import { describe, expect } from "vitest"
import { defectOf, reasonsOf } from "../platform/Exits.ts"
import { delayedBy, dyingInAStep } from "../platform/Schedules.ts"
import { Timeout, answering, classify, failing, key, on, scoreOf, statusOf, steady, trip } from "../support.ts"
import { admitsAtOnce, by, probing } from "./support.ts"

const boom = (): never => {
  throw new Error("boom")
}

const it = by(() => steady())

describe("a probe gives its permit back, and its call the defect,", () => {
  const probe = <E, ER extends E, EP extends E>(
    name: string,
    self: Effect.Effect<string, E>,
    classifier: Classifier.Classifier<E, ER, EP>,
    status: "HalfOpen" | "Open"
  ) =>
    it(name, (clock) =>
      Effect.gen(function* () {
        const calls = [
          Effect.map(Effect.exit(Truce.protect(self, { key, classify: classifier })), (exit) => String(defectOf(exit))),
          Effect.map(Effect.exit(CircuitBreaker.execute(self, { key, classify: classifier })), (exit) =>
            String(defectOf(exit))
          )
        ]
        for (const call of calls) {
          yield* CircuitBreaker.reset(key, "again")
          yield* probing(clock)
          expect(yield* call).toBe("Error: boom")
          expect(yield* CircuitBreaker.state(key)).toMatchObject({ status, probes: 0 })
          if (status === "HalfOpen") expect(yield* admitsAtOnce()).toBe(true)
        }
      })
    )

  probe("when the effect dies", Effect.die(new Error("boom")), classify, "Open")
  probe("when the effect throws", Effect.sync(boom), classify, "Open")
  probe(
    "when a rule of the classifier throws",
    Effect.fail(new Timeout()),
    Classifier.tags<Timeout>()({ Timeout: Classifier.retriable({ retryAfter: boom }) }),
    "HalfOpen"
  )
  probe(
    "when the classifier throws over a success",
    Effect.succeed("hello"),
    Classifier.tags<Timeout>()({ Timeout: "retriable" }, { success: boom }),
    "HalfOpen"
  )
})

describe("a classifier that throws only when asked whether to retry", () => {
  const late = Classifier.refine((error: Timeout): error is Timeout => boom() || error._tag === "Timeout", {
    outcome: () => Outcome.failure({ weight: 0.3 })
  })

  it("keeps no permit: the attempt was settled before", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      expect(
        String(defectOf(yield* Effect.exit(Truce.protect(Effect.fail(new Timeout()), { key, classify: late }))))
      ).toBe("Error: boom")
      expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
    }))
})

describe("a schedule of the user's", () => {
  const broken = {
    "throws in a step": Schedule.map(Schedule.forever, boom),
    "dies in a step": dyingInAStep(new Error("boom"))
  }
  for (const [name, schedule] of Object.entries(broken)) {
    it(`that ${name} ends the call with its defect, and costs no token`, () =>
      Effect.gen(function* () {
        const truce = yield* Truce.Truce
        const exit = yield* Effect.exit(Truce.protect(failing, { key, classify, retry: { schedule } }))
        expect(String(defectOf(exit))).toBe("Error: boom")
        expect(yield* truce.budget.tokens(key)).toBe(10)
      }))
  }

  it("that asks for delays below zero, of none and of no number is retried at once", () =>
    Effect.gen(function* () {
      let attempts = 0
      const delays = [-5, 0, Number.NaN]
      const schedule = delayedBy(3, () => Duration.millis(delays[attempts % 3] ?? 0))
      const effect = Effect.zipRight(
        Effect.sync(() => attempts++),
        failing
      )
      const exit = yield* Effect.exit(Truce.protect(effect, { key, classify, retry: { schedule } }))
      expect(Exit.isFailure(exit)).toBe(true)
      expect(attempts).toBe(4)
    }))
})

describe("a budget of the user's that throws", () => {
  const rule = { ...RetryBudget.saturation(), settle: boom }
  by(() => steady({ budget: rule }))("keeps no permit of a probe", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      for (const effect of [answering, failing]) {
        expect(String(defectOf(yield* Effect.exit(Truce.protect(effect, { key, classify }))))).toBe("Error: boom")
        expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
      }
    })
  )
})

describe("a transaction of the user's that dies, fails or throws after it was admitted", () => {
  it("takes no permit", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const now = yield* Transaction.now
      for (const end of [STM.die("boom"), STM.fail("no"), STM.sync(boom)]) {
        yield* Effect.exit(Transaction.commit(STM.zipRight(Transaction.admit([key], now), end)))
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", probes: 0, generation: 1 })
      }
      expect(yield* admitsAtOnce()).toBe(true)
    }))
})

describe("errors that are no objects", () => {
  const texts = ["throttled", "", null, undefined, 0, Number.NaN, Symbol.for("error"), Object.create(null), []] as const

  const everything = Classifier.make<unknown>(() => true)
  on(() => steady())("are retried and told as any other", () =>
    Effect.gen(function* () {
      for (const [index, thrown] of texts.entries()) {
        const of = `key-${index}`
        const retry = { attempts: 2, base: "0 millis" } as const
        const error = yield* Effect.fail(thrown).pipe(
          Truce.protect({ key: of, classify: everything, retry }),
          Effect.withSpan("call"),
          Effect.flip
        )
        expect(error).toMatchObject({ _tag: "RetryExhausted", attempts: [{ error: thrown }, { error: thrown }] })
        expect(error).toHaveProperty("message", expect.stringContaining("ended after 2 attempts"))
        expect(yield* scoreOf(of)).toBe(0.7)
      }
    })
  )

  const strings = Classifier.refine((error: string | null): error is string => error !== null)
  on(() => steady())("are split by a refinement, null too", () =>
    Effect.gen(function* () {
      const classified = (error: string | null) =>
        Effect.fail(error).pipe(Truce.protect({ key, classify: strings, retry: { attempts: 1 } }), Effect.flip)
      expect(yield* classified(null)).toBe(null)
      expect(yield* classified("busy")).toMatchObject({ _tag: "RetryExhausted", lastError: "busy" })
    })
  )
})

describe("what a dependency asks for", () => {
  const asks = (after: Duration.DurationInput) =>
    Classifier.tags<Timeout>()({ Timeout: Classifier.retriable({ retryAfter: () => after }) })

  const wishes: ReadonlyArray<readonly [Duration.DurationInput, string, number]> = [
    [Duration.infinity, "deadline", 60_000],
    [Number.MAX_VALUE, "deadline", 60_000],
    ["36500 days", "deadline", 60_000],
    [-1, "attempts", 500],
    [Number.NaN, "attempts", 500],
    ["-1 hour", "attempts", 500]
  ]
  for (const [after, reason, open] of wishes) {
    on(() => steady())(
      `is a wait of ${String(after)}: the call ends, the failure counts, the circuit opens no longer than it may`,
      () =>
        Effect.gen(function* () {
          const retry = { attempts: 2, base: "0 millis" } as const
          const error = yield* Effect.flip(
            Truce.protect(Effect.fail(new Timeout()), { key, classify: asks(after), retry })
          )
          expect(error).toMatchObject({ _tag: "RetryExhausted", reason })
          expect(yield* scoreOf()).toBeLessThan(1)
          const run = CircuitBreaker.execute(Effect.fail(new Timeout()), { key, classify: asks(after) })
          yield* Effect.repeat(Effect.zipRight(Effect.exit(run), statusOf()), { until: (status) => status === "Open" })
          const rejection = yield* Effect.flip(run)
          expect(CircuitOpen.isCircuitOpen(rejection) && Duration.toMillis(rejection.retryAfter)).toBe(open)
        })
    )
  }
})

describe("a status that is none", () => {
  interface ApiError {
    readonly status: number
  }
  const byStatus = Classifier.status({ status: (error: ApiError) => error.status })

  for (const status of [0, -1, 99, Number.NaN]) {
    on(() => steady())(`such as ${status} is no answer: a failure worth another attempt`, () =>
      Effect.gen(function* () {
        const effect = Effect.fail({ status })
        const retry = { attempts: 2, base: "0 millis" } as const
        const error = yield* Effect.flip(Truce.protect(effect, { key, classify: byStatus, retry }))
        expect(error).toMatchObject({ _tag: "RetryExhausted", reason: "attempts" })
        expect(yield* scoreOf()).toBe(0.7)
      })
    )
  }
})

describe("a rejection", () => {
  it("of an open circuit runs nothing of the call, not even its classifier", () =>
    Effect.gen(function* () {
      yield* trip()
      const rude = Classifier.make<never>(boom, { outcome: boom, success: boom })
      const exit = yield* Effect.exit(Truce.protect(Effect.sync(boom), { key, classify: rude }))
      expect(reasonsOf(exit)).toEqual(["Fail"])
    }))
})
