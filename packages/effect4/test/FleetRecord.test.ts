import { it } from "@effect/vitest"
import { Circuit, CircuitPolicy, Fleet, HealthModel, Outcome } from "@truce/core"
import * as FleetRecord from "@truce/effect4/FleetRecord"
import { Effect, Exit } from "effect"
import { describe, expect } from "vitest"

const failed = { generation: undefined, success: 0, failure: 9, raw: 9, attempts: 9, retryAfterMillis: 0, process: "a" }

/** What a fleet of this model writes as it opens, probes and closes. */
const written = <S>(policy: Fleet.Policy<S>): ReadonlyArray<readonly [string, string]> => {
  const empty = Fleet.empty(policy, 42, 1_000)
  const open = Fleet.merge(policy, empty, failed, 1_000)
  const later = open.circuit.state._tag === "Open" ? open.circuit.state.until : NaN
  const [probing, decision] = Fleet.lease(policy, open, later)
  if (decision._tag === "Rejected") throw new Error("no probe")
  const settled = { permit: decision.permit, outcome: Outcome.success, failedBefore: 0 }
  const closed = Fleet.settleProbe(policy, probing, settled, later)
  return [empty, open, probing, closed].map(
    (shared) => [Circuit.status(shared.circuit), Fleet.encode(policy, shared, later)] as const
  )
}

const of = <S>(model: HealthModel.HealthModel<S>) =>
  written(Fleet.make(CircuitPolicy.make(model, { restore: 0.2, slowStart: true }), { witnesses: 1 }))

describe("the schema of a record", () => {
  const records = [...of(HealthModel.ledger()), ...of(HealthModel.additive()), ...of(HealthModel.cusum())]

  it.effect("reads what a fleet writes, of each model that can be shared, and loses nothing", () =>
    Effect.gen(function* () {
      const seen = new Set<string>()
      for (const [status, text] of records) {
        const record = yield* FleetRecord.decode(text)
        expect(record).toEqual(JSON.parse(text))
        expect(record.circuit.state._tag).toBe(status)
        seen.add(status)
      }
      expect([...seen].sort()).toEqual(["Closed", "HalfOpen", "Open"])
    })
  )

  it.effect("reads no other version, and nothing that is no record", () =>
    Effect.gen(function* () {
      const [, text = ""] = records[0] ?? []
      for (const other of ["", "{", "{}", text.replace('"v":1', '"v":2'), text.replace('"Closed"', '"Ajar"')]) {
        expect(Exit.isFailure(yield* Effect.exit(FleetRecord.decode(other)))).toBe(true)
      }
    })
  )
})
