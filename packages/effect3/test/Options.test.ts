import { InvalidOption } from "@truce/core"
import {
  CircuitBreaker,
  Classifier,
  Dependency,
  HealthModel,
  HealthScore,
  RetryBudget,
  RetryPolicy,
  Truce
} from "@truce/effect3"
import { it } from "@effect/vitest"
import { Config, type ConfigError, Duration, Effect, Layer, Schedule } from "effect"
import { describe, expect } from "vitest"
import { defectsOf } from "./platform/Exits.ts"
import { environment, faultsOf } from "./platform/ConfigProviders.ts"
import { answering, classify, key } from "./support.ts"

const duration = 'a duration such as "500 millis"'
const positive = "a finite number greater than 0"
const orInfinity = "greater than 0 (Infinity is allowed)"
const whole = "a whole number of at least 1"
const share = "between 0 and 1"

type Case = readonly [field: string, value: unknown, rule: string, given?: unknown]

const circuit: ReadonlyArray<Case> = [
  ...wrongDurations("openFor", positive),
  ...wrongDurations("maxOpenFor", positive),
  ...wrongDurations("lease", positive),
  ["lease", Duration.infinity, positive, "Infinity"],
  ["maxRetryAfter", -1, duration],
  ["maxRetryAfter", "-1 seconds", duration],
  ["maxRetryAfter", NaN, duration],
  ["maxRetryAfter", {}, duration],
  ["maxRetryAfter", { second: 1 }, duration],
  ["maxRetryAfter", { seconds: "1" }, duration],
  ["maxRetryAfter", { minutes: 1, seconds: NaN }, duration],
  ["maxRetryAfter", new Map([["seconds", 1]]), duration],
  ["openFactor", NaN, "a finite number of at least 1"],
  ["openFactor", 0.9, "a finite number of at least 1"],
  ["openTimes", [], "a list of finite numbers greater than 0, with at least one"],
  ["openTimes", ["1 second", "0 millis"], "a list of finite numbers greater than 0, with at least one"],
  ["openJitter", 1, "at least 0 and less than 1"],
  ["openJitter", -0.1, "at least 0 and less than 1"],
  ["openJitter", NaN, "at least 0 and less than 1"],
  ...wrongCounts("permits"),
  ["closeAt", 0, "greater than 0 and at most 1"],
  ["closeAt", 1.1, "greater than 0 and at most 1"],
  ["closeAt", 0.1, "greater than openBelow of the model (0.1)"],
  ["reopenOn", "never", 'one of "failure", "score"'],
  ["slowWeight", NaN, share],
  ["slowWeight", 2, share]
]

const score: ReadonlyArray<Case> = [...wrongCounts("maxKeys"), ...wrongDurations("ttl", orInfinity)]

const budget: ReadonlyArray<Case> = wrongCounts("maxKeys")

const retry: ReadonlyArray<Case> = [
  ...wrongCounts("attempts"),
  ["base", -1, duration],
  ["base", NaN, duration],
  ["base", "-1 millis", duration],
  ["cap", [-1, 0], duration],
  ["cap", -1n, duration],
  ["cap", "50 millis", "at least base (100)"],
  ["factor", 0, "a finite number of at least 1"],
  ["factor", NaN, "a finite number of at least 1"],
  ["jitter", "some", '"none", "full", "equal", "decorrelated" or { min, max }'],
  ["jitter.max", { min: 2, max: 1 }, "at least jitter.min (2)", 1],
  ["jitter.min", { min: -1, max: 1 }, "a finite number of at least 0", -1],
  ["jitter.max", { min: 0, max: NaN }, "a finite number of at least 0", NaN],
  ...wrongDurations("deadline", orInfinity),
  ...wrongDurations("maxRetryAfter", orInfinity),
  ["whenOpen", "perhaps", 'one of "stop", "wait"']
]

const layers: ReadonlyArray<
  readonly [owner: string, cases: ReadonlyArray<Case>, layer: (options: object) => Layer.Layer<never>]
> = [
  ["CircuitBreaker", circuit, (options) => CircuitBreaker.layer(options).pipe(Layer.provide(HealthScore.layer()))],
  ["HealthScore", score, HealthScore.layer],
  ["RetryBudget", budget, RetryBudget.layer],
  ["RetryPolicy", retry, RetryPolicy.layer]
]

for (const [owner, cases, layer] of layers) {
  describe(`${owner}.layer`, () => {
    for (const [field, value, rule, given = value] of cases) {
      it.effect(`dies with InvalidOption for ${field} ${shown(value)}`, () =>
        Effect.gen(function* () {
          const option = field.split(".")[0] ?? field
          const error = yield* invalid(Layer.build(layer({ [option]: value })))
          expect(error).toMatchObject({ owner, field, rule, value: given })
        })
      )
    }
  })
}

describe("a combination of options", () => {
  const combinations: ReadonlyArray<readonly [name: string, build: () => Layer.Layer<never>, message: string]> = [
    [
      "an open time longer than the longest",
      () => Truce.layer({ circuit: { openFor: "10 seconds", maxOpenFor: "2 seconds" } }),
      'CircuitBreaker: maxOpenFor must be at least openFor (10000), got "2 seconds"'
    ],
    [
      "a schedule and attempts",
      () => RetryPolicy.layer({ schedule: Schedule.forever, attempts: 3 }),
      "RetryPolicy: attempts must be left out where a schedule is given, got 3"
    ],
    [
      "waiting without a deadline",
      () => RetryPolicy.layer({ whenOpen: "wait" }),
      'RetryPolicy: deadline must be given when whenOpen is "wait", got undefined'
    ]
  ]
  for (const [name, build, message] of combinations) {
    it.effect(`that cannot be: ${name}`, () =>
      Effect.gen(function* () {
        expect((yield* invalid(Layer.build(build()))).message).toBe(message)
      })
    )
  }

  it.effect("is found in every part of Truce.layer", () =>
    Effect.gen(function* () {
      for (const [layer, owner] of [
        [Truce.layer({ circuit: { permits: 0 } }), "CircuitBreaker"],
        [Truce.layer({ retry: { attempts: 0 } }), "RetryPolicy"],
        [Truce.layer({ ttl: 0 }), "HealthScore"]
      ] as const) {
        expect((yield* invalid(Layer.build(layer))).owner).toBe(owner)
      }
    })
  )

  it.effect("is found in the overrides of a pattern, which is named", () =>
    Effect.gen(function* () {
      const fine = { "search-*": { circuit: { permits: 2 }, retry: { attempts: 2 } } }
      const circuit = { overrides: { ...fine, "tenant-*": { circuit: { openFor: -1 } } } }
      expect((yield* invalid(Layer.build(Truce.layer(circuit)))).message).toBe(
        `CircuitBreaker: overrides["tenant-*"].openFor must be ${duration}, got -1`
      )
      const retry = { overrides: { ...fine, "tenant-*": { retry: { attempts: 0 } } } }
      expect((yield* invalid(Layer.build(Truce.layer(retry)))).message).toBe(
        `RetryPolicy: overrides["tenant-*"].attempts must be ${whole}, got 0`
      )
    })
  )

  it.effect("is found in the options of one key", () =>
    Effect.gen(function* () {
      const error = yield* invalid(CircuitBreaker.register(key, { permits: 0 }))
      expect(error).toMatchObject({ owner: "CircuitBreaker", field: "permits", value: 0 })
    }).pipe(Effect.provide(Truce.layer()))
  )

  it.effect("is found in make as in layer", () =>
    Effect.gen(function* () {
      const made = Effect.provide(CircuitBreaker.make({ permits: 0 }), HealthScore.layer())
      expect(yield* invalid(made)).toMatchObject({ field: "permits" })
      expect(yield* invalid(RetryBudget.make({ maxKeys: 0 }))).toMatchObject({ field: "maxKeys" })
      expect(yield* invalid(Effect.suspend(() => RetryPolicy.make({ factor: 0 })))).toMatchObject({ field: "factor" })
    })
  )
})

describe("protecting an effect", () => {
  const wrong = [
    ["attemptTimeout", 0, orInfinity],
    ["attemptTimeout", "-1 seconds", duration],
    ["attemptTimeout", NaN, duration],
    ["slowAfter", -1, duration],
    ["slowAfter", "-1 seconds", duration],
    ["slowAfter", NaN, duration]
  ] as const
  for (const [field, value, rule] of wrong) {
    it(`throws InvalidOption for ${field} ${shown(value)}, where it is written`, () => {
      const options = { key, classify, [field]: value }
      for (const [owner, protecting] of [
        ["Truce.protect", () => Truce.protect(answering, options)],
        ["CircuitBreaker.execute", () => CircuitBreaker.execute(answering, options)]
      ] as const) {
        expect(thrownBy(protecting)).toMatchObject({ owner, field, rule, value })
      }
    })
  }

  it("throws for an impossible policy of its own", () => {
    expect(thrownBy(() => Truce.protect({ key, classify, retry: { attempts: 0 } }))).toMatchObject({
      field: "attempts"
    })
    const define = () => Dependency.Tag("Api")()({ key, classify, retry: { attempts: 0 } })
    expect(thrownBy(define)).toMatchObject({ field: "attempts" })
  })

  it("throws for the weight of an error outside [0, 1]", () => {
    for (const weight of [-1, 1.1, NaN]) {
      expect(thrownBy(() => Classifier.retriable({ weight }))).toMatchObject({ field: "weight", value: weight })
      expect(thrownBy(() => Classifier.permanent({ weight }))).toMatchObject({ field: "weight", value: weight })
    }
  })
})

describe("layerConfig", () => {
  it.effect("reads every kind of option", () =>
    Effect.gen(function* () {
      const layer = Truce.layerConfig({
        circuit: { openFor: Config.duration("OPEN_FOR"), permits: Config.integer("PERMITS") },
        retry: { attempts: Config.integer("ATTEMPTS"), whenOpen: Config.literal("stop", "wait")("WHEN_OPEN") },
        model: Config.map(Config.integer("FAILURES"), (failures) => HealthModel.consecutive({ failures }))
      })
      const env = { OPEN_FOR: "2 seconds", PERMITS: "3", ATTEMPTS: "5", WHEN_OPEN: "stop", FAILURES: "7" }
      const { policy } = yield* Effect.provide(Truce.Truce, configured(layer, env))
      expect(policy.whenOpen).toBe("stop")
    })
  )

  const cases: ReadonlyArray<readonly [string, Layer.Layer<never, ConfigError.ConfigError>, string]> = [
    ["circuit.openFor", Truce.layerConfig({ circuit: { openFor: Config.duration("X") } }), "0 seconds"],
    ["circuit.permits", Truce.layerConfig({ circuit: { permits: Config.number("X") } }), "1.5"],
    ["retry.attempts", Truce.layerConfig({ retry: { attempts: Config.number("X") } }), "0"],
    ["retry.cap", Truce.layerConfig({ retry: { cap: Config.duration("X") } }), "50 millis"],
    ["maxKeys", Truce.layerConfig({ maxKeys: Config.number("X") }), "-1"]
  ]
  it.effect("fails at the path of every option that cannot be, that of a pattern too", () =>
    Effect.gen(function* () {
      const layer = Truce.layerConfig({
        circuit: { openFor: Config.duration("X") },
        retry: { cap: Config.duration("CAP") },
        overrides: Config.map(Config.integer("PERMITS"), (permits) => ({ "payments-*": { circuit: { permits } } }))
      })
      const error = yield* Effect.flip(
        Layer.build(configured(layer, { X: "1 second", CAP: "2 seconds", PERMITS: "0" }))
      )
      expect(faultsOf(error)).toEqual([
        "overrides.payments-*.circuit.permits: must be a whole number of at least 1, got 0"
      ])
      const both = yield* Effect.flip(Layer.build(configured(layer, { X: "0 seconds", CAP: "1 millis", PERMITS: "1" })))
      expect(faultsOf(both)).toEqual([
        expect.stringMatching(/^circuit\.openFor: /),
        expect.stringMatching(/^retry\.cap: /)
      ])
    }).pipe(Effect.scoped)
  )

  for (const [field, layer, value] of cases) {
    it.effect(`fails with a ConfigError that names ${field} for ${value}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Layer.build(configured(layer, { X: value })))
        expect(faultsOf(error).map((fault) => fault.split(": ")[0])).toEqual([field])
        expect(faultsOf(error)).toEqual([expect.stringContaining("must be ")])
      }).pipe(Effect.scoped)
    )
  }

  it.effect("fails with the provider's own error where a value is missing", () =>
    Effect.gen(function* () {
      const layer = Truce.layerConfig({ circuit: { permits: Config.integer("PERMITS") } })
      const error = yield* Effect.flip(Layer.build(configured(layer, {})))
      expect(faultsOf(error)).toEqual([expect.stringMatching(/^PERMITS: /)])
    }).pipe(Effect.scoped)
  )
})

function wrongDurations(field: string, zeroRule: string): ReadonlyArray<Case> {
  return [
    [field, NaN, duration],
    [field, -1, duration],
    [field, "-1 seconds", duration],
    [field, "soon", duration],
    [field, 0, zeroRule],
    [field, "0 seconds", zeroRule]
  ]
}

function wrongCounts(field: string): ReadonlyArray<Case> {
  return [NaN, -1, 0, 1.5, Infinity].map((value) => [field, value, whole])
}

function shown(value: unknown): string {
  return typeof value === "bigint" || typeof value === "number" ? String(value) : JSON.stringify(value)
}

const configured = <A, E, R>(layer: Layer.Layer<A, E, R>, env: { readonly [name: string]: string }) =>
  Layer.provide(layer, Layer.setConfigProvider(environment(env)))

/** The `InvalidOption` an effect dies with. */
const invalid = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.exit(Effect.scoped(self)), (exit) => {
    const [defect] = defectsOf(exit)
    return defect instanceof InvalidOption.InvalidOption
      ? Effect.succeed(defect)
      : Effect.dieMessage(`no InvalidOption: ${String(exit)}`)
  })

const thrownBy = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error
  }
}
