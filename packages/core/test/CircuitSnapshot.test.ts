import { Circuit, CircuitPolicy, CircuitSnapshot, Fleet, HealthModel, Outcome } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { circuitOptions, histories, run } from "./histories.ts"
import { attempt, failure, fixedLedger, modelNames, openUntil, tripped, withModel } from "./support.ts"

const clock = { now: 0, elapsedMillis: 0 }

const restored = <S>(policy: CircuitPolicy.CircuitPolicy<S>, data: unknown, at = clock): Circuit.Circuit<S> => {
  const result = CircuitSnapshot.restore(policy, data, at)
  if (result._tag === "Invalid") throw new Error(`${result.field} must be ${result.rule}`)
  return result.circuit
}

const json = (data: unknown): unknown => JSON.parse(JSON.stringify(data))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The data with the value at the path replaced, or left out where it is `missing`. */
const missing = Symbol("missing")
const withAt = (data: unknown, path: ReadonlyArray<string>, value: unknown): unknown => {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (Array.isArray(data)) return data.map((item, index) => (String(index) === name ? withAt(item, rest, value) : item))
  if (!isRecord(data)) return data
  const changed = { ...data, [name]: rest.length === 0 ? value : withAt(data[name], rest, value) }
  return Object.fromEntries(Object.entries(changed).filter(([, kept]) => kept !== missing))
}

const paths = (data: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  isRecord(data) || Array.isArray(data)
    ? [path, ...Object.entries(data).flatMap(([name, value]) => paths(value, [...path, name]))]
    : [path]

describe("CircuitSnapshot", () => {
  describe.each(modelNames)("of %s", (name) => {
    it("is the same again after JSON and a restoration on the same clock", () => {
      withModel(name, (model) =>
        fc.assert(
          fc.property(histories(), circuitOptions, (history, options) => {
            const policy = CircuitPolicy.make(model, options)
            const { circuit: left, now } = run(policy, history).end
            // A clock that jumped back leaves times that are still to come.
            const circuit = CircuitSnapshot.clamped(policy, left, now)
            const taken = CircuitSnapshot.take(policy, circuit, now)
            const again = restored(policy, json(taken), { now, elapsedMillis: 0 })
            expect({ ...again, health: policy.model.encode(again.health, 0) }).toEqual({
              ...circuit,
              health: policy.model.encode(circuit.health, 0),
              moves: []
            })
            expect(CircuitSnapshot.take(policy, again, now)).toEqual(taken)
          }),
          { numRuns: 50 }
        )
      )
    })

    it("gives Invalid for health that is no state of the model", () => {
      withModel(name, (model) => {
        const policy = CircuitPolicy.make(model)
        let circuit = Circuit.make(policy, 1)
        for (let i = 0; i < 3; i++) circuit = attempt(policy, circuit, failure, 1_000 + i)
        const data = json(CircuitSnapshot.take(policy, circuit, 2_000))
        const health = isRecord(data) ? data.health : undefined
        const kinds = [missing, null, "x", -1, true, [], {}, Number.NaN, Infinity, "-1"]
        const places = paths(health, ["health"])
        // Times may be negative: a clock starts where it likes.
        const wrong = kinds.flatMap((value) =>
          places
            .filter((path) => value !== -1 || !/^(at|offset|slot)$/.test(path.at(-1) ?? ""))
            .map((path) => ({ path, value }))
        )
        for (const { path, value } of wrong) {
          const result = CircuitSnapshot.restore(policy, withAt(data, path, value), clock)
          expect([path.join("."), value, result]).toEqual([
            path.join("."),
            value,
            { _tag: "Invalid", field: "health", rule: `a state of the model ${model.name}` }
          ])
        }
      })
    })

    it("is Invalid or a circuit that works, whatever is put at any place", () => {
      withModel(name, (model) =>
        fc.assert(
          fc.property(
            histories(),
            fc.nat(),
            fc.anything({ withBigInt: true, withDate: true }),
            (history, pick, value) => {
              const policy = CircuitPolicy.make(model)
              const { circuit, now } = run(policy, history).end
              const data = json(CircuitSnapshot.take(policy, circuit, now))
              const places = paths(data)
              const changed = withAt(data, places[pick % places.length] ?? [], value)
              const result = CircuitSnapshot.restore(policy, changed, { now, elapsedMillis: 0 })
              if (result._tag === "Invalid") {
                expect(Object.keys({ ...circuit, snapshot: 0, version: 0, model: 0, takenAt: 0 })).toContain(
                  result.field
                )
                return
              }
              const [next, decision] = Circuit.admit(policy, result.circuit, now)
              expect(["Admitted", "Rejected"]).toContain(decision._tag)
              const after = Circuit.record(policy, next, Outcome.failure(), now)
              expect(Circuit.score(policy, after, now)).toBeGreaterThanOrEqual(0)
              expect(Circuit.score(policy, after, now)).toBeLessThanOrEqual(1)
            }
          ),
          { numRuns: 300 }
        )
      )
    })
  })

  const policy = CircuitPolicy.make(fixedLedger)
  const open = tripped(policy, 1_000)
  const halfOpen = Circuit.admit(policy, open, openUntil(open))[0]
  const data = {
    Open: json(CircuitSnapshot.take(policy, open, 2_000)),
    HalfOpen: json(CircuitSnapshot.take(policy, halfOpen, 2_000)),
    Closed: json(
      CircuitSnapshot.take(
        policy,
        { ...open, state: { _tag: "Closed", since: 1_000, ramp: { until: 3_000, credit: 0.25 } } },
        2_000
      )
    )
  }
  const notNumbers = [missing, null, "1", true, [], {}, Number.NaN, Infinity, -Infinity]

  it.each([
    ["Open", "version", [...notNumbers, 0, 2, 1.5]],
    ["Open", "takenAt", notNumbers],
    ["Open", "generation", [...notNumbers, -1, 0.5, 2 ** 60]],
    ["Open", "seed", notNumbers],
    ["Open", "model", [missing, null, 1, 1n, {}, "Ledger", "consecutive"]],
    ["Open", "mode", [missing, null, "Automatic", 1, [], {}]],
    ["Open", "mode._tag", [missing, null, "Closed", "automatic", 1]],
    ["Open", "mode.reason", [missing, null, 1, {}]],
    ["Open", "mode.since", notNumbers],
    ["Open", "state", [missing, null, "Open", 1, [], {}]],
    ["Open", "state._tag", [missing, null, "Isolated", "open", 1]],
    ["Open", "state.since", notNumbers],
    ["Open", "state.until", notNumbers],
    ["Open", "state.score", [...notNumbers, -0.1, 1.1]],
    ["HalfOpen", "state.suspicion", [...notNumbers, -0.1, 1.1]],
    ["HalfOpen", "state.nextProbe", [...notNumbers, -1, 0.5]],
    ["HalfOpen", "state.leases", [missing, null, "x", 1, {}, [1], [null], [{}]]],
    ["HalfOpen", "state.leases.0.probe", notNumbers],
    ["HalfOpen", "state.leases.0.until", notNumbers],
    ["Open", "openings", [missing, null, 1, [], {}]],
    ["Open", "openings.inARow", [...notNumbers, -1, 0.5]],
    ["Open", "openings.lastMillis", [...notNumbers, -1]],
    ["Open", "openings.rampMillis", [...notNumbers.filter((value) => value !== missing), -1]],
    ["Closed", "state.ramp", [null, "x", 1, true, [], {}]],
    ["Closed", "state.ramp.until", [...notNumbers, 0]],
    ["Closed", "state.ramp.credit", [...notNumbers, -0.1, 1]],
    ["Open", "traffic", [missing, null, 1, [], {}]],
    ["Open", "traffic.attempts", [...notNumbers, 0]],
    ["Open", "traffic.failures", [...notNumbers, -1, 1e6]],
    ["Open", "traffic.at", notNumbers]
  ] as const)("of a circuit that is %s gives Invalid for a wrong %s", (state, path, values) => {
    for (const value of values) {
      const result = CircuitSnapshot.restore(policy, withAt(data[state], path.split("."), value), clock)
      expect([value, result]).toEqual([
        value,
        { _tag: "Invalid", field: path.split(".")[0], rule: expect.stringMatching(/./) }
      ])
    }
  })

  it.each([undefined, null, 1, "x", true, 1n, Symbol("x"), () => ({})])(
    "gives Invalid for what is no object: %s",
    (value) => {
      expect(CircuitSnapshot.restore(policy, value, clock)).toEqual({
        _tag: "Invalid",
        field: "snapshot",
        rule: "an object"
      })
    }
  )

  it("names the model of the policy and the model it met", () => {
    const other = CircuitPolicy.make(HealthModel.consecutive())
    const result = CircuitSnapshot.restore(other, data.Open, clock)
    expect(result).toEqual({ _tag: "Invalid", field: "model", rule: `"consecutive", got "ledger"` })
  })

  it("moves every time to the new clock, by the time that has passed", () => {
    const circuit = restored(policy, data.HalfOpen, { now: 100, elapsedMillis: 40 })
    const shift = 100 - 40 - 2_000
    expect(circuit.state).toMatchObject({
      since: openUntil(open) + shift,
      leases: [{ probe: 1, until: openUntil(open) + 10_000 + shift }]
    })
    expect(circuit.mode.since).toBe(shift)
    expect(circuit.traffic.at).toBe(1_000 + shift)
    expect(circuit.health.at).toBe(1_000 + shift)
  })

  it("admits when the open time is over, the time the process was down included", () => {
    const even = CircuitPolicy.make(fixedLedger, { openJitter: 0 })
    const taken = CircuitSnapshot.take(even, tripped(even, 1_000), 1_100)
    const circuit = restored(even, json(taken), { now: 50, elapsedMillis: 300 })
    expect(Circuit.admit(even, circuit, 149)[1]).toMatchObject({ _tag: "Rejected", until: 150 })
    expect(Circuit.admit(even, circuit, 150)[1]._tag).toBe("Admitted")
  })

  it("goes on with the ramp where it was", () => {
    const circuit = restored(policy, data.Closed, { now: 100, elapsedMillis: 40 })
    const shift = 100 - 40 - 2_000
    expect(circuit.state).toEqual({
      _tag: "Closed",
      since: 1_000 + shift,
      ramp: { until: 3_000 + shift, credit: 0.25 }
    })
  })

  it("takes a record of before slow start", () => {
    const older = withAt(withAt(data.Closed, ["state", "ramp"], missing), ["openings", "rampMillis"], missing)
    const circuit = restored(policy, older, { now: 2_000, elapsedMillis: 0 })
    expect(circuit.state).toEqual({ _tag: "Closed", since: 1_000, ramp: undefined })
    expect(circuit.openings).toEqual({ ...open.openings, rampMillis: 0 })
  })

  it("forgets the last moves and nothing else", () => {
    const circuit = restored(policy, data.Open, { now: 2_000, elapsedMillis: 0 })
    expect(open.moves).toHaveLength(5)
    expect(circuit).toEqual({ ...open, moves: [] })
  })
})

describe("a time that no policy could have made", () => {
  const times = fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.double({ min: -1e15, max: 1e15, noNaN: true }))
  const elapsed = fc.oneof(fc.nat({ max: 1e6 }), fc.constant(Infinity))

  it("is cut: whatever is stored, the circuit asks again after its longest open time and a lease", () => {
    fc.assert(
      fc.property(
        times,
        times,
        times,
        elapsed,
        circuitOptions,
        fc.boolean(),
        (since, until, takenAt, elapsedMillis, options, isOpen) => {
          const policy = CircuitPolicy.make(HealthModel.ledger(), options)
          const state = isOpen
            ? { _tag: "Open", since, until, score: 0 }
            : {
                _tag: "HalfOpen",
                since,
                suspicion: 1,
                nextProbe: 9,
                leases: Array.from({ length: 9 }, (_, probe) => ({ probe, until }))
              }
          const mode = { _tag: "Automatic", reason: "", since }
          const data = { ...CircuitSnapshot.take(policy, Circuit.make(policy, 1), 0), takenAt, mode, state }
          const now = 5_000
          const restored = CircuitSnapshot.restore(policy, data, { now, elapsedMillis })
          if (restored._tag === "Invalid") throw new Error(restored.field)
          const { circuit } = restored
          expect(circuit.state.since).toBeLessThanOrEqual(now)
          expect(circuit.mode.since).toBeLessThanOrEqual(now)
          const next = Circuit.nextAdmission(policy, circuit, now) ?? now
          expect(next).toBeLessThanOrEqual(now + CircuitPolicy.longestOpenMillis(policy) + policy.leaseMillis)
          const written = JSON.stringify(CircuitSnapshot.take(policy, circuit, now))
          expect(written).not.toContain("null")
          if (elapsedMillis === Infinity && Math.abs(until - takenAt) < 1e9) expect(next).toBe(now)
        }
      )
    )
  })

  it("is cut in a record of a fleet, by the store's clock", () => {
    const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
    const year = 31_536_000_000
    const open = { ...Fleet.empty(policy, 1, 0), circuit: Circuit.make(policy, 1) }
    const shut = { ...open.circuit, state: { _tag: "Open" as const, since: year, until: 2 * year, score: 0 } }
    const text = Fleet.encode(policy, { ...open, circuit: shut }, year)
    const decoded = Fleet.decode(policy, text, 1_000)
    if (decoded._tag === "Invalid") throw new Error(decoded.field)
    expect(decoded.shared.circuit.state).toMatchObject({ since: 1_000, until: 61_000 })
  })
})
