import { it } from "@effect/vitest"
import { CircuitBreaker, Dependency, HealthModel, HealthScore, Truce } from "@truce/effect3"
import { Forced } from "@truce/effect3/testing"
import { Cause, Duration, Effect, Exit, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, classify, failing, key, on, statusOf, steady, watching } from "../support.ts"

const test = on(() => steady({ circuit: { permits: 2, openFor: "700 millis", lease: "3 seconds" } }))

const rejection = Effect.flip(Truce.protect(answering, { key, classify }))

class UsersApi extends Dependency.Tag("UsersApi")<UsersApi>()({
  key,
  classify,
  circuit: { openFor: "7 seconds", maxOpenFor: "7 seconds" }
}) {}

const every = [
  "Closed",
  "Open",
  "HalfOpen",
  "Isolated",
  "Disabled",
  { state: "Closed", score: 0.5 },
  { state: "Open", admitsIn: "1 minute" },
  { state: "HalfOpen", probes: 1 },
  { state: "Isolated", reason: "maintenance" }
] as const

const layers = {
  ledger: steady({ model: HealthModel.ledger() }),
  "ledger that asks for an hour": steady({ model: HealthModel.ledger({ persistenceMillis: 3_600_000 }) }),
  consecutive: steady({ model: HealthModel.consecutive() }),
  countWindow: steady({ model: HealthModel.countWindow() }),
  timeWindow: steady({ model: HealthModel.timeWindow() }),
  additive: steady({ model: HealthModel.additive() }),
  ewma: steady({ model: HealthModel.ewma() }),
  cusum: steady({ model: HealthModel.cusum() }),
  beta: steady({ model: HealthModel.beta() }),
  "countWindow of 10": steady({ model: HealthModel.countWindow({ size: 10 }) })
}

describe("a circuit forced Open", () => {
  test("rejects until its own open time ends, and then admits a probe", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Open")
      expect(yield* rejection).toMatchObject({ state: "Open", retryAfter: Duration.millis(700) })
      yield* TestClock.adjust("700 millis")
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
      expect(yield* statusOf()).toBe("HalfOpen")
      yield* attempt(answering)
      expect(yield* statusOf()).toBe("Closed")
    }))

  test("rejects for as long as it was told", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "Open", admitsIn: "10 seconds" })
      expect(yield* rejection).toMatchObject({ state: "Open", retryAfter: Duration.seconds(10) })
      yield* TestClock.adjust("10 seconds")
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  test("has opened once, so that a failed probe opens it for twice as long", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Open")
      yield* TestClock.adjust("700 millis")
      yield* attempt(failing)
      expect(yield* rejection).toMatchObject({ state: "Open", retryAfter: Duration.millis(1_400) })
    }))

  test("is told of to watchers", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* Forced.set(key, "Open")
      expect((yield* seen).map(({ from, to, until }) => [from, to, until])).toEqual([["Closed", "Open", 700]])
    }))

  it.effect.each(Object.entries(layers))("is open under the model %s", ([, layer]) =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      yield* Forced.set(key, "Open")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", openings: 1, nextAdmission: 60_500 })
      yield* Forced.set(key, "HalfOpen")
      expect(yield* statusOf()).toBe("HalfOpen")
    }).pipe(Effect.provide(layer))
  )
})

describe("a circuit forced HalfOpen", () => {
  test("has all permits out until their leases end", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "HalfOpen")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 2, score: 0 })
      expect(yield* rejection).toMatchObject({ state: "HalfOpen", retryAfter: Duration.seconds(3) })
      yield* TestClock.adjust("3 seconds")
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  test("has as many probes out as it was told", () =>
    Effect.gen(function* () {
      for (const probes of [0, 1, 2]) {
        yield* Forced.set(key, { state: "HalfOpen", probes })
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes })
      }
    }))

  test("closes by two probes that succeed", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "HalfOpen", probes: 0 })
      yield* Effect.repeatN(attempt(answering), 1)
      expect(yield* statusOf()).toBe("Closed")
    }))

  test("reopens by one that fails", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "HalfOpen", probes: 1 })
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("Open")
    }))
})

describe("a circuit forced Closed", () => {
  test("has a score of 1 and no memory of openings", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Open")
      yield* Forced.set(key, "Closed")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1, openings: 0 })
    }))

  test("has the score it was told, from which the rules go on", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "Closed", score: 0.25 })
      const { mode, score, status } = yield* CircuitBreaker.state(key)
      expect([mode._tag, status]).toEqual(["Automatic", "Closed"])
      expect(score).toBeCloseTo(0.25, 9)
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("Open")
    }))

  test("with a score tells watchers of no transition", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* Forced.set(key, { state: "Closed", score: 0.105 })
      expect(yield* seen).toEqual([])
    }))

  it.effect.each([
    ["ledger", 0.37],
    ["consecutive", 0.6],
    ["countWindow", 0.75],
    ["timeWindow", 0.7],
    ["additive", 0.37],
    ["ewma", 0.9],
    ["cusum", 0.37],
    ["beta", 0.91]
  ] as const)("has the score under the model %s", ([name, score]) =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "Closed", score })
      expect((yield* CircuitBreaker.state(key)).score).toBeCloseTo(score, 8)
    }).pipe(Effect.provide(layers[name]))
  )
})

describe("a circuit under manual control", () => {
  test("Isolated rejects, with the reason", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, { state: "Isolated", reason: "maintenance" })
      expect(yield* rejection).toMatchObject({ state: "Isolated", retryAfter: Duration.infinity })
      expect((yield* CircuitBreaker.state(key)).mode.reason).toBe("maintenance")
    }))

  test("Disabled admits whatever fails", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Disabled")
      yield* Effect.repeatN(attempt(failing), 19)
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))

  test("Observing decides and rejects nothing", () =>
    Effect.gen(function* () {
      yield* Forced.set(key, "Observing")
      yield* Effect.repeatN(attempt(failing), 9)
      expect(yield* statusOf()).toBe("Open")
      expect(yield* attempt(answering)).toEqual(Exit.succeed("hello"))
    }))
})

test("every state can be reached from every other", () =>
  Effect.gen(function* () {
    for (const from of every) {
      for (const to of every) {
        yield* Forced.set(key, from)
        yield* Forced.set(key, to)
        expect(yield* statusOf()).toBe(typeof to === "string" ? to : to.state)
      }
    }
  }))

it.effect("the layer forces each of its keys and leaves the others alone", () =>
  Effect.gen(function* () {
    expect(yield* statusOf("users-api")).toBe("Open")
    expect(yield* statusOf("billing")).toBe("Isolated")
    expect(yield* statusOf("search")).toBe("Closed")
  }).pipe(
    Effect.provide(Forced.layer({ "users-api": "Open", billing: "Isolated" }).pipe(Layer.provideMerge(Truce.layer())))
  )
)

it.effect("a dependency with options of its own is forced on top of its layer", () =>
  Effect.gen(function* () {
    expect(yield* Effect.flip(UsersApi.protect(answering))).toMatchObject({ retryAfter: Duration.seconds(7) })
  }).pipe(
    Effect.provide(
      Forced.layer({ [key]: "Open" }).pipe(Layer.provideMerge(UsersApi.layer), Layer.provideMerge(steady()))
    )
  )
)

it.effect("a breaker without the rest of Truce is enough", () =>
  Effect.gen(function* () {
    yield* Forced.set(key, "Open")
    expect(yield* statusOf()).toBe("Open")
  }).pipe(Effect.provide(CircuitBreaker.layer().pipe(Layer.provide(HealthScore.layer()))))
)

describe("a state that cannot be", () => {
  const cases: ReadonlyArray<readonly [Forced.State, string]> = [
    [
      { state: "Closed", score: 0.1 },
      "score must be greater than openBelow of its health model (0.1) and at most 1, got 0.1"
    ],
    [
      { state: "Closed", score: 1.5 },
      "score must be greater than openBelow of its health model (0.1) and at most 1, got 1.5"
    ],
    [
      { state: "Open", admitsIn: "2 minutes" },
      'admitsIn must be at most 1m, the longest open time of its policy (maxRetryAfter lengthens it), got "2m"'
    ],
    [{ state: "Open", admitsIn: 0 }, "admitsIn must be greater than 0 (Infinity is allowed), got 0"],
    [{ state: "Open", admitsIn: Duration.infinity }, "admitsIn must be a finite number greater than 0, got Infinity"],
    [{ state: "Open", admitsIn: "-1 seconds" }, 'admitsIn must be a duration such as "500 millis", got "-1 seconds"'],
    [{ state: "HalfOpen", probes: 3 }, "probes must be at most the permits of the circuit (2), got 3"],
    [{ state: "HalfOpen", probes: 0.5 }, "probes must be a whole number of at least 0, got 0.5"]
  ]
  for (const [state, message] of cases) {
    test(`is a defect that says so: ${JSON.stringify(state)}`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Forced.set(key, state))
        expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(`InvalidOption: Forced: ${message}`)
      }))
  }

  it.effect("as a score that the model does not have, and leaves the circuit as it was", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Forced.set(key, { state: "Closed", score: 0.74 }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(
        "Forced: score must be one that the model countWindow can have (the nearest is 0.7), got 0.74"
      )
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", score: 1 })
    }).pipe(Effect.provide(layers["countWindow of 10"]))
  )
})
