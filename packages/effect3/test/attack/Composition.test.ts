import { CallContext, CircuitBreaker, Classifier, RetryPolicy, Truce } from "@truce/effect3"
import { type AttemptTimeout, RetryExhausted } from "@truce/effect3"
import { Cause, Data, Effect, Fiber, TestClock } from "effect"
import { describe, expect } from "vitest"
import { defectsOf } from "../platform/Exits.ts"
import {
  NotFound,
  Timeout,
  answering,
  classify,
  failing,
  key,
  on,
  scoreOf,
  scripted,
  settled,
  statusOf,
  steady
} from "../support.ts"
import { admitsAtOnce, all, by, dependency, ending, exits, hops, probing, tally } from "./support.ts"

const it = on(() => steady())
const retry = { attempts: 3, base: "0 millis" } as const

class Unavailable extends Data.TaggedError("Unavailable")<{}> {}
const outer = Classifier.tags<Unavailable>()({ Unavailable: "retriable" })

describe("a protected effect of several fibers", () => {
  it("is retried when one of them fails and interrupts the others", () =>
    Effect.gen(function* () {
      let attempts = 0
      const one = Effect.suspend(() => (attempts++ === 0 ? failing : answering))
      const several = Effect.all([one, Effect.as(Effect.yieldNow(), "there")], { concurrency: "unbounded" })
      expect(yield* Truce.protect(several, { key, classify, retry })).toEqual(["hello", "there"])
      expect(yield* scoreOf()).toBe(1)
      expect((yield* CircuitBreaker.state(key)).moves.map(({ outcome }) => outcome)).toEqual(["Failure", "Success"])
    }))

  it("keeps its permanent error when one of them fails with it and interrupts the others", () =>
    Effect.gen(function* () {
      const missing = Effect.fail(new NotFound({ id: "1" }))
      const several = Effect.all([missing, Effect.never], { concurrency: "unbounded" })
      expect(yield* Effect.flip(Truce.protect(several, { key, classify, retry }))).toEqual(new NotFound({ id: "1" }))
    }))

  it("is retried without a breaker too", () =>
    Effect.gen(function* () {
      const several = Effect.all([failing, Effect.never], { concurrency: "unbounded" })
      const error = yield* Effect.flip(RetryPolicy.retry(several, { key, classify }))
      expect(error).toMatchObject({ _tag: "RetryExhausted", reason: "attempts" })
    }).pipe(Effect.provide(RetryPolicy.layer({ base: "0 millis" }))))

  it("counts as one attempt, and leaves none of them running", () =>
    Effect.gen(function* () {
      const { effect, seen } = dependency(Effect.never)
      const several = Effect.all([failing, effect, effect], { concurrency: "unbounded" })
      yield* Effect.exit(Truce.protect(several, { key, classify, retry: { attempts: 1 } }))
      expect(seen.now).toBe(0)
      expect((yield* CircuitBreaker.state(key)).moves.length).toBe(1)
    }))
})

describe("many calls at once", () => {
  it("in Effect.all share one circuit, which opens once", () =>
    Effect.gen(function* () {
      const call = Effect.exit(Truce.protect(failing, { key, classify, retry }))
      const ends = yield* Effect.all(
        Array.from({ length: 200 }, () => call),
        { concurrency: 20 }
      )
      expect(Object.keys(tally(ends.map(ending))).toSorted()).toEqual(["CircuitOpen", "circuit-open"])
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", openings: 1, generation: 1 })
    }))
})

describe("a protected effect inside another", () => {
  it("of another key keeps the numbers of the attempts apart", () =>
    Effect.gen(function* () {
      const inner = Effect.mapError(Truce.protect(failing, { key: "inner", classify, retry }), () => new Unavailable())
      const error = yield* Effect.flip(Truce.protect(inner, { key: "outer", classify: outer, retry }))
      expect(error).toMatchObject({
        _tag: "RetryExhausted",
        attempts: [
          { key: "outer", number: 0 },
          { key: "outer", number: 1 },
          { key: "outer", number: 2 }
        ]
      })
    }))

  it("of another key weighs for itself: two circuits, two scores", () =>
    Effect.gen(function* () {
      const inner = Effect.mapError(
        Truce.protect(failing, { key: "inner", classify, retry: { attempts: 1 } }),
        () => new Unavailable()
      )
      yield* Effect.exit(Truce.protect(inner, { key: "outer", classify: outer, retry: { attempts: 1 } }))
      expect([yield* scoreOf("inner"), yield* scoreOf("outer")]).toEqual([0.8, 0.8])
    }))

  by(() => steady())(
    "of the same key runs under the permit of the one around it; a second one beside it is rejected at once, or waits no longer than its deadline",
    (clock) =>
      Effect.gen(function* () {
        const inner = (of: RetryPolicy.Options) => Effect.exit(Truce.protect(answering, { key, classify, retry: of }))
        const beside = (of: RetryPolicy.Options) =>
          Effect.gen(function* () {
            const hung = yield* Effect.fork(Truce.protect(Effect.never, { key, classify }))
            yield* hops(9)
            const exit = yield* inner(of)
            yield* Fiber.interrupt(hung)
            return exit
          })
        yield* probing(clock)
        expect(ending(yield* Truce.protect(inner({}), { key, classify }))).toBe("success")
        expect(ending(yield* Truce.protect(inner({}), { key, classify }))).toBe("success")
        expect(yield* statusOf()).toBe("Closed")
        yield* probing(clock)
        expect(ending(yield* Truce.protect(beside({}), { key, classify }))).toBe("CircuitOpen")
        yield* CircuitBreaker.reset(key, "again")
        yield* probing(clock)
        const waiting = beside({ whenOpen: "wait", deadline: "1 second" })
        const fiber = yield* Effect.fork(Truce.protect(waiting, { key, classify }))
        yield* clock.advance(1_000)
        expect(ending(yield* Fiber.join(fiber))).toBe("CircuitOpen")
        expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
      })
  )

  it("fails with a timeout that the classifier outside may call permanent", () =>
    Effect.gen(function* () {
      const timeouts = Classifier.tags<Timeout>()({ Timeout: "retriable" })
      const kinds = { Timeout: "retriable", AttemptTimeout: "permanent" } as const
      const strict = Classifier.tags<Timeout | AttemptTimeout.AttemptTimeout>()(kinds)
      const { effect, runs } = scripted<never, Timeout, never>(Effect.never)
      const inner = CircuitBreaker.execute(effect, {
        key: "inner",
        classify: timeouts,
        attemptTimeout: "1 second"
      }).pipe(Effect.catchTag("CircuitOpen", Effect.die))
      const fiber = yield* Effect.fork(Effect.flip(Truce.protect(inner, { key: "outer", classify: strict })))
      yield* settled
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "AttemptTimeout", key: "inner" })
      expect(runs()).toBe(1)
      expect(yield* scoreOf("inner")).toBe(0.8)
      expect(yield* scoreOf("outer")).toBe(1)
    }))
})

describe("fibers forked inside a protected effect", () => {
  by(() => steady())("hold no permit once the attempt has ended", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const forked = Effect.zipRight(Effect.forkDaemon(Effect.never), Effect.fork(Effect.never))
      yield* Effect.flatMap(Truce.protect(forked, { key, classify }), Fiber.interrupt)
      expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
      expect(yield* admitsAtOnce()).toBe(true)
    })
  )

  it("keep nothing of the call once it is over", () =>
    Effect.gen(function* () {
      let trail: Effect.Effect<number> = Effect.succeed(-1)
      const attempts = Effect.repeatN(Effect.exit(CircuitBreaker.execute(answering, { key, classify })), 99)
      const daemon = yield* Truce.call(
        Effect.gen(function* () {
          const context = yield* Effect.withFiberRuntime<CallContext.CallContext | undefined>((fiber) =>
            Effect.succeed(fiber.getFiberRef(CallContext.current))
          )
          trail = Effect.sync(() => context?.trail().length ?? -1)
          yield* Effect.exit(CircuitBreaker.execute(answering, { key, classify }))
          return yield* Effect.forkDaemon(Effect.zipRight(Effect.yieldNow(), attempts))
        })
      )
      yield* Fiber.join(daemon)
      expect(yield* trail).toBe(1)
    }))
})

describe("calls raced against each other", () => {
  it("leave no permit with the losers", () =>
    Effect.gen(function* () {
      const { effect, seen } = dependency(Effect.never)
      const slow = Truce.protect(effect, { key, classify })
      const fast = Truce.protect(Effect.zipRight(Effect.yieldNow(), answering), { key, classify })
      for (let round = 0; round < 100; round++) expect(yield* Effect.raceAll([slow, slow, fast])).toBe("hello")
      expect(seen.now).toBe(0)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1, probes: 0 })
    }))
})

describe("an effect that is both a defect and a failure", () => {
  it("is not retried: the defect goes on with what failed beside it", () =>
    Effect.gen(function* () {
      const cause = Cause.parallel(Cause.fail(new Timeout()), Cause.die("broken"))
      const { effect, runs } = scripted(Effect.failCause(cause))
      const exit = yield* Effect.exit(Truce.protect(effect, { key, classify, retry }))
      expect(defectsOf(exit).length).toBe(2)
      expect(runs()).toBe(1)
    }))
})

describe("two thousand attempts in one call", () => {
  it("are all in the trail of its error, numbered", () =>
    Effect.gen(function* () {
      const many = { attempts: 2_000, base: "0 millis" } as const
      const error = yield* Effect.flip(RetryPolicy.retry(failing, { key, classify })).pipe(
        Effect.provide(RetryPolicy.layer(many))
      )
      if (!(error instanceof RetryExhausted.RetryExhausted))
        return expect(error).toBeInstanceOf(RetryExhausted.RetryExhausted)
      expect(error.attempts.every(({ number }, index) => number === index)).toBe(true)
      expect(error.attempts.length).toBe(2_000)
    }))
})

describe("an isolated circuit", () => {
  by(() => steady())("is what nobody waits for: the calls that would wait end at once", (clock) =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      const wait = { whenOpen: "wait", deadline: "1 hour" } as const
      const fibers = yield* all(1_000, () => Truce.protect(answering, { key, classify, retry: wait }))
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ CircuitOpen: 1_000 })
      expect(clock.sleepers()).toBe(0)
    })
  )
})
