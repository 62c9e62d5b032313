import { CircuitPolicy, Fleet, HealthModel } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { circuitOptions, histories, run } from "./histories.ts"

const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
const record = Fleet.encode(policy, Fleet.empty(policy, 42, 1_700_000_000_000), 1_700_000_000_000)

const decoded = <S>(policy: Fleet.Policy<S>, text: string): Fleet.Shared<S> => {
  const result = Fleet.decode(policy, text)
  if (result._tag === "Invalid") throw new Error(`${result.field} must be ${result.rule}`)
  return result.shared
}

/** The record with some text of it replaced; throws where there is none such. */
const replaced = (from: string, to: string): string => {
  if (!record.includes(from)) throw new Error(`no ${from} in ${record}`)
  return record.replace(from, to)
}

describe("a record", () => {
  it.each([
    ["ledger", HealthModel.opaque(HealthModel.ledger())],
    ["additive", HealthModel.opaque(HealthModel.additive())],
    ["cusum", HealthModel.opaque(HealthModel.cusum())]
  ] as const)("is read as what was written, with all its times, whenever it is read: %s", (_, model) => {
    fc.assert(
      fc.property(
        histories(),
        circuitOptions,
        fc.uniqueArray(fc.nat()),
        fc.nat(),
        (history, options, witnesses, later) => {
          const policy = Fleet.make(CircuitPolicy.make(model, options))
          const { circuit, now } = run(policy, history).end
          const text = Fleet.encode(policy, { circuit, witnesses }, now + later)
          const shared = decoded(policy, text)
          expect(shared.witnesses).toEqual(witnesses)
          expect(JSON.parse(Fleet.encode(policy, shared, now + later))).toEqual(JSON.parse(text))
          expect({ ...shared.circuit, health: 0 }).toEqual({ ...circuit, health: 0, moves: [] })
          expect(policy.model.score(shared.circuit.health, now)).toBe(policy.model.score(circuit.health, now))
        }
      ),
      { numRuns: 100 }
    )
  })

  it("can be read by people: its version first, and the names of the snapshot", () => {
    expect(record.startsWith('{"v":1,"circuit":{"version":1,"model":"ledger"')).toBe(true)
    expect(record).toContain('"state":{"_tag":"Closed","since":1700000000000}')
    expect(record).toContain('"witnesses":[]')
  })

  it("may have fields of a writer that knows more", () => {
    const newer = replaced('{"v":1,', '{"v":1,"note":"hi",').replace('"generation":', '"why":{"a":1},"generation":')
    expect(Fleet.encode(policy, decoded(policy, newer), 1_700_000_000_000)).toBe(record)
  })

  it.each([
    ["", "record must be a JSON object"],
    ["{", "record must be a JSON object"],
    ["17", "record must be a JSON object"],
    ["null", "record must be a JSON object"],
    ["[]", "v must be 1, got undefined"],
    ["{}", "v must be 1, got undefined"],
    [replaced('"v":1', '"v":2'), "v must be 1, got 2"],
    [replaced('"v":1', '"v":"1"'), 'v must be 1, got "1"'],
    [replaced('"witnesses":[]', '"witnesses":{}'), "witnesses must be a list of whole numbers of at least 0"],
    [replaced('"witnesses":[]', '"witnesses":[1.5]'), "witnesses must be a list of whole numbers of at least 0"],
    [replaced('"witnesses":[]', '"witnesses":["a"]'), "witnesses must be a list of whole numbers of at least 0"],
    ['{"v":1,"witnesses":[]}', "circuit must be an object"],
    [replaced('"model":"ledger"', '"model":"cusum"'), 'circuit.model must be "ledger", got "cusum"'],
    [replaced('"takenAt":1700000000000', '"takenAt":null'), "circuit.takenAt must be a finite number"],
    [
      replaced('"_tag":"Closed"', '"_tag":"Ajar"'),
      "circuit.state must be Closed, Open or HalfOpen with its times and a score or credit in [0, 1]"
    ],
    [replaced('"suspicion":0', '"suspicion":2'), "circuit.health must be a state of the model ledger"]
  ])("is refused with the field and its rule: %s", (text, message) => {
    const result = Fleet.decode(policy, text)
    expect(result._tag === "Invalid" ? `${result.field} must be ${result.rule}` : "read").toBe(message)
  })

  it("is read or refused, and never throws, whatever of it is cut off or overwritten", () => {
    fc.assert(
      fc.property(fc.nat(record.length), fc.nat(record.length), fc.string(), (from, length, text) => {
        const broken = record.slice(0, from) + text + record.slice(from + length)
        expect(["Decoded", "Invalid"]).toContain(Fleet.decode(policy, broken)._tag)
      }),
      { numRuns: 500 }
    )
  })

  it("of a fleet that was lost starts with generations that were never used", () => {
    const before = Fleet.empty(policy, 42, 1_700_000_000_000).circuit.generation
    expect(Fleet.empty(policy, 42, 1_700_000_000_001.5).circuit.generation).toBeGreaterThan(before)
    expect(Number.isSafeInteger(Fleet.empty(policy, 42, 1_700_000_000_001.5).circuit.generation)).toBe(true)
  })
})
