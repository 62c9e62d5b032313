import { CallContext, CircuitBreaker, Classifier, HealthScore } from "@truce/effect4"
import { Forced } from "@truce/effect4/testing"
import { Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import {
  type ApiError,
  NotFound,
  answering,
  attempt,
  classify,
  failing,
  missing,
  on,
  scoreOf,
  scripted,
  settled,
  statusOf,
  trip
} from "./support.ts"

const it = on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer())))

const both = (self: Effect.Effect<string, ApiError>) =>
  CircuitBreaker.executeAll(self, { keys: ["host", "tenant"], classify })

describe("executeAll", () => {
  it("gives the value and the error of the effect", () =>
    Effect.gen(function* () {
      expect(yield* both(answering)).toBe("hello")
      expect(yield* Effect.flip(both(missing))).toEqual(new NotFound({ id: "1" }))
    }))

  it("is evidence for every circuit", () =>
    Effect.gen(function* () {
      yield* Effect.exit(both(failing))
      expect([yield* scoreOf("host"), yield* scoreOf("tenant")]).toEqual([0.8, 0.8])
    }))

  for (const state of ["Open", "HalfOpen", "Isolated"] as const) {
    it(`fails with the CircuitOpen of the circuit that rejects, here ${state}, without running the effect`, () =>
      Effect.gen(function* () {
        yield* Forced.set("tenant", state)
        const { effect, runs } = scripted(answering)
        expect(yield* Effect.flip(both(effect))).toMatchObject({ _tag: "CircuitOpen", key: "tenant", state })
        expect(runs()).toBe(0)
      }))
  }

  it("leaves the others as they were when one rejects", () =>
    Effect.gen(function* () {
      yield* trip("host")
      yield* TestClock.adjust("500 millis")
      yield* CircuitBreaker.isolate("tenant", "unpaid")
      yield* Effect.exit(both(answering))
      expect(yield* CircuitBreaker.state("host")).toMatchObject({ status: "Open", probes: 0 })
    }))

  it("is one probe of each half-open circuit", () =>
    Effect.gen(function* () {
      yield* trip("host")
      yield* trip("tenant")
      yield* TestClock.adjust("500 millis")
      yield* both(answering)
      expect(yield* statusOf("host")).toBe("HalfOpen")
      yield* both(answering)
      expect([yield* statusOf("host"), yield* statusOf("tenant")]).toEqual(["Closed", "Closed"])
    }))

  it("gives every permit back when it is interrupted", () =>
    Effect.gen(function* () {
      yield* Forced.set("host", { state: "HalfOpen", probes: 0 })
      const fiber = yield* Effect.forkChild(both(Effect.never))
      yield* settled
      expect(yield* CircuitBreaker.state("host")).toMatchObject({ status: "HalfOpen", probes: 1 })
      yield* Fiber.interrupt(fiber)
      expect(yield* CircuitBreaker.state("host")).toMatchObject({ status: "HalfOpen", probes: 0 })
    }))

  it("gives every permit back when its classifier throws", () =>
    Effect.gen(function* () {
      yield* Forced.set("host", { state: "HalfOpen", probes: 0 })
      const broken = Classifier.make(() => {
        throw new Error("broken classifier")
      })
      yield* Effect.exit(CircuitBreaker.executeAll(failing, { keys: ["host", "tenant"], classify: broken }))
      expect(yield* CircuitBreaker.state("host")).toMatchObject({ status: "HalfOpen", probes: 0 })
    }))

  it("takes a defect for a failure and an early interruption for nothing", () =>
    Effect.gen(function* () {
      expect(yield* Effect.exit(both(Effect.die("boom")))).toEqual(Exit.die("boom"))
      expect(yield* scoreOf("tenant")).toBe(0.8)
    }))

  it("takes an interruption after slowAfter for a failure", () =>
    Effect.gen(function* () {
      const slow = CircuitBreaker.executeAll({ keys: ["host", "tenant"], classify, slowAfter: "1 second" })
      const fiber = yield* Effect.forkChild(slow(Effect.never))
      yield* TestClock.adjust("1001 millis")
      yield* Fiber.interrupt(fiber)
      expect(yield* scoreOf("tenant")).toBe(0.8)
    }))

  it("weighs the attempts of one call less and less", () =>
    Effect.gen(function* () {
      yield* CallContext.open(Effect.repeat(Effect.exit(both(failing)), { times: 2 }))
      const { moves } = yield* HealthScore.explain("tenant")
      expect(moves.map(({ weight }) => weight)).toEqual([1, 0.5, 0.25])
    }))

  it("is remembered in the trail of its call as settled", () =>
    Effect.gen(function* () {
      const trail = yield* CallContext.open(Effect.andThen(Effect.exit(both(failing)), CallContext.trail))
      expect(trail).toMatchObject([{ key: "host + tenant", number: 0, outcome: "Failure", score: 0.8 }])
    }))

  it("lets single attempts of each key see its evidence", () =>
    Effect.gen(function* () {
      yield* Effect.repeat(Effect.exit(both(failing)), { times: 5 })
      expect(Exit.isFailure(yield* attempt(answering, "host"))).toBe(true)
      expect(Exit.isFailure(yield* attempt(answering, "tenant"))).toBe(true)
    }))
})
