// Several breakers are put on one score on purpose here. @effect-diagnostics multipleEffectProvide:skip-file
import { Outcome } from "@truce/core"
import { AttemptTimeout, CircuitBreaker, CircuitOpen, Classifier, HealthModel, HealthScore } from "@truce/effect3"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { defectsOf } from "./platform/Exits.ts"
import {
  Throttled,
  Timeout,
  answering,
  attempt,
  classify,
  failing,
  key,
  missing,
  on,
  scoreOf,
  scripted,
  settled,
  statusOf,
  trip
} from "./support.ts"

const options: CircuitBreaker.Options = { openJitter: 0 }
const alone = (own: CircuitBreaker.Options = {}) =>
  CircuitBreaker.layer({ ...options, ...own }).pipe(Layer.provide(HealthScore.layer()))

const it = on(() => alone())

describe("while closed", () => {
  it("runs the effect and gives its value", () =>
    Effect.gen(function* () {
      expect(yield* CircuitBreaker.execute(answering, { key, classify })).toBe("hello")
    }))

  it("keeps the effect's own error", () =>
    Effect.gen(function* () {
      expect(yield* attempt(missing)).toEqual(yield* Effect.exit(missing))
    }))

  it("takes a fifth of the score for a failure at little traffic", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("takes nothing for a permanent error", () =>
    Effect.gen(function* () {
      yield* attempt(missing)
      expect(yield* scoreOf()).toBe(1)
    }))

  it("takes a defect for a failure and lets it through", () =>
    Effect.gen(function* () {
      const exit = yield* attempt(Effect.die("boom"))
      expect(exit).toEqual(Exit.die("boom"))
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("takes nothing for an interruption", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(attempt(Effect.never))
      yield* settled
      yield* Fiber.interrupt(fiber)
      expect(yield* scoreOf()).toBe(1)
    }))

  it("takes an interruption after abandonedAfter for a failure", () =>
    Effect.gen(function* () {
      const slow = CircuitBreaker.execute(Effect.never, { key, classify, abandonedAfter: "1 second" })
      const fiber = yield* Effect.fork(slow)
      yield* TestClock.adjust("1001 millis")
      yield* Fiber.interrupt(fiber)
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("opens at the sixth failure from cold", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(attempt(failing), 4)
      expect(yield* statusOf()).toBe("Closed")
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("Open")
    }))

  it("passes a classifier's defect on and judges nothing", () =>
    Effect.gen(function* () {
      const broken = Classifier.make(() => {
        throw new Error("broken classifier")
      })
      const exit = yield* Effect.exit(CircuitBreaker.execute(Effect.fail("no"), { key, classify: broken }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("broken classifier")
      expect(yield* scoreOf()).toBe(1)
    }))

  it("reads an outcome from a value where the classifier says so", () =>
    Effect.gen(function* () {
      const byValue = Classifier.tags<Timeout>()(
        { Timeout: "retriable" },
        { success: (value) => (value === 500 ? Outcome.failure() : Outcome.success) }
      )
      expect(yield* CircuitBreaker.execute(Effect.succeed(500), { key, classify: byValue })).toBe(500)
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("fails with AttemptTimeout after attemptTimeout and takes it for a failure", () =>
    Effect.gen(function* () {
      const limited = CircuitBreaker.execute(Effect.never, { key, classify, attemptTimeout: "2 seconds" })
      const fiber = yield* Effect.fork(Effect.flip(limited))
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(fiber)
      expect(error).toEqual(new AttemptTimeout.AttemptTimeout({ key, after: Duration.seconds(2) }))
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("keeps keys apart", () =>
    Effect.gen(function* () {
      yield* trip("a")
      expect(yield* statusOf("b")).toBe("Closed")
      expect(yield* attempt(answering, "b")).toEqual(Exit.succeed("hello"))
    }))
})

describe("while open", () => {
  it("fails with CircuitOpen without running the effect", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* TestClock.adjust("100 millis")
      const { effect, runs } = scripted(answering)
      const error = yield* Effect.flip(CircuitBreaker.execute(effect, { key, classify }))
      expect(runs()).toBe(0)
      expect(error).toMatchObject({ _tag: "CircuitOpen", key, state: "Open", generation: 1 })
      expect(CircuitOpen.isCircuitOpen(error) && Duration.toMillis(error.retryAfter)).toBe(400)
      expect(CircuitOpen.isCircuitOpen(error) && error.health).toBeLessThan(0.1)
    }))

  it("admits nothing a millisecond before the open time ends", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* TestClock.adjust("499 millis")
      expect(yield* Effect.flip(Effect.flatten(attempt(answering)))).toMatchObject({ _tag: "CircuitOpen" })
      yield* TestClock.adjust("1 millis")
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  it("opens for as long as a failure asked for", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(attempt(failing), 4)
      yield* attempt(Effect.fail(new Throttled({ after: "3 seconds" })))
      yield* attempt(Effect.fail(new Throttled({ after: "3 seconds" })))
      const state = yield* CircuitBreaker.state(key)
      expect(state).toMatchObject({ status: "Open", nextAdmission: 3_000 })
    }))

  it("changes nothing for an attempt admitted before it opened", () =>
    Effect.gen(function* () {
      const late = yield* Deferred.make<string, Timeout>()
      const fiber = yield* Effect.fork(attempt(Deferred.await(late)))
      yield* settled
      yield* trip()
      const before = yield* CircuitBreaker.state(key)
      yield* Deferred.fail(late, new Timeout())
      yield* Fiber.join(fiber)
      expect(yield* CircuitBreaker.state(key)).toEqual(before)
    }))
})

describe("while half-open", () => {
  it("closes after two successes with a score of 0.8", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* attempt(answering)
      expect(yield* statusOf()).toBe("HalfOpen")
      expect(yield* scoreOf()).toBe(0.4)
      yield* attempt(answering)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", generation: 3 })
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("reopens for twice as long after one failed probe", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* attempt(failing)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", openings: 2, nextAdmission: 1_500 })
    }))

  it("rejects the next attempt while its only probe runs, and says until when", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* Effect.fork(attempt(Effect.never))
      yield* settled
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(CircuitBreaker.execute(answering, { key, classify }))
      expect(error).toMatchObject({ _tag: "CircuitOpen", state: "HalfOpen", retryAfter: Duration.seconds(9) })
    }))

  it("gets its permit back from an interrupted probe", () =>
    Effect.gen(function* () {
      yield* halfOpen
      const probe = yield* Effect.fork(attempt(Effect.never))
      yield* settled
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 1 })
      yield* Fiber.interrupt(probe)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 0, score: 0 })
    }))

  it("gets its permit back from a probe whose classifier throws", () =>
    Effect.gen(function* () {
      yield* halfOpen
      const broken = Classifier.make(() => {
        throw new Error("broken classifier")
      })
      yield* Effect.exit(CircuitBreaker.execute(Effect.fail("no"), { key, classify: broken }))
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 0 })
    }))

  it("is not wedged by a hung probe: its lease ends and its late outcome is not heard", () =>
    Effect.gen(function* () {
      yield* halfOpen
      const late = yield* Deferred.make<string, Timeout>()
      const hung = yield* Effect.fork(attempt(Deferred.await(late)))
      yield* TestClock.adjust("10 seconds")
      yield* attempt(answering)
      yield* Deferred.fail(late, new Timeout())
      yield* Fiber.join(hung)
      expect(yield* statusOf()).toBe("HalfOpen")
      expect(yield* scoreOf()).toBe(0.4)
    }))

  it("stays when a throttled probe lowers the score", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* attempt(answering)
      yield* attempt(Effect.fail(new Throttled({ after: 0 })))
      expect(yield* statusOf()).toBe("HalfOpen")
      expect(yield* scoreOf()).toBe(0.33)
    }))
})

describe("with options", () => {
  on(() => alone({ permits: 2 }))("admits as many probes at once as permits", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* Effect.fork(attempt(Effect.never))
      yield* Effect.fork(attempt(Effect.never))
      yield* settled
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ probes: 2 })
      expect(yield* Effect.flip(Effect.flatten(attempt(answering)))).toMatchObject({ state: "HalfOpen" })
    })
  )

  on(() => alone({ reopenOn: "score" }))("outlives one failed probe where only the score reopens", () =>
    Effect.gen(function* () {
      yield* halfOpen
      yield* attempt(answering)
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("HalfOpen")
      expect(yield* scoreOf()).toBe(0.2)
    })
  )

  on(() => alone({ slowWeight: 1 }))("takes a slow answer for a failure where slowWeight is 1", () =>
    Effect.gen(function* () {
      const slow = CircuitBreaker.execute(Effect.sleep("2 seconds"), { key, classify, slowAfter: "1 second" })
      const fiber = yield* Effect.fork(slow)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      expect(yield* scoreOf()).toBe(0.8)
    })
  )

  on(() =>
    CircuitBreaker.layer(options).pipe(
      Layer.provide(HealthScore.layer({ model: HealthModel.consecutive({ failures: 2 }) }))
    )
  )("opens when the model of its score trips", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("Open")
    })
  )
})

describe("state", () => {
  it("is Closed with a score of 1 for a key that was never seen, which is not kept", () =>
    Effect.gen(function* () {
      expect(yield* CircuitBreaker.state("new")).toMatchObject({ key: "new", status: "Closed", score: 1, probes: 0 })
      expect(yield* CircuitBreaker.states).toEqual([])
    }))

  it("lists every key that was used", () =>
    Effect.gen(function* () {
      yield* attempt(answering, "a")
      yield* trip("b")
      const states = yield* CircuitBreaker.states
      expect(states.map((state) => [state.key, state.status])).toEqual([
        ["a", "Closed"],
        ["b", "Open"]
      ])
    }))
})

describe("two breakers on one score", () => {
  it("share a key under the same policy", () =>
    Effect.gen(function* () {
      yield* trip()
      const error = yield* Effect.flip(Effect.provide(CircuitBreaker.execute(answering, { key, classify }), second()))
      expect(error).toMatchObject({ _tag: "CircuitOpen" })
    }).pipe(Effect.provide(CircuitBreaker.layer(options)), Effect.provide(HealthScore.layer())))

  it("die with PolicyConflict on one key under two policies", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      const exit = yield* Effect.exit(
        Effect.provide(CircuitBreaker.execute(answering, { key, classify }), second({ openFor: "2 seconds" }))
      )
      expect(defectsOf(exit)).toMatchObject([{ _tag: "PolicyConflict", key }])
    }).pipe(Effect.provide(CircuitBreaker.layer(options)), Effect.provide(HealthScore.layer())))
})

describe("register", () => {
  it("gives one key options of its own, over those of the layer", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.register(key, { openFor: "3 seconds" })
      yield* trip()
      yield* trip("other")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ nextAdmission: 3_000 })
      expect(yield* CircuitBreaker.state("other")).toMatchObject({ nextAdmission: 500 })
    }))

  it("fails with PolicyConflict, naming the option, for other options on the same key", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.register(key, { openFor: "3 seconds" })
      yield* CircuitBreaker.register(key, { openFor: 3_000 })
      const conflict = yield* Effect.flip(CircuitBreaker.register(key, { openFor: "4 seconds" }))
      expect(conflict).toMatchObject({ _tag: "PolicyConflict", key, field: "openFor" })
    }))

  it("fails for a key that has been used under the layer's options", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      const conflict = yield* Effect.flip(CircuitBreaker.register(key, { permits: 3 }))
      expect(conflict.message).toBe(`key ${key} already has a policy with permits = 1, requested 3`)
    }))
})

const second = (own: CircuitBreaker.Options = {}) => Layer.fresh(CircuitBreaker.layer({ ...options, ...own }))

/** Opens the circuit and lets the open time end. */
const halfOpen = Effect.zipRight(trip(), TestClock.adjust("500 millis"))
