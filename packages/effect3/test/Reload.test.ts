import { describe, expect, it } from "@effect/vitest"
import { CircuitBreaker, Dependency, EventLog, HealthModel, HealthScore, RetryBudget, Truce } from "@truce/effect3"
import { Cause, Duration, Effect, Exit, Fiber, Layer, TestClock } from "effect"
import {
  answering,
  attempt,
  classify,
  failing,
  key,
  on,
  scoreOf,
  scripted,
  settled,
  statusOf,
  steady,
  trip
} from "./support.ts"

const still = { openJitter: 0 } as const

describe("overrides", () => {
  const layered = on(() =>
    steady({
      circuit: { permits: 2, openFor: "1 second" },
      retry: { attempts: 2, base: "1 second" },
      overrides: {
        "payments-*": { circuit: { permits: 5 }, retry: { attempts: 4 }, budget: RetryBudget.aws() },
        "payments-*-eu": { model: HealthModel.consecutive({ failures: 1 }) },
        "payments-visa": { circuit: { openFor: "9 seconds" } }
      }
    })
  )

  const permitsOf = (of: string) => Effect.map(CircuitBreaker.state(of), ({ permits }) => permits)

  layered("the most exact pattern counts alone, over the options of all", () =>
    Effect.gen(function* () {
      expect(yield* permitsOf("users-api")).toBe(2)
      expect(yield* permitsOf("payments-amex")).toBe(5)
      expect(yield* permitsOf("payments-amex-eu")).toBe(2)
      expect(yield* permitsOf("payments-visa")).toBe(2)
      expect((yield* HealthScore.get("payments-amex-eu")).openBelow).toBe(0)
      expect((yield* HealthScore.get("payments-amex")).openBelow).toBe(0.1)
      yield* attempt(failing, "payments-amex-eu")
      expect(yield* statusOf("payments-amex-eu")).toBe("Open")
      yield* CircuitBreaker.reset("payments-visa", "start")
      expect(yield* RetryBudget.tokens("payments-amex")).toBe(500)
      expect(yield* RetryBudget.tokens("payments-visa")).toBe(10)
    })
  )

  layered("a key is retried by its own rules", () =>
    Effect.gen(function* () {
      const attempts = (of: string) =>
        Effect.gen(function* () {
          const dependency = scripted(failing)
          const fiber = yield* Effect.fork(Effect.exit(Truce.protect(dependency.effect, { key: of, classify })))
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(fiber)
          return dependency.runs()
        })
      expect(yield* attempts("users-api")).toBe(2)
      expect(yield* attempts("payments-amex")).toBe(4)
      expect(yield* attempts("payments-visa")).toBe(2)
    })
  )

  it.effect("an impossible override fails when the layer is built", () =>
    Effect.gen(function* () {
      const layer = Truce.layer({ overrides: { "payments-*": { circuit: { permits: 0 } } } })
      const exit = yield* Effect.exit(Effect.provide(CircuitBreaker.states, layer))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("permits must be")
    })
  )

  it.effect("options of a dependency come before those of its pattern", () =>
    Effect.gen(function* () {
      class Visa extends Dependency.Tag("Visa")<Visa>()({ key: "payments-visa", classify, circuit: { permits: 7 } }) {}
      const truce = steady({ overrides: { "payments-*": { circuit: { permits: 5, closeAt: 0.8 } } } })
      const { closeAt, permits } = yield* Effect.provide(
        Effect.zipRight(Visa, CircuitBreaker.state("payments-visa")),
        Layer.provideMerge(Visa.layer, truce)
      )
      expect([permits, closeAt]).toEqual([7, 0.8])
    })
  )

  it.effect("a schedule takes the place of a backoff, and a backoff that of a schedule", () =>
    Effect.gen(function* () {
      const layer = steady({
        retry: { attempts: 5, base: "1 second" },
        overrides: { a: { retry: { cap: "3 seconds" } } }
      })
      const { policy } = yield* Effect.provide(Truce.Truce, layer)
      expect(policy.of("a")).not.toBe(policy.of("b"))
      expect(policy.of("a").deadline).toEqual(Duration.infinity)
    })
  )
})

describe("Truce.reload", () => {
  const fragile = on(() =>
    steady({ model: HealthModel.consecutive({ failures: 2 }), circuit: { openFor: "10 seconds" } })
  )

  fragile("a score that another model left is taken over once, and then heals as the new model's own", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      yield* Truce.reload({ model: HealthModel.ledger({ minFailures: 10 }), circuit: still })
      expect(yield* scoreOf()).toBe(0.5)
      yield* TestClock.adjust("10 minutes")
      expect(yield* scoreOf()).toBe(0.75)
      const before = yield* CircuitBreaker.snapshot
      yield* TestClock.adjust("1 minute")
      expect((yield* CircuitBreaker.snapshot).circuits[key]?.health).toEqual(before.circuits[key]?.health)
    })
  )

  fragile("keeps manual modes, watchers and observers", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      yield* EventLog.subscribe((event) => told.push(event._tag))
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* Truce.reload({ circuit: { permits: 3 } })
      expect((yield* CircuitBreaker.state(key)).mode).toMatchObject({ _tag: "Isolated", reason: "maintenance" })
      yield* attempt(answering)
      expect(told).toEqual(["Transitioned", "Rejected"])
    })
  )

  fragile("a call that waits for an admission gets it under the new rules", () =>
    Effect.gen(function* () {
      yield* Truce.reload({
        model: HealthModel.consecutive({ failures: 2 }),
        circuit: still,
        retry: { whenOpen: "wait", deadline: "1 minute" }
      })
      yield* trip()
      const waiting = yield* Effect.fork(Truce.protect(answering, { key, classify }))
      yield* settled
      yield* Truce.reload({ circuit: { ...still, permits: 2 } })
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(waiting)).toBe("hello")
    })
  )

  fragile("a key keeps its share of the retry budget", () =>
    Effect.gen(function* () {
      const truce = yield* Truce.Truce
      yield* truce.budget.withdraw(key, { _tag: "Ignored" })
      expect(yield* RetryBudget.tokens(key)).toBe(9)
      yield* Truce.reload({ budget: RetryBudget.saturation({ capacity: 100 }) })
      expect(yield* RetryBudget.tokens(key)).toBe(90)
      expect(yield* RetryBudget.tokens("other")).toBe(100)
      yield* Truce.reload({ budget: RetryBudget.unlimited() })
      expect(yield* RetryBudget.tokens(key)).toBe(Infinity)
      yield* Truce.reload({})
      expect(yield* RetryBudget.tokens(key)).toBe(9)
    })
  )

  fragile("an impossible policy changes nothing, not even the part before its fault, and names the option", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [Truce.Options, string, string]> = [
        [{ circuit: { permits: 0 } }, "circuit.permits", "must be a whole number"],
        [{ circuit: { permits: 5 }, retry: { attempts: 0 } }, "retry.attempts", "must be a whole number"],
        [{ circuit: { permits: 5 }, maxKeys: 0 }, "maxKeys", "must be a whole number"],
        [
          { circuit: { permits: 5 }, overrides: { "a-*": { circuit: { openFor: "-1 seconds" } } } },
          "overrides.a-*.circuit.openFor",
          'must be a duration such as "500 millis", got "-1 seconds"'
        ]
      ]
      for (const [options, path, rule] of wrong) {
        const error = yield* Effect.flip(Truce.reload(options))
        expect(error.issues).toMatchObject([{ path }])
        expect(error.message).toContain(rule)
        expect((yield* CircuitBreaker.state(key)).permits).toBe(1)
      }
    })
  )

  it.effect("two breakers on one score that no longer agree say so", () =>
    Effect.gen(function* () {
      const score = yield* HealthScore.make()
      const provided = Layer.succeed(HealthScore.HealthScore, score)
      const mine = yield* Effect.provide(CircuitBreaker.make(), provided)
      yield* Effect.provide(
        Effect.gen(function* () {
          yield* attempt(answering)
          yield* Effect.provideService(attempt(answering), CircuitBreaker.CircuitBreaker, mine)
          yield* Truce.reload({ circuit: { permits: 9 } })
          const exit = yield* attempt(answering)
          expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("permits = 1, requested 9")
        }),
        Truce.layerServices.pipe(
          Layer.provideMerge(CircuitBreaker.layer()),
          Layer.provideMerge(provided),
          Layer.provideMerge(Layer.mergeAll(RetryBudget.layer(), steady().pipe(Layer.fresh)))
        )
      )
    }).pipe(Effect.scoped)
  )
})
