import { Circuit, CircuitPolicy, Fleet, HealthModel, Outcome } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { histories, run } from "./histories.ts"
import { attempt, failure, openUntil } from "./support.ts"

const numRuns = 300
const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
type Local = Circuit.Circuit<HealthModel.Ledger>
type Shared = Fleet.Shared<HealthModel.Ledger>

/** The fleet's clock is far from the process's. */
const store = 1_700_000_000_000
const offset = -store
const local = Circuit.make(policy, 7)

const opened = (now = store, retryAfterMillis = 0): Shared =>
  ["a", "b"].reduce(
    (shared, process) =>
      Fleet.merge(
        policy,
        shared,
        { generation: undefined, process, failure: 9, success: 0, raw: 9, attempts: 9, retryAfterMillis, opens: false },
        now
      ),
    Fleet.empty(policy, 42, now)
  )

const untilOf = ({ circuit }: Shared): number => openUntil(circuit)

const leased = (self: Shared, now: number): readonly [Shared, Circuit.Permit] => {
  const [next, decision] = Fleet.lease(policy, self, now)
  if (decision._tag === "Rejected") throw new Error(`rejected at ${now}: ${decision.status}`)
  return [next, decision.permit]
}

const probed = (self: Shared, outcome: Outcome.Outcome, now: number): Shared => {
  const [half, permit] = leased(self, now)
  return Fleet.settleProbe(policy, half, { permit, outcome, failedBefore: 0 }, now)
}

const closedAgain = (self: Shared): Shared => {
  const now = untilOf(self)
  return probed(probed(self, Outcome.success, now), Outcome.success, now)
}

/** Any shared circuit: closed, open, half-open, by what processes did. */
const shareds: fc.Arbitrary<Shared> = histories("calm").map((history) => {
  const { circuit } = run(policy, history).end
  return { circuit: { ...circuit, generation: circuit.generation + 100, moves: [] }, witnesses: [] }
})

const locals: fc.Arbitrary<Local> = histories().map((history) => run(policy, history).end.circuit)

describe("a process that follows", () => {
  it("admits nothing before the shared open time, whatever its own circuit was", () => {
    let open = 0
    fc.assert(
      fc.property(
        locals,
        shareds,
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (own, shared, shift, share) => {
          const { state } = shared.circuit
          if (state._tag !== "Open" || own.mode._tag !== "Automatic") return
          open++
          const [next, link] = Fleet.follow(policy, own, Fleet.unlinked, shared, shift)
          expect(Fleet.isFollowing(next, link)).toBe(true)
          const now = state.since + shift + share * (state.until - state.since)
          const [, decision] = Circuit.admit(policy, next, now)
          if (now < state.until + shift) expect(decision._tag).toBe("Rejected")
        }
      ),
      { numRuns: 1_000 }
    )
    expect(open).toBeGreaterThan(50)
  })

  it("keeps a longer open time of its own", () => {
    const asked = Circuit.settle(
      policy,
      { ...local, health: { suspicion: 0.9, at: 0 } },
      {
        permit: { generation: 0, probe: 0, judged: true },
        outcome: Outcome.failure({ retryAfterMillis: 40_000 }),
        failedBefore: 0
      },
      0
    )
    const [next] = Fleet.follow(policy, asked, Fleet.unlinked, opened(), offset)
    expect(openUntil(next)).toBe(40_000)
  })

  it("stays isolated or disabled, and knows the generation all the same", () => {
    fc.assert(
      fc.property(locals, shareds, (own, shared) => {
        for (const manual of [Circuit.isolate(own, "by hand", 0), Circuit.disable(own, "by hand", 0)]) {
          const [next, link] = Fleet.follow(policy, manual, Fleet.unlinked, shared, offset)
          expect(next).toBe(manual)
          expect(link).toEqual({ shared: shared.circuit.generation, local: undefined })
        }
      }),
      { numRuns }
    )
  })

  it("rejects nothing while it only observes, and shows the fleet's state", () => {
    const observing = Circuit.observe(local, "trial", 0)
    const [next] = Fleet.follow(policy, observing, Fleet.unlinked, opened(), offset)
    expect(next.state._tag).toBe("Open")
    expect(Circuit.admit(policy, next, 1)[1]._tag).toBe("Admitted")
  })

  it("keeps what its own evidence opened while the fleet is closed", () => {
    let openOnes = 0
    fc.assert(
      fc.property(locals, shareds, (own, shared) => {
        if (shared.circuit.state._tag !== "Closed") return
        if (own.state._tag !== "Closed") openOnes++
        const [next, link] = Fleet.follow(policy, own, Fleet.unlinked, shared, offset)
        expect(next).toBe(own)
        expect(Fleet.isFollowing(next, link)).toBe(false)
      }),
      { numRuns }
    )
    expect(openOnes).toBeGreaterThan(20)
  })

  it("closes with the fleet, with its score and its count of openings", () => {
    const [open, link] = Fleet.follow(policy, local, Fleet.unlinked, opened(), offset)
    const shared = closedAgain(opened())
    const [closed, after] = Fleet.follow(policy, open, link, shared, offset)
    expect(closed.state).toEqual({ _tag: "Closed", since: untilOf(opened()) + offset, ramp: undefined })
    expect(Circuit.score(policy, closed, closed.state.since)).toBeCloseTo(0.8, 9)
    expect(Circuit.score(policy, closed, closed.state.since + 600_000)).toBeCloseTo(0.9, 6)
    expect(closed.openings).toEqual(shared.circuit.openings)
    expect(after).toEqual({ shared: shared.circuit.generation, local: undefined })
  })

  it("ramps up with the fleet, with a first credit of its own", () => {
    const slow = Fleet.make(CircuitPolicy.make(HealthModel.ledger(), { slowStart: true }))
    const half = opened()
    const ramped: Shared = {
      ...half,
      circuit: {
        ...half.circuit,
        state: { _tag: "Closed", since: store + 100, ramp: { until: store + 10_100, credit: 0.5 } },
        openings: { inARow: 2, lastMillis: 1_000, rampMillis: 10_000 },
        generation: half.circuit.generation + 1
      }
    }
    const credits = [1, 2, 3].map((seed) => {
      const [open, link] = Fleet.follow(slow, { ...local, seed }, Fleet.unlinked, half, offset)
      const [{ state }] = Fleet.follow(slow, open, link, ramped, offset)
      if (state._tag !== "Closed" || state.ramp === undefined) throw new Error("no ramp")
      expect([state.since, state.ramp.until]).toEqual([100, 10_100])
      return state.ramp.credit
    })
    expect(new Set(credits).size).toBe(3)
  })

  it("learns nothing new from the same answer: both references stay", () => {
    fc.assert(
      fc.property(locals, shareds, (own, shared) => {
        const [once, link] = Fleet.follow(policy, own, Fleet.unlinked, shared, offset)
        const [twice, again] = Fleet.follow(policy, once, link, shared, offset + 3)
        expect(twice).toBe(once)
        expect(again).toBe(link)
      }),
      { numRuns }
    )
  })

  it("starts a generation of its own with every change, so that attempts on their way settle nothing", () => {
    let changes = 0
    fc.assert(
      fc.property(locals, fc.array(shareds, { maxLength: 6 }), (own, answers) => {
        let [circuit, link] = [own, Fleet.unlinked]
        answers.forEach((answer, index) => {
          const shared = { ...answer, circuit: { ...answer.circuit, generation: index } }
          const before = circuit
          ;[circuit, link] = Fleet.follow(policy, circuit, link, shared, offset)
          if (circuit.state._tag === before.state._tag && circuit.generation === before.generation) return
          changes++
          expect(circuit.generation).toBe(before.generation + 1)
          const permit = { generation: before.generation, probe: 0, judged: true }
          expect(Circuit.settle(policy, circuit, { permit, outcome: failure, failedBefore: 0 }, 0)).toBe(circuit)
        })
      }),
      { numRuns }
    )
    expect(changes).toBeGreaterThan(200)
  })

  it("shows the probes of the fleet, within the same generation", () => {
    const [half] = leased(opened(), untilOf(opened()))
    const [first, link] = Fleet.follow(policy, local, Fleet.unlinked, half, offset)
    const now = untilOf(opened()) + offset
    expect(Circuit.view(policy, first, now)).toMatchObject({ status: "HalfOpen", probes: 1, score: 0 })
    const settled = probed({ ...half, circuit: opened().circuit }, Outcome.success, untilOf(opened()))
    const [second, after] = Fleet.follow(policy, first, link, settled, offset)
    expect(Circuit.view(policy, second, now)).toMatchObject({
      status: "HalfOpen",
      probes: 0,
      score: expect.closeTo(0.4, 9)
    })
    expect(second.generation).toBe(first.generation)
    expect(after).toBe(link)
  })

  it("knows a leased probe by a permit of its own, and settles it by its own rules where the store is lost", () => {
    const [half, permit] = leased(opened(), untilOf(opened()))
    const [following, link] = Fleet.follow(policy, local, Fleet.unlinked, half, offset)
    const own = Fleet.localPermit(following, link, permit)
    if (own === undefined) throw new Error("not known")
    const now = untilOf(opened()) + offset
    const failed = Circuit.settle(policy, following, { permit: own, outcome: failure, failedBefore: 0 }, now)
    expect(failed.state._tag).toBe("Open")
    expect(Fleet.isFollowing(failed, link)).toBe(false)
    expect(Fleet.localPermit(failed, link, permit)).toBeUndefined()
    expect(Fleet.localPermit(following, link, { ...permit, generation: 3 })).toBeUndefined()
  })

  it("follows again after it went on alone, once the store is back", () => {
    const shared = opened()
    const [following, link] = Fleet.follow(policy, local, Fleet.unlinked, shared, offset)
    const [alone] = Circuit.admit(policy, following, openUntil(following))
    expect(Fleet.isFollowing(alone, link)).toBe(false)
    const [again, after] = Fleet.follow(policy, alone, link, shared, offset)
    expect(again.state._tag).toBe("Open")
    expect(Fleet.isFollowing(again, after)).toBe(true)
  })

  it("stays closed by hand, or by probes of its own, until the fleet's circuit changes", () => {
    const shared = opened()
    const until = untilOf(shared)
    const [following, link] = Fleet.follow(policy, local, Fleet.unlinked, shared, offset)
    const reset = Circuit.reset(policy, following, "fixed", 1)
    const alone = [1, 2].reduce((circuit) => attempt(policy, circuit, Outcome.success, openUntil(following)), following)
    for (const closed of [reset, alone]) {
      expect(closed.state._tag).toBe("Closed")
      expect(Fleet.follow(policy, closed, link, shared, offset)[0]).toBe(closed)
      const [next] = Fleet.follow(policy, closed, link, probed(shared, failure, until), offset)
      expect(next.state._tag).toBe("Open")
    }
  })

  it("stays as it is where the store has no record, and is its own from then on", () => {
    const [following, link] = Fleet.follow(policy, local, Fleet.unlinked, opened(), offset)
    const [same, lost] = Fleet.follow(policy, following, link, undefined, offset)
    expect(same).toBe(following)
    expect(lost).toEqual(Fleet.unlinked)
    expect(Fleet.isFollowing(same, lost)).toBe(false)
    expect(Fleet.follow(policy, same, lost, Fleet.empty(policy, 1, store), offset)[0]).toBe(same)
  })
})
