import { Circuit, CircuitPolicy, Fleet, HealthModel } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { circuitOptions, histories, run } from "./histories.ts"

describe("a circuit that is barred", () => {
  it("admits no probe before the time, and then as many as before; where none was due it decides as ever", () => {
    fc.assert(
      fc.property(
        histories(),
        circuitOptions,
        fc.nat(60_000),
        fc.integer({ min: 1, max: 5_000 }),
        (history, options, later, wait) => {
          const policy = CircuitPolicy.make(HealthModel.ledger(), options)
          const { circuit, now: end } = run(policy, history).end
          const now = end + later
          const [asked, decision] = Circuit.admit(policy, circuit, now)
          const [barred, refusal] = Fleet.barred(policy, circuit, now, now + wait)
          if (asked === circuit || circuit.state._tag === "Closed") {
            expect([barred, refusal]).toEqual([asked, decision])
            return
          }
          expect(barred.generation).toBe(circuit.generation)
          if (refusal._tag === "Admitted") {
            // Observing lets pass what it would reject.
            expect([circuit.mode._tag, refusal.permit.judged]).toEqual(["Observing", false])
            return
          }
          expect(refusal.until).toBeGreaterThan(now)
          expect(refusal.until).toBeLessThanOrEqual(now + wait)
          const before = refusal.until - (refusal.until - now) / 2
          expect(Circuit.admit(policy, barred, before)[1]._tag).toBe("Rejected")
          expect(Circuit.admit(policy, barred, now + wait)[1]._tag).toBe("Admitted")
        }
      ),
      { numRuns: 500 }
    )
  })
})

describe("a circuit whose fleet's record is lost", () => {
  const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger(), { permits: 3 }), { witnesses: 1 })
  const failed = {
    generation: undefined,
    success: 0,
    failure: 9,
    raw: 9,
    attempts: 9,
    retryAfterMillis: 0,
    opens: false
  }
  const opened = Fleet.merge(policy, Fleet.empty(policy, 42, 0), { ...failed, process: "a" }, 0)
  const [one] = Fleet.lease(policy, opened, 1_000)
  const [two] = Fleet.lease(policy, one, 1_000)
  const [circuit] = Fleet.follow(policy, Circuit.make(policy, 7), Fleet.unlinked, two, 0)
  const own = { generation: circuit.generation, probe: 2, judged: true }
  const probes = (self: typeof circuit) => Circuit.view(policy, self, 1_000).probes

  it("keeps the leases of its own probes, and of nobody else's", () => {
    expect(probes(circuit)).toBe(2)
    expect(probes(Fleet.orphaned(circuit, [own]))).toBe(1)
    expect(probes(Fleet.orphaned(circuit, []))).toBe(0)
    expect(probes(Fleet.orphaned(circuit, [{ ...own, generation: own.generation - 1 }]))).toBe(0)
  })

  it("is the same where it has nothing to lose", () => {
    const closed = Circuit.make(policy, 7)
    expect(Fleet.orphaned(closed, [])).toBe(closed)
    expect(Fleet.orphaned(circuit, [own, { ...own, probe: 1 }])).toBe(circuit)
  })
})
