import { CircuitBreaker, HealthModel, HealthScore, InvalidSnapshot, PolicyConflict } from "@truce/effect3"
import { Effect, Exit, Fiber, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, failing, key, on, scoreOf, settled, statusOf, trip, watching } from "./support.ts"

const layer = (model?: HealthModel.HealthModel<HealthModel.Ledger>) =>
  CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provide(HealthScore.layer({ model })))

const it = on(() => layer())

describe("a snapshot", () => {
  it("survives JSON", () =>
    Effect.gen(function* () {
      yield* trip("a")
      yield* attempt(failing, "b")
      const snapshot = yield* CircuitBreaker.snapshot
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
      expect(Object.keys(snapshot.circuits)).toEqual(["a", "b"])
    }))

  it("restores to the same decisions in another process", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* attempt(failing, "b")
      const stored = JSON.stringify(yield* CircuitBreaker.snapshot)
      const restored = Effect.gen(function* () {
        yield* CircuitBreaker.restore(JSON.parse(stored))
        return yield* CircuitBreaker.states
      })
      const states = yield* Effect.provide(restored, layer())
      const originals = yield* CircuitBreaker.states
      expect(states).toEqual(originals.map((state) => Object.assign({}, state, { moves: [] })))
    }))

  it("lets the time that passed since count", () =>
    Effect.gen(function* () {
      yield* trip()
      const snapshot = yield* CircuitBreaker.snapshot
      yield* CircuitBreaker.restore(snapshot, { elapsed: "300 millis" })
      yield* TestClock.adjust("199 millis")
      expect(Exit.isFailure(yield* attempt(answering))).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect(Exit.isSuccess(yield* attempt(answering))).toBe(true)
    }))

  it("stays as it was taken while successes are counted", () =>
    Effect.gen(function* () {
      yield* Effect.repeatN(attempt(answering), 2)
      const snapshot = yield* CircuitBreaker.snapshot
      const stored = JSON.stringify(snapshot)
      yield* TestClock.adjust("1 minute")
      yield* Effect.repeatN(attempt(answering), 2)
      expect(JSON.stringify(snapshot)).toBe(stored)
      const { circuits } = yield* CircuitBreaker.snapshot
      expect(snapshot.circuits[key]?.traffic).toMatchObject({ attempts: 3, failures: 0, at: 0 })
      expect(circuits[key]?.traffic).toMatchObject({ attempts: 3 * Math.exp(-1) + 3, failures: 0, at: 60_000 })
    }))

  it("keeps manual modes with their reasons", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      const snapshot = yield* CircuitBreaker.snapshot
      yield* CircuitBreaker.reset(key, "done")
      yield* CircuitBreaker.restore(snapshot)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ mode: { _tag: "Isolated", reason: "maintenance" } })
    }))
})

describe("restoring", () => {
  it("puts the circuit in the place of the one there is; attempts on their way are not heard", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      const snapshot = yield* CircuitBreaker.snapshot
      yield* Effect.repeatN(attempt(failing), 2)
      yield* CircuitBreaker.restore(snapshot)
      expect(yield* scoreOf()).toBe(0.8)
    }))

  it("leaves other keys alone", () =>
    Effect.gen(function* () {
      const empty = yield* CircuitBreaker.snapshot
      yield* trip()
      yield* CircuitBreaker.restore(empty)
      expect(yield* statusOf()).toBe("Open")
    }))

  it("announces nothing, for nothing has happened", () =>
    Effect.gen(function* () {
      yield* trip()
      const snapshot = yield* CircuitBreaker.snapshot
      yield* CircuitBreaker.reset(key, "fixed")
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* CircuitBreaker.restore(snapshot)
      expect(yield* statusOf()).toBe("Open")
      expect(yield* seen).toEqual([])
    }))
})

describe("data that is not a snapshot", () => {
  const cases: ReadonlyArray<readonly [name: string, data: unknown, message: string]> = [
    ["nothing", null, "snapshot: snapshot must be an object with version and circuits"],
    ["text", "snapshot", "snapshot: snapshot must be an object with version and circuits"],
    ["no version", { circuits: {} }, "snapshot: version must be 1, got undefined"],
    ["another version", { version: 2, circuits: {} }, "snapshot: version must be 1, got 2"],
    ["no circuits", { version: 1 }, "snapshot: circuits must be an object of snapshots by key"],
    ["a circuit that is none", { version: 1, circuits: { a: 7 } }, "snapshot of a: snapshot must be an object"],
    ["an empty circuit", { version: 1, circuits: { a: {} } }, "snapshot of a: version must be a finite number"]
  ]
  for (const [name, data, message] of cases) {
    it(`fails with InvalidSnapshot: ${name}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(CircuitBreaker.restore(data))
        expect(error).toBeInstanceOf(InvalidSnapshot.InvalidSnapshot)
        expect(error.message).toBe(message)
      }))
  }

  it("restores nothing when one circuit of several is corrupt", () =>
    Effect.gen(function* () {
      yield* trip("a")
      yield* trip("b")
      const { circuits } = yield* CircuitBreaker.snapshot
      yield* CircuitBreaker.reset("a", "fixed")
      const corrupt = { version: 1, circuits: { ...circuits, b: { ...circuits["b"], generation: -1 } } }
      const error = yield* Effect.flip(CircuitBreaker.restore(corrupt))
      expect(error).toMatchObject({ key: "b", field: "generation" })
      expect(yield* statusOf("a")).toBe("Closed")
    }))

  it("is that of another model", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      const snapshot = yield* CircuitBreaker.snapshot
      const other = CircuitBreaker.layer().pipe(Layer.provide(HealthScore.layer({ model: HealthModel.consecutive() })))
      const error = yield* Effect.flip(Effect.provide(CircuitBreaker.restore(snapshot), other))
      expect(error.message).toBe(`snapshot of ${key}: model must be "consecutive", got "ledger"`)
    }))
})

describe("a restored circuit", () => {
  it("takes the policy of the dependency that registers its key after it", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* CircuitBreaker.restore(yield* CircuitBreaker.snapshot)
      yield* CircuitBreaker.register(key, { permits: 3, openJitter: 0 })
      expect(yield* statusOf()).toBe("Open")
      yield* TestClock.adjust("500 millis")
      const probes = yield* Effect.forEach([1, 2, 3, 4], () => Effect.fork(attempt(Effect.never)))
      yield* settled
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 3 })
      yield* Fiber.interruptAll(probes)
    }))

  it("keeps the policy it was used under: another one is a conflict again", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      yield* CircuitBreaker.restore(yield* CircuitBreaker.snapshot)
      yield* attempt(answering)
      const error = yield* Effect.flip(CircuitBreaker.register(key, { permits: 3 }))
      expect(error).toBeInstanceOf(PolicyConflict.PolicyConflict)
    }))
})
