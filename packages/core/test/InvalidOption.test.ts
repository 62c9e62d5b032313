import { Backoff, CallPolicy, CircuitPolicy, HealthModel, InvalidOption, Outcome, RetryBudget } from "@truce/core"
import { describe, expect, it } from "vitest"

type Kind = keyof typeof wrong

/** Values that break the rule, by the rule's words. */
const wrong = {
  "a finite number greater than 0": [NaN, Infinity, -Infinity, -1, 0],
  "greater than 0 (Infinity is allowed)": [NaN, -Infinity, -1, 0],
  "a finite number of at least 0": [NaN, Infinity, -1],
  "a whole number of at least 1": [NaN, Infinity, -1, 0, 1.5, 2 ** 53],
  "between 0 and 1": [NaN, Infinity, -0.1, 1.1],
  "greater than 0 and less than 1": [NaN, Infinity, -0.1, 0, 1],
  "at least 0 and less than 1": [NaN, Infinity, -0.1, 1],
  "greater than 0 and at most 1": [NaN, Infinity, -0.1, 0, 1.1],
  "a finite number of at least 1": [NaN, Infinity, -1, 0, 0.9],
  "a finite number greater than 1": [NaN, Infinity, -1, 1]
} as const

const ledger = HealthModel.ledger()
const policy = (options: CircuitPolicy.Options) => CircuitPolicy.make(ledger, options)

const table: ReadonlyArray<
  readonly [owner: string, build: (options: never) => unknown, Readonly<Record<string, Kind>>]
> = [
  [
    "HealthModel.ledger",
    (options: HealthModel.LedgerOptions) => HealthModel.ledger(options),
    {
      tolerance: "greater than 0 and less than 1",
      minFailures: "a finite number greater than 0",
      guardMillis: "a finite number of at least 0",
      persistenceMillis: "a finite number of at least 0",
      halfLifeMillis: "greater than 0 (Infinity is allowed)",
      discount: "between 0 and 1",
      openBelow: "greater than 0 and less than 1"
    }
  ],
  ["HealthModel.consecutive", HealthModel.consecutive, { failures: "a whole number of at least 1" }],
  [
    "HealthModel.countWindow",
    HealthModel.countWindow,
    {
      size: "a whole number of at least 1",
      threshold: "greater than 0 and at most 1",
      min: "a whole number of at least 1"
    }
  ],
  [
    "HealthModel.timeWindow",
    HealthModel.timeWindow,
    {
      windowMillis: "a finite number greater than 0",
      threshold: "greater than 0 and at most 1",
      min: "a whole number of at least 1"
    }
  ],
  [
    "HealthModel.additive",
    HealthModel.additive,
    {
      down: "greater than 0 and at most 1",
      up: "greater than 0 and at most 1",
      openBelow: "at least 0 and less than 1"
    }
  ],
  [
    "HealthModel.ewma",
    HealthModel.ewma,
    {
      windowMillis: "a finite number greater than 0",
      threshold: "greater than 0 and less than 1",
      min: "a whole number of at least 1"
    }
  ],
  [
    "HealthModel.cusum",
    HealthModel.cusum,
    {
      p0: "greater than 0 and less than 1",
      p1: "greater than 0 and less than 1",
      arl: "a finite number greater than 1"
    }
  ],
  [
    "HealthModel.beta",
    HealthModel.beta,
    {
      halfLifeMillis: "a finite number greater than 0",
      cap: "a finite number of at least 1",
      prior: "a finite number greater than 0",
      threshold: "greater than 0 and less than 1"
    }
  ],
  [
    "CircuitPolicy.make",
    policy,
    {
      closeAt: "greater than 0 and at most 1",
      permits: "a whole number of at least 1",
      leaseMillis: "a finite number greater than 0",
      openMillis: "a finite number greater than 0",
      openFactor: "a finite number of at least 1",
      maxOpenMillis: "a finite number greater than 0",
      openJitter: "at least 0 and less than 1",
      maxRetryAfterMillis: "a finite number of at least 0",
      slowWeight: "between 0 and 1"
    }
  ],
  [
    "Outcome.failure",
    Outcome.failure,
    { weight: "between 0 and 1", retryAfterMillis: "a finite number of at least 0" }
  ],
  [
    "Backoff.make",
    Backoff.make,
    {
      baseMillis: "a finite number of at least 0",
      factor: "a finite number of at least 1",
      capMillis: "a finite number of at least 0"
    }
  ],
  [
    "CallPolicy.make",
    CallPolicy.make,
    {
      attempts: "a whole number of at least 1",
      deadlineMillis: "greater than 0 (Infinity is allowed)",
      maxRetryAfterMillis: "greater than 0 (Infinity is allowed)"
    }
  ],
  [
    "RetryBudget.saturation",
    RetryBudget.saturation,
    {
      capacity: "a finite number greater than 0",
      fastFailureCost: "between 0 and 1",
      earn: "a finite number of at least 0",
      slowPenalty: "a finite number of at least 0"
    }
  ],
  [
    "RetryBudget.ratio",
    RetryBudget.ratio,
    {
      ratio: "a finite number of at least 0",
      perSecond: "a finite number of at least 0",
      capacity: "a finite number greater than 0"
    }
  ],
  [
    "RetryBudget.grpc",
    RetryBudget.grpc,
    { maxTokens: "a finite number greater than 0", tokenRatio: "a finite number of at least 0" }
  ],
  [
    "RetryBudget.aws",
    RetryBudget.aws,
    {
      capacity: "a finite number greater than 0",
      retryCost: "a finite number greater than 0",
      throttleCost: "a finite number greater than 0"
    }
  ]
]

/** Builds with options that the types would not let through. */
const build = (make: (options: never) => unknown, options: object): unknown => Reflect.apply(make, undefined, [options])

const thrownBy = (run: () => unknown): InvalidOption.InvalidOption => {
  try {
    run()
  } catch (error) {
    if (error instanceof InvalidOption.InvalidOption) return error
    throw error
  }
  throw new Error("nothing was thrown")
}

const cases = table.flatMap(([owner, make, fields]) =>
  Object.entries(fields).flatMap(([field, rule]) => wrong[rule].map((value) => ({ owner, make, field, rule, value })))
)

describe("an option that cannot be", () => {
  it.each(cases)("$owner: $field must be $rule, got $value", ({ field, make, owner, rule, value }) => {
    const error = thrownBy(() => build(make, { [field]: value }))
    expect(error.message).toBe(`${owner}: ${field} must be ${rule}, got ${value}`)
    expect(error).toMatchObject({ name: "InvalidOption", owner, field, rule })
    expect(error.value).toBe(value)
    expect(error).toBeInstanceOf(RangeError)
  })

  const constructors = table.filter(([owner]) => owner !== "Outcome.failure")

  it.each(constructors)("%s: a name that no option has", (owner, make, fields) => {
    const [field = ""] = Object.keys(fields)
    const misspelt = thrownBy(() => build(make, { [`${field}s`]: 1 }))
    expect(misspelt.message).toBe(`${owner}: ${field}s must be left out: there is no such option, but ${field}, got 1`)
  })

  it.each(constructors)("%s: options that are none", (owner, make) => {
    for (const [options, shown] of [
      [null, "null"],
      [5, "5"],
      [[5], "[5]"]
    ] as const) {
      expect(thrownBy(() => Reflect.apply(make, undefined, [options])).message).toBe(
        `${owner}: options must be an object, got ${shown}`
      )
    }
  })

  it.each(constructors)("%s: a number as text", (owner, make, fields) => {
    const [[field, rule] = ["", ""]] = Object.entries(fields)
    expect(thrownBy(() => build(make, { [field]: "5" })).message).toBe(`${owner}: ${field} must be ${rule}, got "5"`)
  })

  it("names what is inside of another option by its path", () => {
    const { message } = thrownBy(() => build(policy, { slowStart: { ramp: 5 } }))
    expect(message).toBe(
      "CircuitPolicy.make: slowStart.ramp must be left out: there is no such option, but rampMillis, got 5"
    )
    expect(thrownBy(() => build(Backoff.make, { jitter: { mean: 1 } })).field).toBe("jitter.mean")
    expect(thrownBy(() => build(Backoff.make, { jitter: null })).message).toBe(
      "Backoff.make: jitter must be an object, got null"
    )
  })

  it("has no kind of truth but true and false", () => {
    expect(thrownBy(() => build(HealthModel.ledger, { allowSelfTrip: "yes" })).message).toBe(
      'HealthModel.ledger: allowSelfTrip must be true or false, got "yes"'
    )
  })

  it.each([
    ["a string", "5", '"5"'],
    ["a bigint", 5n, "5"],
    ["a boolean", true, "true"],
    ["an object", { a: 1 }, '{"a":1}'],
    ["a function", () => 5, "a function"],
    ["a symbol", Symbol("x"), "a symbol"]
  ])("is shown when it is %s", (_, value, shown) => {
    for (const [owner, make, fields] of table) {
      for (const [field, rule] of Object.entries(fields)) {
        const { message } = thrownBy(() => build(make, { [field]: value }))
        expect(message).toBe(`${owner}: ${field} must be ${rule}, got ${shown}`)
      }
    }
  })

  it.each([
    [() => HealthModel.countWindow({ size: 10, min: 11 }), "min must be at most size (10), got 11"],
    [
      () => HealthModel.additive({ down: 0.6, openBelow: 0.5 }),
      "openBelow must be less than 1 - down (0.4), or one failure opens"
    ],
    [() => HealthModel.cusum({ p0: 0.5, p1: 0.5 }), "p1 must be greater than p0 (0.5), got 0.5"],
    [() => HealthModel.cusum({ p0: 0.6 }), "p1 must be greater than p0 (0.6), got 0.5"],
    [() => HealthModel.beta({ prior: 50 }), "cap must be large enough that failures alone can trip"],
    [() => HealthModel.ledger({ discount: 1 }), "discount must be small enough that one call alone cannot open"],
    [() => HealthModel.ledger({ minFailures: 2 }), "discount must be small enough that one call alone cannot open"],
    [() => HealthModel.ledger({ openBelow: 0.7 }), "discount must be small enough that one call alone cannot open"],
    [() => policy({ openMillis: 600, maxOpenMillis: 500 }), "maxOpenMillis must be at least openMillis (600), got 500"],
    [
      () => policy({ slowStart: { initialShare: 0 } }),
      "slowStart.initialShare must be greater than 0 and at most 1, got 0"
    ],
    [() => policy({ slowStart: { withinMillis: 0 } }), "slowStart.withinMillis must be a finite number greater than 0"],
    [() => policy({ slowStart: { rampMillis: NaN } }), "slowStart.rampMillis must be a finite number greater than 0"],
    [
      () => policy({ slowStart: { rampMillis: 5, maxRampMillis: 4 } }),
      "slowStart.maxRampMillis must be at least slowStart.rampMillis (5), got 4"
    ],
    [() => build(policy, { slowStart: "yes" }), 'slowStart must be true, false or its options, got "yes"'],
    [() => build(policy, { slowStart: null }), "slowStart must be true, false or its options, got null"],
    [() => policy({ closeAt: 0.1 }), "closeAt must be greater than openBelow of the model (0.1), got 0.1"],
    [() => policy({ closeAt: 0.05 }), "closeAt must be greater than openBelow of the model (0.1), got 0.05"],
    [() => Outcome.failure({ weight: 0 }), "weight must be greater than 0 and at most 1, got 0"],
    [() => Backoff.make({ baseMillis: 10, capMillis: 9 }), "capMillis must be at least baseMillis (10), got 9"],
    [() => Backoff.make({ jitter: { min: 2, max: 1 } }), "jitter.max must be at least jitter.min (2), got 1"],
    [() => Backoff.make({ jitter: { min: -1, max: 1 } }), "jitter.min must be a finite number of at least 0, got -1"],
    [
      () => Backoff.make({ jitter: { min: 0, max: Infinity } }),
      "jitter.max must be a finite number of at least 0, got Infinity"
    ],
    [() => build(Backoff.make, { jitter: "some" }), 'jitter must be "none", "full", "equal", "decorrelated" or'],
    [() => build(policy, { reopenOn: "never" }), 'reopenOn must be one of "failure", "score", got "never"'],
    [() => CallPolicy.make({ backoff: { factor: 0 } }), "factor must be a finite number of at least 1, got 0"]
  ])("against another option is named (%#)", (run, message) => {
    expect(thrownBy(run).message).toContain(message)
  })
})

describe("an option that can be", () => {
  it.each([
    ["Infinity for a half-life", () => HealthModel.ledger({ halfLifeMillis: Infinity })],
    ["Infinity for a deadline", () => CallPolicy.make({ deadlineMillis: Infinity })],
    [
      "a call that opens the circuit alone, when asked for",
      () => HealthModel.ledger({ discount: 1, allowSelfTrip: true })
    ],
    ["a min of the whole window", () => HealthModel.countWindow({ size: 10, min: 10 })],
    ["closeAt at 1", () => policy({ closeAt: 1 })],
    ["closeAt just above the trip", () => policy({ closeAt: 0.11 })],
    ["an open time above the default cap", () => policy({ openMillis: 60_000 })],
    ["no jitter and no discount", () => policy({ openJitter: 0, slowWeight: 0 })],
    ["one additive step to the trip", () => HealthModel.additive({ down: 1 })]
  ])("is %s", (_, make) => {
    expect(make).not.toThrow()
  })

  it("is undefined, everywhere, for the default", () => {
    for (const [, make, fields] of table) {
      const options = Object.fromEntries(Object.keys(fields).map((field) => [field, undefined]))
      expect(JSON.stringify(build(make, options))).toBe(JSON.stringify(build(make, {})))
    }
  })
})
