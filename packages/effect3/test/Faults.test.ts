import { it } from "@effect/vitest"
import { InvalidOption } from "@truce/core"
import { Faults, HealthScore, Truce } from "@truce/effect3"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Option, TestClock } from "effect"
import fc from "fast-check"
import { describe, expect } from "vitest"
import { defectsOf } from "./platform/Exits.ts"
import { environment, faultsOf } from "./platform/ConfigProviders.ts"
import { type ApiError, NotFound, Timeout, classify, key, peek, settled, steady } from "./support.ts"

const point = (of = key) => Faults.point(of, { error: () => new Timeout() })

/** How n executions of a point end, one letter each: answered, failed, died, hanging. */
const letters = (n: number, of = key) =>
  Effect.map(
    Effect.replicateEffect(Effect.exit(Effect.timeoutOption(point(of)(Effect.succeed("hello")), 0)), n),
    (exits) =>
      exits
        .map((exit) =>
          Exit.match(exit, {
            onFailure: (cause) => (Cause.isDie(cause) ? "d" : "f"),
            onSuccess: Option.match({ onNone: () => "h", onSome: () => "." })
          })
        )
        .join("")
  )

const provided = (options: Faults.Options) => Effect.provide(Faults.layer(options))

describe("a point", () => {
  it.effect("runs the effect as it is where no faults are provided", () =>
    Effect.gen(function* () {
      expect(yield* point()(Effect.succeed("hello"))).toBe("hello")
      expect(yield* Effect.flip(point()(Effect.fail(new NotFound({ id: "1" }))))).toEqual(new NotFound({ id: "1" }))
    })
  )

  it.effect("fails with its own error, which knows the key and the execution", () =>
    Effect.gen(function* () {
      const failing = Faults.point(Effect.succeed("hello"), "a", { error: (fault) => fault })
      yield* Effect.exit(failing)
      expect(yield* Effect.flip(failing)).toEqual({ key: "a", execution: 1 })
    }).pipe(provided({ rules: { a: { errorRate: 1 } } }))
  )

  it.effect("dies with a defect that says it was injected", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(point()(Effect.succeed("hello")))
      expect(exit).toEqual(Exit.die(new Faults.InjectedDefect({ key, execution: 0 })))
      expect(new Faults.InjectedDefect({ key, execution: 0 }).message).toBe(
        "a defect was injected at users-api, execution 0"
      )
    }).pipe(provided({ rules: { [key]: { defectRate: 1 } } }))
  )

  it.effect("hangs until it is interrupted", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(point()(Effect.succeed("hello")))
      yield* TestClock.adjust("1 day")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* Fiber.interrupt(fiber)
    }).pipe(provided({ rules: { [key]: { hangRate: 1 } } }))
  )

  it.effect("delays the effect by the latency, and then runs it", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(point()(Clock.currentTimeMillis))
      yield* TestClock.adjust("199 millis")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe(200)
    }).pipe(provided({ rules: { [key]: { latency: "200 millis" } } }))
  )

  it.effect("spreads the latency between min and max, and delays only its share", () =>
    Effect.gen(function* () {
      const service = yield* Faults.Faults
      const delays = Array.from({ length: 1_000 }, () => service.unsafeNext(key)?.delayMillis ?? NaN)
      const delayed = delays.filter((delay) => delay !== 0)
      expect(delayed.length / 1_000).toBeCloseTo(0.4, 1)
      expect(Math.min(...delayed)).toBeGreaterThanOrEqual(100)
      expect(Math.min(...delayed)).toBeLessThan(110)
      expect(Math.max(...delayed)).toBeLessThanOrEqual(300)
      expect(Math.max(...delayed)).toBeGreaterThan(290)
      expect((yield* Faults.counts)[key]).toMatchObject({ executions: 1_000, delays: delayed.length })
    }).pipe(
      provided({ seed: 1, rules: { [key]: { latency: { min: "100 millis", max: "300 millis" }, latencyRate: 0.4 } } })
    )
  )

  it.effect("loses the request by default: the effect is not run", () =>
    Effect.gen(function* () {
      let runs = 0
      yield* Effect.exit(point()(Effect.sync(() => runs++)))
      expect(runs).toBe(0)
    }).pipe(provided({ rules: { [key]: { errorRate: 1 } } }))
  )

  it.effect('loses the response with `lost: "response"`: the effect has run', () =>
    Effect.gen(function* () {
      let runs = 0
      expect(yield* Effect.flip(point()(Effect.sync(() => runs++)))).toEqual(new Timeout())
      expect(runs).toBe(1)
    }).pipe(provided({ rules: { [key]: { errorRate: 1, lost: "response" } } }))
  )
})

describe("under protection", () => {
  const layer = Layer.merge(
    steady({ retry: { attempts: 1, jitter: "none" } }),
    Faults.layer({ rules: { [key]: { errorRate: 1 } } })
  )
  const protect = Truce.protect({ key, classify })
  const answering: Effect.Effect<string, ApiError> = Effect.succeed("hello")

  it.effect("a fault inside is evidence", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(answering.pipe(point(), protect))
      expect(error._tag).toBe("RetryExhausted")
      expect((yield* HealthScore.get(key)).score).toBeCloseTo(0.8)
    }).pipe(Effect.provide(layer))
  )

  it.effect("a fault outside is none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(answering.pipe(protect, point()))
      expect(error).toEqual(new Timeout())
      expect((yield* HealthScore.get(key)).score).toBe(1)
    }).pipe(Effect.provide(layer))
  )
})

describe("the draws", () => {
  const rule = { errorRate: 0.3, defectRate: 0.1, hangRate: 0.1 }

  it.effect("come to the rates", () =>
    Effect.gen(function* () {
      yield* letters(2_000)
      const { defects, errors, executions, hangs } = (yield* Faults.counts)[key] ?? expect.fail("no counts")
      expect(executions).toBe(2_000)
      expect(errors / executions).toBeCloseTo(0.3, 1)
      expect(defects / executions).toBeCloseTo(0.1, 1)
      expect(hangs / executions).toBeCloseTo(0.1, 1)
    }).pipe(provided({ seed: 7, rules: { [key]: rule } }))
  )

  it.effect("are the same for the same seed, and others for another", () =>
    Effect.gen(function* () {
      const run = (seed: number) => Effect.provide(letters(50), Faults.layer({ seed, rules: { "*": rule } }))
      expect(yield* run(1)).toBe(yield* run(1))
      expect(yield* run(1)).not.toBe(yield* run(2))
    })
  )

  it.effect("of two keys differ", () =>
    Effect.gen(function* () {
      expect(yield* letters(50, "a")).not.toBe(yield* letters(50, "b"))
    }).pipe(provided({ seed: 1, rules: { "*": rule } }))
  )

  it("of a key are the same however other keys come between", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 60 }), fc.integer(), (order, seed) => {
        const service = () => Effect.runSync(Faults.make({ seed, rules: { "*": rule } }))
        const [mixed, alone] = [service(), service()]
        const seen = order.map((of) => [of, mixed.unsafeNext(of)] as const).filter(([of]) => of === "a")
        expect(seen.map(([, next]) => next)).toEqual(seen.map(() => alone.unsafeNext("a")))
      })
    ))

  it.effect("have a seed that can be read and given again", () =>
    Effect.gen(function* () {
      const run = Effect.zip(letters(50), Faults.seed)
      const [first, seed] = yield* Effect.provide(run, Faults.layer({ rules: { "*": rule } }))
      expect(yield* Effect.provide(letters(50), Faults.layer({ seed, rules: { "*": rule } }))).toBe(first)
    })
  )
})

describe("patterns", () => {
  const ruleOf = (rules: ReadonlyArray<string>, of: string) =>
    Effect.gen(function* () {
      const service = yield* Faults.make({
        rules: Object.fromEntries(rules.map((pattern, n) => [pattern, { latency: n + 1 }]))
      })
      return service.unsafeNext(of)?.delayMillis
    })

  it.effect("prefer the exact key, then the most letters, then the first written", () =>
    Effect.gen(function* () {
      const rules = ["*", "users-*", "users-api", "*-api", "user*-ap*"]
      expect(yield* ruleOf(rules, "users-api")).toBe(3)
      expect(yield* ruleOf(rules, "users-apis")).toBe(5)
      expect(yield* ruleOf(rules, "users-db")).toBe(2)
      expect(yield* ruleOf(rules, "billing-api")).toBe(4)
      expect(yield* ruleOf(rules, "search")).toBe(1)
      expect(yield* ruleOf(["a*", "*b"], "ab")).toBe(1)
    })
  )

  it.effect("let a star stand for nothing, but no letter stand for two", () =>
    Effect.gen(function* () {
      expect(yield* ruleOf(["users-*"], "users-")).toBe(1)
      expect(yield* ruleOf(["ab*ba"], "aba")).toBeUndefined()
      expect(yield* ruleOf(["a*bc*c"], "abc")).toBeUndefined()
      expect(yield* ruleOf(["a*b*c"], "a-b-b-c")).toBe(1)
      expect(yield* ruleOf(["users.*"], "usersX1")).toBeUndefined()
    })
  )
})

describe("control", () => {
  it.effect("switches faults off and on while running", () =>
    Effect.gen(function* () {
      expect(yield* letters(2)).toBe("ff")
      yield* Faults.setEnabled(false)
      expect(yield* letters(2)).toBe("..")
      expect(yield* Faults.isEnabled).toBe(false)
      yield* Faults.setEnabled(true)
      expect(yield* letters(2)).toBe("ff")
      expect((yield* Faults.counts)[key]?.executions).toBe(4)
    }).pipe(provided({ rules: { [key]: { errorRate: 1 } } }))
  )

  it.effect("starts switched off where it is told to", () =>
    Effect.map(letters(2), (seen) => expect(seen).toBe("..")).pipe(
      provided({ enabled: false, rules: { [key]: { errorRate: 1 } } })
    )
  )

  it.effect("replaces the rules while running, and keeps the counts", () =>
    Effect.gen(function* () {
      yield* letters(2)
      yield* Faults.setRules({ "users-*": { defectRate: 1 } })
      expect(yield* letters(1)).toBe("d")
      expect(yield* Faults.rules).toEqual({ "users-*": { defectRate: 1 } })
      expect((yield* Faults.counts)[key]).toEqual({ executions: 3, errors: 2, defects: 1, hangs: 0, delays: 0 })
    }).pipe(provided({ rules: { [key]: { errorRate: 1 } } }))
  )

  it.effect("keeps the rules where the new ones are impossible", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Faults.setRules({ [key]: { defectRate: 1, errorRate: -1 } }))
      expect(error.message).toBe('rules["users-api"].errorRate: must be between 0 and 1, got -1')
      expect(yield* Faults.rules).toEqual({ [key]: { errorRate: 1 } })
      expect(yield* letters(1)).toBe("f")
    }).pipe(provided({ rules: { [key]: { errorRate: 1 } } }))
  )

  it.effect("counts nothing at a key under no rule", () =>
    Effect.gen(function* () {
      yield* letters(3, "other")
      yield* settled
      expect(yield* Faults.counts).toEqual({})
    }).pipe(provided({ rules: { [key]: { errorRate: 1 } } }))
  )
})

describe("impossible options", () => {
  const cases: ReadonlyArray<readonly [Faults.Options, string]> = [
    [{ rules: { a: { errorRate: 1.1 } } }, 'rules["a"].errorRate must be between 0 and 1, got 1.1'],
    [{ rules: { a: { defectRate: -0.1 } } }, 'rules["a"].defectRate must be between 0 and 1, got -0.1'],
    [{ rules: { a: { hangRate: NaN } } }, 'rules["a"].hangRate must be between 0 and 1, got NaN'],
    [{ rules: { a: { latencyRate: 2 } } }, 'rules["a"].latencyRate must be between 0 and 1, got 2'],
    [
      { rules: { "a*": { errorRate: 0.5, hangRate: 0.75 } } },
      'rules["a*"] must be rates that add up to at most 1, got 1.25'
    ],
    [
      { rules: { a: { latency: "-1 seconds" } } },
      'rules["a"].latency must be a duration such as "500 millis", got "-1 seconds"'
    ],
    [{ rules: { a: { latency: Infinity } } }, 'rules["a"].latency must be a finite number of at least 0, got Infinity'],
    [{ rules: { a: { latency: { min: 2, max: 1 } } } }, 'rules["a"].latency.max must be at least min (2 ms), got 1'],
    [{ rules: { "": {} } }, 'rules must be named by a key or a pattern, got ""'],
    [{ seed: 0.5 }, "seed must be a whole number, got 0.5"]
  ]
  it.effect.each(cases)("of the layer is a defect when it is built: %j", ([options, message]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(Faults.layer(options))))
      const [defect] = defectsOf(exit)
      expect(defect).toBeInstanceOf(InvalidOption.InvalidOption)
      expect(String(defect)).toBe(`InvalidOption: Faults: ${message}`)
    })
  )
})

describe("layerConfig", () => {
  const built = (entries: Readonly<Record<string, string>>) =>
    Effect.provide(
      Effect.all({ enabled: Faults.isEnabled, rules: Faults.rules, seed: Faults.seed }),
      Faults.layerConfig(Faults.config()).pipe(Layer.provide(Layer.setConfigProvider(environment(entries))))
    )

  it.effect("is switched off where the environment says nothing", () =>
    Effect.map(built({}), ({ enabled, rules }) => expect([enabled, rules]).toEqual([false, {}]))
  )

  it.effect("reads the rules as JSON", () =>
    Effect.gen(function* () {
      const rule = { errorRate: 0.1, latency: { min: "5 millis", max: 20 }, lost: "response" }
      const read = yield* built({
        FAULTS_ENABLED: "true",
        FAULTS_SEED: "7",
        FAULTS_RULES: JSON.stringify({ "payments-*": rule })
      })
      expect(read).toEqual({ enabled: true, seed: 7, rules: { "payments-*": rule } })
    })
  )

  it.effect.each([
    ['{ "a": { "errorrate": 0.1 } }', /errorrate/],
    ['{ "a": { "latency": { "min": 1 } } }', /^FAULTS\.RULES\b.*\ba\b.*\blatency\b.*\bmax\b/s],
    ['{ "a": { "latency": { "second": 1 } } }', /latency/],
    ['{ "a": { "latency": {} } }', /latency/],
    ['{ "a": { "latency": "soon" } }', /latency/],
    ['{ "a": { "errorRate": 7 } }', /rules\["a"\]\.errorRate must be between 0 and 1, got 7/],
    ["{", /RULES/]
  ] as const)("names what is wrong in %s", ([text, names]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(built({ FAULTS_RULES: text }))
      expect(faultsOf(error).join("\n")).toMatch(names)
    })
  )
})
