import { Circuit, CircuitPolicy, Outcome } from "@truce/core"
import { describe, expect, it } from "vitest"
import { admit, attempt, failure, fixedLedger, play, tripped } from "./support.ts"

const policy = CircuitPolicy.make(fixedLedger, { openJitter: 0 })
const start = Circuit.make(policy, 1)
const open = tripped(policy, 0)
const halfOpen = admit(policy, open, 500)[0]

const states = [
  ["Closed", start],
  ["Open", open],
  ["HalfOpen", halfOpen]
] as const

describe.each(states)("manual control of a circuit that is %s", (_, circuit) => {
  const switches = [
    ["Isolated", Circuit.isolate],
    ["Disabled", Circuit.disable],
    ["Observing", Circuit.observe],
    ["Automatic", (self: typeof circuit, reason: string, now: number) => Circuit.reset(policy, self, reason, now)]
  ] as const

  it.each(switches)("to %s keeps the reason and the time, and starts a new generation", (mode, change) => {
    const after = change(circuit, "maintenance", 600)
    expect(after.mode).toEqual({ _tag: mode, reason: "maintenance", since: 600 })
    expect(after.generation).toBe(circuit.generation + 1)
    expect(Circuit.transition(policy, circuit, after)).toMatchObject({ mode, reason: "maintenance", at: 600 })
  })

  it.each(switches)("to %s makes attempts on their way settle nothing", (_mode, change) => {
    const permit = circuit === halfOpen ? { generation: 2, probe: 1, judged: true } : admit(policy, start, 0)[1]
    const after = change(circuit, "", 600)
    for (const outcome of [failure, Outcome.success]) {
      expect(Circuit.settle(policy, after, { permit, outcome, failedBefore: 0 }, 700)).toBe(after)
    }
  })

  it.each(switches)("to %s holds no probe", (_mode, change) => {
    expect(Circuit.view(policy, change(circuit, "", 600), 600).probes).toBe(0)
  })

  it("isolated rejects everything and hears nothing", () => {
    const after = Circuit.isolate(circuit, "", 600)
    for (const now of [600, 1e6, 1e12]) {
      expect(Circuit.admit(policy, after, now)).toEqual([
        after,
        expect.objectContaining({ _tag: "Rejected", status: "Isolated", until: Infinity })
      ])
    }
    expect(Circuit.record(policy, after, failure, 700)).toBe(after)
    expect(Circuit.status(after)).toBe("Isolated")
  })

  it("disabled admits everything, never opens, and the score goes on", () => {
    let after = Circuit.disable(circuit, "", 600)
    after = Circuit.reset(policy, after, "", 600)
    after = Circuit.disable(after, "", 600)
    for (let i = 1; i <= 10; i++) after = attempt(policy, after, failure, 600)
    expect(Circuit.view(policy, after, 600)).toMatchObject({ status: "Disabled", score: 0, nextAdmission: undefined })
    expect(after.state._tag).toBe("Closed")
  })

  it("reset is closed with a score of 1 and no memory of openings, and keeps the traffic", () => {
    const after = Circuit.reset(policy, circuit, "", 600)
    expect(after).toMatchObject({
      state: { _tag: "Closed", since: 600 },
      openings: { inARow: 0, lastMillis: 0 },
      traffic: circuit.traffic
    })
    expect(Circuit.score(policy, after, 600)).toBe(1)
  })
})

describe("an observing circuit", () => {
  const observed = Circuit.observe(start, "trial", 0)

  it("opens by the rules and rejects nothing", () => {
    const opened = play(policy, observed, "FFFFF").circuit
    expect(Circuit.status(opened)).toBe("Open")
    expect(Circuit.admit(policy, opened, 10)).toEqual([
      opened,
      { _tag: "Admitted", permit: { generation: opened.generation, probe: 0, judged: false } }
    ])
  })

  it("does not judge an attempt that the rules would have rejected", () => {
    const opened = play(policy, observed, "FFFFF").circuit
    const [, permit] = admit(policy, opened, 10)
    expect(Circuit.settle(policy, opened, { permit, outcome: failure, failedBefore: 0 }, 20)).toBe(opened)
  })

  it("judges its probes, and lets those beyond the permits pass unjudged", () => {
    const opened = play(policy, observed, "FFFFF").circuit
    const [half, probe] = admit(policy, opened, 500)
    const [same, extra] = admit(policy, half, 500)
    expect(same).toBe(half)
    expect([probe.judged, extra.judged]).toEqual([true, false])
    expect(Circuit.settle(policy, half, { permit: extra, outcome: failure, failedBefore: 0 }, 510)).toBe(half)
    expect(Circuit.settle(policy, half, { permit: probe, outcome: failure, failedBefore: 0 }, 510).state._tag).toBe(
      "Open"
    )
  })

  it("counts as possible at any time", () => {
    expect(Circuit.nextAdmission(policy, play(policy, observed, "FFFFF").circuit, 10)).toBeUndefined()
  })
})
