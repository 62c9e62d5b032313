import { Circuit, CircuitPolicy, HealthModel, Outcome, Traffic } from "@truce/core"
import { describe, expect, it } from "vitest"
import { admit, attempt, failure, fixedLedger, openUntil, play, throttled, tripped, withModel } from "./support.ts"

const policy = CircuitPolicy.make(fixedLedger, { openJitter: 0 })
const settle = <S>(
  self: Circuit.Circuit<S>,
  permit: Circuit.Permit,
  outcome: Outcome.Outcome,
  now: number,
  p: CircuitPolicy.CircuitPolicy<S>
) => Circuit.settle(p, self, { permit, outcome, failedBefore: 0 }, now)

describe("Circuit", () => {
  describe("while Closed", () => {
    const start = Circuit.make(policy, 1)

    it("admits any number of attempts as the same reference", () => {
      for (let i = 0; i < 10; i++) expect(Circuit.admit(policy, start, i)[0]).toBe(start)
      expect(Circuit.admit(policy, start, 0)[1]).toEqual({
        _tag: "Admitted",
        permit: { generation: 0, probe: 0, judged: true }
      })
    })

    it("opens at the settle of an attempt whatever was admitted since", () => {
      const permits = Array.from({ length: 8 }, () => admit(policy, start, 0)[1])
      const settled = permits.map(() => start)
      const end = permits.reduce((circuit, permit) => settle(circuit, permit, failure, 5, policy), settled[0] ?? start)
      expect(end).toMatchObject({ state: { _tag: "Open", since: 5, until: 505 }, generation: 1 })
      expect(end.traffic.attempts).toBe(5)
    })

    it.each([
      ["a success at a score of 1", Outcome.success, 1],
      ["an ignored attempt", Outcome.ignored, 0]
    ])("keeps state and health for %s and counts %#", (_, outcome, attempts) => {
      const after = attempt(policy, start, outcome, 0)
      expect(after).toMatchObject({ state: start.state, generation: 0, traffic: { attempts } })
      expect(after.health).toBe(start.health)
    })

    it("opens on a slow answer that counts as failure", () => {
      const strict = CircuitPolicy.make(fixedLedger, { slowWeight: 1 })
      expect(play(strict, Circuit.make(strict, 1), "LLLLL").scores.at(-1)).toBe("OPEN")
    })

    it("keeps the last five moves of the score, oldest first", () => {
      const { circuit } = play(policy, start, "FFSFSFT")
      expect(circuit.moves.map(({ outcome }) => outcome)).toEqual([
        "Success",
        "Failure",
        "Success",
        "Failure",
        "Failure"
      ])
      expect(circuit.moves.map(({ weight }) => weight)).toEqual([0, 1, 0, 1, 0.35])
      expect(circuit.moves.at(-1)).toMatchObject({ at: 0, before: 0.8 })
      expect(circuit.moves.at(-1)?.after).toBeCloseTo(0.73, 12)
    })
  })

  describe("while Open", () => {
    const open = tripped(policy, 1_000)

    it.each([1_000, 1_001, 1_499, 1_499.999, 0, -5])(
      "rejects at %d with the time to wait, as the same reference",
      (now) => {
        const [after, decision] = Circuit.admit(policy, open, now)
        expect(after).toBe(open)
        expect(decision).toMatchObject({ _tag: "Rejected", status: "Open", until: 1_500, generation: 1 })
      }
    )

    it("shows the score that opened it", () => {
      expect(Circuit.score(policy, open, 1_400)).toBeCloseTo(0, 12)
    })

    it("hears nothing from outside", () => {
      expect(Circuit.record(policy, open, Outcome.success, 1_100)).toBe(open)
    })

    it("enters HalfOpen with a score of 0 at the end of the open time", () => {
      const [after, permit] = admit(policy, open, 1_500)
      expect(after).toMatchObject({ generation: 2, state: { _tag: "HalfOpen", since: 1_500, suspicion: 1 } })
      expect(permit).toEqual({ generation: 2, probe: 1, judged: true })
    })

    it("ignores attempts that were admitted before it opened", () => {
      const start = Circuit.make(policy, 1)
      const [, late] = admit(policy, start, 0)
      const opened = play(policy, start, "FFFFF").circuit
      expect(settle(opened, late, Outcome.success, 10, policy)).toBe(opened)
      expect(settle(opened, late, Outcome.failure({ retryAfterMillis: 9_000 }), 10, policy)).toBe(opened)
      const half = admit(policy, opened, 500)[0]
      expect(settle(half, late, Outcome.success, 510, policy)).toBe(half)
    })
  })

  describe("while HalfOpen", () => {
    const enter = (options: CircuitPolicy.Options = {}) => {
      const rules = CircuitPolicy.make(fixedLedger, { openJitter: 0, ...options })
      const [circuit, permit] = admit(rules, tripped(rules, 0), 500)
      return { rules, circuit, permit }
    }

    it("rejects beyond the permits until the first lease ends", () => {
      const { circuit: first, rules } = enter({ permits: 2, leaseMillis: 1_000 })
      const [second] = admit(rules, first, 600)
      const [after, decision] = Circuit.admit(rules, second, 700)
      expect(after).toBe(second)
      expect(decision).toEqual({ _tag: "Rejected", status: "HalfOpen", until: 1_500, score: 0, generation: 2 })
      expect(admit(rules, second, 1_500)[1]).toEqual({ generation: 2, probe: 3, judged: true })
    })

    it("settles nothing for a probe whose lease has ended, and frees its place", () => {
      const { circuit, permit, rules } = enter({ leaseMillis: 1_000 })
      const late = settle(circuit, permit, Outcome.success, 1_500, rules)
      expect(late).toMatchObject({ state: { _tag: "HalfOpen", suspicion: 1, leases: [] }, traffic: circuit.traffic })
      const [taken] = admit(rules, circuit, 1_600)
      expect(settle(taken, permit, failure, 1_700, rules)).toBe(taken)
    })

    it("settles a probe once", () => {
      const { circuit, permit, rules } = enter({ permits: 2 })
      const once = settle(circuit, permit, Outcome.success, 510, rules)
      expect(settle(once, permit, Outcome.success, 510, rules)).toBe(once)
    })

    it.each([
      ["failure", failure, "Open"],
      ["failure", Outcome.failure({ weight: 0.5 }), "Open"],
      ["failure", Outcome.failure({ weight: 0.49 }), "HalfOpen"],
      ["failure", throttled, "HalfOpen"],
      ["score", failure, "HalfOpen"]
    ] as const)(
      "when reopening on %s, after one success and a failed probe (%#), is as the rule says",
      (reopenOn, outcome, state) => {
        const { circuit, permit, rules } = enter({ reopenOn, permits: 2 })
        const [two, other] = admit(rules, circuit, 500)
        const once = settle(two, permit, Outcome.success, 510, rules)
        expect(settle(once, other, outcome, 510, rules).state._tag).toBe(state)
      }
    )

    it.each([
      ["ledger", HealthModel.ledger()],
      ["consecutive", HealthModel.consecutive()],
      ["additive", HealthModel.additive()],
      ["cusum", HealthModel.cusum()]
    ])("reopens on a failed probe at a score of 0 under %s, however light", (_, model) => {
      const check = <S>(judged: HealthModel.HealthModel<S>) => {
        for (const reopenOn of ["failure", "score"] as const) {
          const rules = CircuitPolicy.make(judged, { reopenOn })
          const open = tripped(rules, 0)
          expect(attempt(rules, open, throttled, openUntil(open)).state._tag).toBe("Open")
        }
      }
      if (model.name === "ledger") check(HealthModel.ledger())
      else if (model.name === "consecutive") check(HealthModel.consecutive())
      else if (model.name === "additive") check(HealthModel.additive())
      else check(HealthModel.cusum())
    })

    it("does not reopen on a slow answer that raised the score", () => {
      const rules = CircuitPolicy.make(HealthModel.ewma({ min: 1 }), { slowWeight: 0.35 })
      const open = tripped(rules, 0)
      const after = attempt(rules, open, Outcome.slowSuccess, openUntil(open))
      expect(after.state._tag).toBe("HalfOpen")
      expect(Circuit.score(rules, after, 0)).toBeCloseTo((2 * 0.65 - 0.35) / 5, 12)
    })

    it("reopens on a slow answer that left the score below `openBelow`, where the score decides", () => {
      const model = HealthModel.ledger({ minFailures: 20, guardMillis: 0 })
      const after = (reopenOn: "failure" | "score") => {
        const rules = CircuitPolicy.make(model, { slowWeight: 0.4, reopenOn })
        const open = tripped(rules, 0)
        return attempt(rules, open, Outcome.slowSuccess, openUntil(open)).state._tag
      }
      expect([after("failure"), after("score")]).toEqual(["HalfOpen", "Open"])
    })

    it.each(["failure", "score"] as const)(
      "reopens on a failed probe that a discount of 0 leaves no mass, by %s",
      (reopenOn) => {
        const rules = CircuitPolicy.make(HealthModel.ledger({ discount: 0 }), { reopenOn })
        const open = tripped(rules, 0)
        const [circuit, decision] = Circuit.admit(rules, open, openUntil(open))
        if (decision._tag === "Rejected") throw new Error("no probe")
        const settled = { permit: decision.permit, outcome: failure, failedBefore: 2 }
        expect(Circuit.settle(rules, circuit, settled, openUntil(open) + 10).state._tag).toBe("Open")
      }
    )

    it("counts an answer as a success, and a failure that opens as one however light", () => {
      const { circuit, permit, rules } = enter()
      const half = settle(circuit, permit, Outcome.answered, 510, rules)
      expect(half.state._tag).toBe("HalfOpen")
      expect(Circuit.score(rules, half, 510)).toBeCloseTo(0.4, 12)
      const [again, decision] = Circuit.admit(rules, half, 520)
      if (decision._tag === "Rejected") throw new Error("no probe")
      expect(settle(again, decision.permit, Outcome.answered, 530, rules).state._tag).toBe("Closed")
      const wish = Outcome.failure({ weight: 0.35, opens: true, retryAfterMillis: 9_000 })
      expect(settle(again, decision.permit, wish, 530, rules).state).toMatchObject({ _tag: "Open", until: 9_530 })
    })

    it("closes at exactly `closeAt`", () => {
      const { circuit, permit, rules } = enter({ closeAt: 0.4 })
      const closed = settle(circuit, permit, Outcome.success, 510, rules)
      expect(closed).toMatchObject({ state: { _tag: "Closed", since: 510 }, generation: 3 })
      expect(Circuit.score(rules, closed, 510)).toBeCloseTo(0.4, 12)
    })

    it("hears evidence from outside", () => {
      const { circuit, rules } = enter()
      const half = Circuit.record(rules, circuit, Outcome.success, 510)
      expect(Circuit.score(rules, half, 510)).toBeCloseTo(0.4, 12)
      expect(Circuit.record(rules, half, failure, 520).state._tag).toBe("Open")
    })
  })

  describe("a dependency that speaks for all callers", () => {
    const throttle = (options: { readonly opens: boolean; readonly retryAfterMillis?: number }) =>
      Outcome.failure({ weight: 0.35, saturated: true, ...options })
    const after = (outcome: Outcome.Outcome, options: CircuitPolicy.Options = {}) => {
      const rules = CircuitPolicy.make(fixedLedger, { openJitter: 0, ...options })
      return attempt(rules, Circuit.make(rules, 1), outcome, 0).state
    }
    it("opens at once until its retryAfter, capped", () => {
      expect(after(throttle({ opens: true, retryAfterMillis: 30_000 }))).toMatchObject({ _tag: "Open", until: 30_000 })
      expect(after(throttle({ opens: true, retryAfterMillis: 1e9 }))).toMatchObject({ _tag: "Open", until: 60_000 })
      const short = { maxRetryAfterMillis: 5_000 }
      expect(after(throttle({ opens: true, retryAfterMillis: 30_000 }), short)).toMatchObject({ until: 5_000 })
    })
    it("opens for the usual time without one, and not at all where it is not asked to", () => {
      expect(after(throttle({ opens: true }))).toMatchObject({ _tag: "Open", until: 500 })
      expect(after(throttle({ opens: false, retryAfterMillis: 30_000 }))._tag).toBe("Closed")
    })
    it("opens by evidence from outside too, and nothing while Disabled or for a score alone", () => {
      const rules = CircuitPolicy.make(fixedLedger)
      const start = Circuit.make(rules, 1)
      const outcome = throttle({ opens: true })
      expect(Circuit.record(rules, start, outcome, 0).state._tag).toBe("Open")
      expect(Circuit.scoreOnly(rules, start, outcome, 0).state._tag).toBe("Closed")
      expect(Circuit.record(rules, Circuit.disable(start, "by hand", 0), outcome, 0).state._tag).toBe("Closed")
    })
  })

  describe("the open time", () => {
    const openFor = (options: CircuitPolicy.Options, outcome: Outcome.Outcome, seed = 1) => {
      const rules = CircuitPolicy.make(fixedLedger, options)
      return openUntil(attempt(rules, play(rules, Circuit.make(rules, seed), "FFFF").circuit, outcome, 0))
    }
    it.each([
      [undefined, 500],
      [100, 500],
      [500, 500],
      [4_000, 4_000],
      [60_000, 60_000],
      [3_600_000, 60_000]
    ])("after a retryAfter of %s ms is %d ms", (retryAfterMillis, millis) => {
      expect(openFor({ openJitter: 0 }, Outcome.failure({ retryAfterMillis }))).toBe(millis)
    })

    it("is never shortened by a retryAfter or its cap", () => {
      const options = { openJitter: 0, maxRetryAfterMillis: 0 }
      expect(openFor(options, Outcome.failure({ retryAfterMillis: 10_000 }))).toBe(500)
    })

    it("is lengthened by the retryAfter of a failed probe", () => {
      const open = tripped(policy, 0)
      const again = attempt(policy, open, Outcome.failure({ retryAfterMillis: 30_000 }), 500)
      expect(openUntil(again)).toBe(30_500)
    })

    it("doubles with every opening in a row, up to the cap", () => {
      let circuit = tripped(policy, 0)
      const times = [openUntil(circuit)]
      for (let i = 0; i < 5; i++) {
        const now = openUntil(circuit)
        circuit = attempt(policy, circuit, failure, now)
        times.push(openUntil(circuit) - now)
      }
      expect(times).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000])
    })

    it.each([
      [999, 3, 2_000],
      [1_000, 1, 500]
    ])(
      "remembers openings until closed as long as last open: %d ms after closing it opens for time %d",
      (rest, inARow, millis) => {
        let circuit = attempt(policy, tripped(policy, 0), failure, 500)
        circuit = play(policy, circuit, "SS", 1_500).circuit
        expect(circuit).toMatchObject({ state: { _tag: "Closed" }, openings: { inARow: 2, lastMillis: 1_000 } })
        circuit = play(policy, circuit, "FFFFF", 1_500 + rest).circuit
        expect(circuit.openings).toEqual({ inARow, lastMillis: millis, rampMillis: 0 })
      }
    )

    it("spreads over +- the jitter, and the same seed gives the same times", () => {
      const times = Array.from({ length: 2_000 }, (_, seed) => openFor({ openJitter: 0.2 }, failure, seed))
      for (const time of times) {
        expect(time).toBeGreaterThanOrEqual(400)
        expect(time).toBeLessThan(600)
      }
      expect(Math.min(...times)).toBeLessThan(402)
      expect(Math.max(...times)).toBeGreaterThan(598)
      expect(new Set(times).size).toBeGreaterThan(1_990)
      expect(times).toEqual(Array.from({ length: 2_000 }, (_, seed) => openFor({ openJitter: 0.2 }, failure, seed)))
    })

    it("follows a list of times, and stays at its last", () => {
      const rules = CircuitPolicy.make(fixedLedger, { openTimesMillis: [100, 700, 300], openJitter: 0 })
      let circuit = tripped(rules, 0)
      const times = [openUntil(circuit)]
      for (let i = 0; i < 4; i++) {
        const now = openUntil(circuit)
        circuit = attempt(rules, circuit, failure, now)
        times.push(openUntil(circuit) - now)
      }
      expect(times).toEqual([100, 700, 300, 300, 300])
    })

    it("differs from opening to opening of one seed", () => {
      const rules = CircuitPolicy.make(fixedLedger, { openFactor: 1 })
      let circuit = tripped(rules, 0, 7)
      const times = new Set<number>()
      for (let i = 0; i < 20; i++) {
        const now = openUntil(circuit)
        circuit = attempt(rules, circuit, failure, now)
        times.add(openUntil(circuit) - now)
      }
      expect(times.size).toBe(20)
    })
  })

  describe("what can be read", () => {
    it("is a view with the status, score, strain, probes and next admission", () => {
      const half = admit(policy, tripped(policy, 0), 500)[0]
      expect(Circuit.view(policy, half, 600)).toMatchObject({
        status: "HalfOpen",
        score: 0,
        openBelow: 0.1,
        since: 500,
        nextAdmission: 10_500,
        probes: 1,
        openings: 1,
        generation: 2
      })
      expect(Circuit.view(policy, half, 10_500)).toMatchObject({ probes: 0, nextAdmission: undefined })
    })

    it("tells a transition from one version to the next, and none where there was none", () => {
      const start = Circuit.make(policy, 1)
      const open = tripped(policy, 30)
      expect(Circuit.transition(policy, start, attempt(policy, start, failure, 0))).toBeUndefined()
      expect(Circuit.transition(policy, start, open)).toEqual({
        from: "Closed",
        to: "Open",
        mode: "Automatic",
        reason: "",
        at: 30,
        generation: 1,
        score: 0,
        openings: 1,
        until: 530
      })
    })

    it("gives a standing permit exactly where admit would admit without a change", () => {
      const start = Circuit.make(policy, 1)
      const open = tripped(policy, 0)
      const versions = [start, open, admit(policy, open, 500)[0]].flatMap((circuit) => [
        circuit,
        Circuit.isolate(circuit, "", 0),
        Circuit.disable(circuit, "", 0),
        Circuit.observe(circuit, "", 0)
      ])
      for (const circuit of versions) {
        const [after, decision] = Circuit.admit(policy, circuit, 600)
        const standing = after === circuit && decision._tag === "Admitted" && decision.permit.judged
        expect(Circuit.standing(circuit)).toEqual(standing ? decision.permit : undefined)
      }
    })

    it("is idle only when Closed by the rules", () => {
      const start = Circuit.make(policy, 1)
      const open = tripped(policy, 0)
      const states = [
        start,
        open,
        admit(policy, open, 500)[0],
        Circuit.disable(start, "", 0),
        Circuit.observe(start, "", 0)
      ]
      expect(states.map(Circuit.isIdle)).toEqual([true, false, false, false, false])
    })

    it("is spent once its open time or last lease ended before a time, and nobody asked since", () => {
      const open = tripped(policy, 0)
      const half = admit(policy, open, 500)[0]
      expect([500, 501].map((before) => Circuit.isSpent(open, before))).toEqual([false, true])
      expect([10_500, 10_501].map((before) => Circuit.isSpent(half, before))).toEqual([false, true])
      expect(Circuit.isSpent(Circuit.make(policy, 1), 1e9)).toBe(false)
      expect(Circuit.isSpent(Circuit.isolate(open, "", 0), 1e9)).toBe(false)
    })

    it("is rejecting while Open by the rules, or Isolated", () => {
      const start = Circuit.make(policy, 1)
      const open = tripped(policy, 0)
      const states = [
        start,
        open,
        admit(policy, open, 500)[0],
        Circuit.observe(open, "", 0),
        Circuit.isolate(start, "", 0)
      ]
      expect(states.map(Circuit.isRejecting)).toEqual([false, true, false, false, true])
    })

    it("judges alike after a success that only counted", () => {
      const start = Circuit.make(policy, 1)
      expect(Circuit.sameJudgement(start, attempt(policy, start, Outcome.success, 0))).toBe(true)
      expect(Circuit.sameJudgement(start, attempt(policy, start, failure, 0))).toBe(false)
    })
  })

  describe("only counts", () => {
    const counted = <S>(model: HealthModel.HealthModel<S>, circuit: Circuit.Circuit<S>, outcome: Outcome.Outcome) => {
      const permit = { generation: 0, probe: 0, judged: true }
      const settled = { permit, outcome, failedBefore: 0 }
      return Circuit.counted(
        CircuitPolicy.make(model),
        circuit,
        settled,
        { ...Traffic.none, attempts: 3, failures: 1 },
        0
      )
    }
    const fresh = <S>(model: HealthModel.HealthModel<S>, outcome: Outcome.Outcome) =>
      counted(model, Circuit.make(CircuitPolicy.make(model), 1), outcome)

    it.each(["ledger", "consecutive", "additive", "cusum"] as const)("a success of a healthy key under %s", (name) => {
      withModel(name, (model) => {
        expect(fresh(model, Outcome.success)).toEqual({ ...Traffic.none, attempts: 4, failures: 1 })
        expect(fresh(HealthModel.opaque(model), Outcome.success)).toEqual({ ...Traffic.none, attempts: 4, failures: 1 })
        expect(fresh(model, failure)).toBeUndefined()
        const failed = attempt(CircuitPolicy.make(model), Circuit.make(CircuitPolicy.make(model), 1), failure, 0)
        expect(counted(model, failed, Outcome.success)).toBeUndefined()
      })
    })

    it.each(["countWindow", "timeWindow", "ewma", "beta"] as const)(
      "nothing under %s, which remembers every attempt",
      (name) => {
        withModel(name, (model) => expect(fresh(model, Outcome.success)).toBeUndefined())
      }
    )

    it("nothing under a model that went before", () => {
      const circuit = Circuit.make(CircuitPolicy.make(HealthModel.opaque(HealthModel.ledger())), 1)
      expect(counted(HealthModel.opaque(HealthModel.ledger()), circuit, Outcome.success)).toBeUndefined()
    })
  })

  it("keeps only the score of a key that no circuit guards", () => {
    let circuit = Circuit.make(policy, 1)
    for (let i = 0; i < 10; i++) circuit = Circuit.scoreOnly(policy, circuit, failure, i)
    expect(circuit).toMatchObject({ state: { _tag: "Closed" }, generation: 0 })
    expect(Circuit.score(policy, circuit, 10)).toBe(0)
    const half = admit(policy, tripped(policy, 0), 500)[0]
    for (const outcome of [failure, Outcome.success]) {
      let scored = half
      for (let i = 0; i < 5; i++) scored = Circuit.scoreOnly(policy, scored, outcome, 600)
      expect(scored).toMatchObject({ state: { _tag: "HalfOpen" }, generation: half.generation })
    }
  })
})
