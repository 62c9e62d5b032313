import { it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, HealthScore, InvalidOption, Metrics, RetryBudget, Truce } from "@truce/effect3"
import { Array, Cause, Config, Effect, Exit, Fiber, Layer, Scope, TestClock } from "effect"
import { describe, expect } from "vitest"
import { sleeping } from "./sleeping.ts"
import { environment, list } from "./platform/ConfigProviders.ts"
import { labelled, seriesOf } from "./platform/Metrics.ts"
import {
  type ApiError,
  answering,
  attempt,
  classify,
  failing,
  key,
  missing,
  scripted,
  settled,
  steady
} from "./support.ts"

const protect = Truce.protect({ key, classify })

/** A test whose series are told from those of the others, in the one registry, by a label of their own. */
const recording =
  (truce: Truce.Options, metrics: Metrics.Options = {}) =>
  <A, E>(name: string, body: () => Effect.Effect<A, E, Truce.Services | Scope.Scope>) =>
    it.scoped(name, () =>
      body().pipe(Effect.provide(Metrics.layer(metrics).pipe(Layer.provideMerge(steady(truce)))), labelled(name))
    )

/** The series of a metric in this test: value (or count) by its labels. */
const series = (name: string) =>
  Effect.map(seriesOf(name), (all) => {
    const found: { [labels: string]: number } = {}
    for (const {
      attributes: { unit: _, ...labels },
      value
    } of all) {
      const text = Object.entries(labels).map(([label, value]) => `${label.replace("truce.", "")}=${value}`)
      found[text.join(" ")] = value
    }
    return found
  })

const names = [
  "truce.attempts",
  "truce.calls",
  "truce.call.attempts",
  "truce.attempt.duration",
  "truce.call.duration",
  "truce.rejections",
  "truce.retries",
  "truce.budget.spent",
  "truce.circuit.transitions",
  "truce.circuit.manual_changes",
  "truce.circuit.state",
  "truce.health.score",
  "truce.health.strain",
  "truce.budget.tokens",
  "truce.amplification"
]

const states = Effect.map(series("truce.circuit.state"), (found) =>
  Object.entries(found)
    .flatMap(([labels, value]) => (value === 0 ? [] : [`${labels}: ${value}`]))
    .toSorted()
)

const fragile = { model: HealthModel.consecutive({ failures: 2 }), retry: { base: "10 millis" } } as const

describe("Metrics", () => {
  recording(fragile)("counts attempts by outcome and error, each once", () =>
    Effect.gen(function* () {
      yield* protect(answering)
      yield* Effect.exit(protect(missing))
      const fiber = yield* Effect.fork(protect(scripted(failing, answering).effect))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      expect(yield* series("truce.attempts")).toEqual({
        "key=users-api attempt.outcome=Success attempt.saturated=false": 2,
        "key=users-api attempt.outcome=Answered attempt.saturated=false error.type=NotFound": 1,
        "key=users-api attempt.outcome=Failure attempt.saturated=false error.type=Timeout": 1
      })
    })
  )

  recording(fragile)("tells a slow success and a saturated failure from fast ones", () =>
    Effect.gen(function* () {
      const slow = { key, classify, slowAfter: "1 second", retry: { attempts: 1 } } as const
      const fiber = yield* Effect.fork(
        Effect.zipRight(
          Truce.protect(Effect.delay(answering, "2 seconds"), slow),
          Effect.exit(Truce.protect(Effect.delay(failing, "3 seconds"), slow))
        )
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)
      expect(yield* series("truce.attempts")).toEqual({
        "key=users-api attempt.outcome=Success attempt.saturated=true": 1,
        "key=users-api attempt.outcome=Failure attempt.saturated=true error.type=Timeout": 1
      })
      expect(yield* series("truce.attempt.duration")).toEqual({
        "key=users-api attempt.outcome=Success attempt.saturated=true": 1,
        "key=users-api attempt.outcome=Failure attempt.saturated=true": 1
      })
    })
  )

  recording(fragile)("counts calls by result and reason, rejections, retries and what they cost", () =>
    Effect.gen(function* () {
      yield* protect(answering)
      const fiber = yield* Effect.fork(Effect.exit(protect(failing)))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.await(fiber)
      yield* Effect.exit(protect(answering))
      expect(yield* series("truce.calls")).toEqual({
        "key=users-api call.result=success": 1,
        "key=users-api call.result=exhausted call.reason=circuit-open": 1,
        "key=users-api call.result=rejected": 1
      })
      expect(yield* series("truce.call.attempts")).toEqual({ "key=users-api": 3 })
      expect(yield* series("truce.rejections")).toEqual({ "key=users-api circuit.state=Open": 1 })
      expect(yield* series("truce.retries")).toEqual({ "key=users-api": 1 })
      expect(yield* series("truce.budget.spent")).toEqual({ "key=users-api": 1 })
      expect(yield* series("truce.circuit.transitions")).toEqual({
        "key=users-api circuit.from=Closed circuit.to=Open": 1
      })
      expect(yield* series("truce.circuit.manual_changes")).toEqual({})
    })
  )

  recording(fragile)("counts what an operator does, with and without a reason", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "migration")
      yield* CircuitBreaker.observe(key, "")
      yield* CircuitBreaker.observe(key, "")
      yield* CircuitBreaker.reset(key, "done")
      expect(yield* series("truce.circuit.manual_changes")).toEqual({
        "key=users-api circuit.mode=Isolated": 1,
        "key=users-api circuit.mode=Observing": 2,
        "key=users-api circuit.mode=Automatic": 1
      })
    })
  )

  recording(fragile)("measures in seconds, with the boundaries advised for requests", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(protect(Effect.delay(answering, "300 millis")))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      const [one] = yield* seriesOf("truce.call.duration")
      expect(one?.attributes["unit"]).toBe("s")
      expect(one?.sum).toBeCloseTo(0.3)
      expect(one?.buckets?.map(([bound]) => bound)).toEqual([...Metrics.boundaries, Infinity])
      expect(one?.buckets?.find(([, count]) => count > 0)?.[0]).toBe(0.5)
    })
  )

  recording(fragile, { interval: "1 minute" })("shows a change of state at once, and the rest at the next sample", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      yield* attempt(failing)
      expect(yield* states).toEqual(["key=users-api circuit.state=Open: 1"])
      expect(yield* series("truce.health.score")).toEqual({ "key=users-api": 0 })
      expect(yield* series("truce.health.strain")).toEqual({ "key=users-api": 0 })
      yield* TestClock.adjust("1 minute")
      const strain = (yield* series("truce.health.strain"))["key=users-api"]
      expect(strain).toBeCloseTo((yield* HealthScore.get(key)).strain)
      expect(strain).toBeGreaterThan(0)
      expect(yield* series("truce.budget.tokens")).toEqual({ "key=users-api": yield* RetryBudget.tokens(key) })
    })
  )

  recording({ ...fragile, budget: RetryBudget.unlimited() })("shows no tokens where there is no limit", () =>
    Effect.gen(function* () {
      yield* protect(answering)
      yield* TestClock.adjust("10 seconds")
      expect(yield* states).toEqual(["key=users-api circuit.state=Closed: 1"])
      expect(yield* series("truce.budget.tokens")).toEqual({})
    })
  )

  recording({})("shows tokens without a limit where there was one before", () =>
    Effect.gen(function* () {
      yield* protect(answering)
      yield* TestClock.adjust("10 seconds")
      expect(yield* series("truce.budget.tokens")).toEqual({ "key=users-api": 10 })
      yield* Truce.reload({ budget: RetryBudget.unlimited() })
      yield* TestClock.adjust("10 seconds")
      expect(yield* series("truce.budget.tokens")).toEqual({ "key=users-api": Infinity })
    })
  )

  recording({ retry: { base: "10 millis" } })(
    "amplification is that of the calls of the last interval, and 1 without any",
    () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(
          Effect.all([protect(answering), protect(scripted(failing, failing, answering).effect)])
        )
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(fiber)
        yield* TestClock.adjust("5 seconds")
        expect(yield* series("truce.amplification")).toEqual({ "key=users-api": 2 })
        yield* TestClock.adjust("10 seconds")
        expect(yield* series("truce.amplification")).toEqual({ "key=users-api": 1 })
      })
  )

  recording({ ttl: "1 minute" })("a key that was dropped is in no state, and its score is not the last one seen", () =>
    Effect.gen(function* () {
      yield* attempt(failing, "gone")
      yield* TestClock.adjust("10 seconds")
      expect(yield* states).toEqual(["key=gone circuit.state=Closed: 1"])
      yield* TestClock.adjust("2 minutes")
      expect((yield* series("truce.health.score"))["key=gone"]).toBeLessThan(1)
      yield* attempt(answering, "here")
      yield* TestClock.adjust("10 seconds")
      expect(yield* states).toEqual(["key=here circuit.state=Closed: 1"])
      expect(yield* series("truce.health.score")).toEqual({ "key=gone": 1, "key=here": 1 })
    })
  )

  it.scoped("when the layer is released no gauge shows a circuit any more, and nothing is counted", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.build(steady(fragile))
      yield* Layer.buildWithScope(Metrics.layer(), scope).pipe(Effect.provide(context))
      yield* Effect.provide(CircuitBreaker.isolate(key, "migration"), context)
      expect(yield* states).toEqual(["key=users-api circuit.state=Isolated: 1"])
      yield* Scope.close(scope, Exit.void)
      expect(yield* states).toEqual([])
      yield* Effect.provide(CircuitBreaker.reset(key, "done"), context)
      expect(yield* states).toEqual([])
      expect(Object.keys(yield* series("truce.circuit.transitions"))).toHaveLength(1)
    }).pipe(labelled("released"))
  )

  const many = Array.makeBy(10_000, (index) => `tenant-${index}`)

  const strangers = (of: string): Effect.Effect<string, ApiError> => Effect.die(`no tenant ${of}`)

  recording({ maxKeys: 20_000 }, { maxKeys: 3 })("10,000 keys and as many errors make a bounded number of series", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(many, (of) => Effect.exit(Truce.protect(strangers(of), { key: of, classify })))
      yield* CircuitBreaker.isolate("tenant-9000", "unpaid")
      yield* TestClock.adjust("10 seconds")
      const attempts = yield* series("truce.attempts")
      expect(Object.keys(attempts)).toHaveLength(3 + 17 + 1)
      expect(attempts["key=_OTHER attempt.outcome=Failure attempt.saturated=false error.type=_OTHER"]).toBe(9_980)
      expect(yield* series("truce.calls")).toEqual({
        "key=tenant-0 call.result=defect": 1,
        "key=tenant-1 call.result=defect": 1,
        "key=tenant-2 call.result=defect": 1,
        "key=_OTHER call.result=defect": 9_997
      })
      const counts = yield* Effect.forEach(names, (name) =>
        Effect.map(series(name), (found) => [name, Object.keys(found).length] as const)
      )
      expect(Object.fromEntries(counts)).toEqual({
        "truce.attempts": 21,
        "truce.calls": 4,
        "truce.call.attempts": 4,
        "truce.attempt.duration": 4,
        "truce.call.duration": 4,
        "truce.rejections": 0,
        "truce.retries": 0,
        "truce.budget.spent": 0,
        "truce.circuit.transitions": 1,
        "truce.circuit.manual_changes": 1,
        "truce.circuit.state": 20,
        "truce.health.score": 4,
        "truce.health.strain": 4,
        "truce.budget.tokens": 4,
        "truce.amplification": 4
      })
    })
  )

  recording({ maxKeys: 20_000 }, { maxKeys: 1 })(
    "keys without a label are counted by state, and the worst of them is shown",
    () =>
      Effect.gen(function* () {
        yield* Effect.forEach(["first", "second", "third"], (of) => attempt(answering, of))
        yield* CircuitBreaker.isolate("third", "migration")
        yield* attempt(failing, "second")
        yield* TestClock.adjust("10 seconds")
        expect(yield* states).toEqual([
          "key=_OTHER circuit.state=Closed: 1",
          "key=_OTHER circuit.state=Isolated: 1",
          "key=first circuit.state=Closed: 1"
        ])
        expect((yield* series("truce.health.score"))["key=_OTHER"]).toBeCloseTo(
          (yield* HealthScore.get("second")).score
        )
      })
  )

  recording({}, { keys: ["users-api", "pay-*"] })(
    "an allow-list of exact keys and patterns decides which keys are labels",
    () =>
      Effect.gen(function* () {
        yield* Effect.forEach(["users-api", "users-api-2", "pay-eu", "pay-us", "mail"], (of) => attempt(answering, of))
        const counted = yield* series("truce.attempts")
        const keys = Object.keys(counted).map((labels) => labels.split(" ")[0])
        expect(new Set(keys)).toEqual(new Set(["key=_OTHER", "key=pay-eu", "key=pay-us", "key=users-api"]))
      })
  )

  it.effect("one fiber samples all gauges: there is one timer, whatever the number of keys", () =>
    Effect.gen(function* () {
      let sleeps = 0
      yield* Effect.gen(function* () {
        const context = yield* Layer.build(Metrics.layer().pipe(Layer.provideMerge(steady())))
        yield* Effect.provide(attempt(answering, "one"), context)
        yield* Effect.provide(attempt(answering, "two"), context)
        yield* settled
      }).pipe(
        Effect.scoped,
        sleeping((sleep) => (duration) => Effect.suspend(() => (sleeps++, sleep(duration))))
      )
      expect(sleeps).toBe(1)
    })
  )

  it.effect("an impossible option is a defect that names it", () =>
    Effect.gen(function* () {
      const message = (options: Metrics.Options) =>
        Effect.map(
          Effect.exit(Effect.scoped(Layer.build(Metrics.layer(options).pipe(Layer.provide(steady()))))),
          (exit) =>
            Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof InvalidOption.InvalidOption
              ? String(Cause.squash(exit.cause))
              : undefined
        )
      expect(yield* message({ maxKeys: 0 })).toBe(
        "InvalidOption: Metrics: maxKeys must be a whole number of at least 1, got 0"
      )
      expect(yield* message({ interval: 0 })).toMatch(/^InvalidOption: Metrics: interval must be .*greater than 0/)
      expect(yield* message({ boundaries: [1, 0.5] })).toBe(
        "InvalidOption: Metrics: boundaries must be seconds greater than 0 in ascending order, got [1,0.5]"
      )
      expect(yield* message({ boundaries: [] })).toBeUndefined()
    })
  )

  it.effect("options come from the environment", () =>
    Effect.gen(function* () {
      const built = (maxKeys: string) =>
        Metrics.layerConfig({ maxKeys: Config.integer("MAX_KEYS"), keys: list("KEYS") }).pipe(
          Layer.provide(steady()),
          Layer.provide(Layer.setConfigProvider(environment({ MAX_KEYS: maxKeys, KEYS: "a,b" }))),
          Layer.build,
          Effect.scoped,
          Effect.exit
        )
      expect(Exit.isSuccess(yield* built("5"))).toBe(true)
      expect(String(yield* built("0"))).toContain("maxKeys must be a whole number of at least 1, got 0")
    })
  )
})
