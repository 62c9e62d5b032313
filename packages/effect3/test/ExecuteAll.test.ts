import { CallContext, CircuitBreaker, Classifier, HealthScore } from "@truce/effect3"
import { Forced } from "@truce/effect3/testing"
import { Effect, Exit, Fiber, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { type ApiError, NotFound, answering, classify, failing, missing, on, scoreOf } from "./support.ts"

const it = on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer())))

const both = (self: Effect.Effect<string, ApiError>) =>
  CircuitBreaker.executeAll(self, { keys: ["host", "tenant"], classify })

describe("executeAll", () => {
  it("gives the value, the error and the defect of the effect", () =>
    Effect.gen(function* () {
      expect(yield* both(answering)).toBe("hello")
      expect(yield* Effect.flip(both(missing))).toEqual(new NotFound({ id: "1" }))
      expect(yield* Effect.exit(both(Effect.die("boom")))).toEqual(Exit.die("boom"))
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

  it("takes an interruption after abandonedAfter for a failure", () =>
    Effect.gen(function* () {
      const slow = CircuitBreaker.executeAll({ keys: ["host", "tenant"], classify, abandonedAfter: "1 second" })
      const fiber = yield* Effect.fork(slow(Effect.never))
      yield* TestClock.adjust("1001 millis")
      yield* Fiber.interrupt(fiber)
      expect(yield* scoreOf("tenant")).toBe(0.8)
    }))

  it("is remembered in the trail of its call as settled", () =>
    Effect.gen(function* () {
      const trail = yield* CallContext.open(Effect.zipRight(Effect.exit(both(failing)), CallContext.trail))
      expect(trail).toMatchObject([{ key: "host + tenant", number: 0, outcome: "Failure", score: 0.8 }])
    }))
})
