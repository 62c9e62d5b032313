import { Circuit, CircuitPolicy, Fleet, HealthModel, Outcome } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fleet, leased, mergeAll, openUntil, opened, plain, sent, slack, suspicion } from "./fleets.ts"
import { failure, throttled } from "./support.ts"

const numRuns = 300

describe("the witnesses", () => {
  it("are the same in any order and however often each is seen", () => {
    const names = fc.array(fc.string(), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 5 }), (processes, picks, q) => {
        const policy = fleet({ witnesses: q })
        const seen = (order: ReadonlyArray<string>) =>
          mergeAll(
            policy,
            Fleet.empty(policy, 42, 0),
            order.map((process) => sent(process, 0.01))
          ).witnesses
        const once = seen([...new Set(processes)])
        const repeated = [
          ...processes,
          ...processes.map((_, index) => processes[(picks.next().value ?? 0) % processes.length] ?? `${index}`)
        ]
        expect(seen(repeated)).toEqual(once)
        expect(seen(repeated.toReversed())).toEqual(once)
        expect(once.length).toBe(Math.min(q, new Set(processes).size))
      }),
      { numRuns }
    )
  })

  it("are as many as processes that failed: 1000 similar names are 1000", () => {
    const policy = fleet({ witnesses: 2_000 })
    const batches = Array.from({ length: 1_000 }, (_, index) => sent(`web-${index}`, 0.001))
    expect(mergeAll(policy, Fleet.empty(policy, 42, 0), batches).witnesses.length).toBe(1_000)
  })

  it("are needed to open: one process alone never opens, the failure of a second does", () => {
    let alone = Fleet.empty(plain, 42, 0)
    for (let now = 0; now < 100_000; now += 250) alone = Fleet.merge(plain, alone, sent("a", 5), now)
    expect(alone.circuit.state._tag).toBe("Closed")
    expect(suspicion(plain, alone, 100_000)).toBeGreaterThan(0.99)
    expect(Fleet.merge(plain, alone, sent("b", 0, 1), 100_000).circuit.state._tag).toBe("Closed")
    expect(Fleet.merge(plain, alone, sent("b", 0.5), 100_000).circuit.state._tag).toBe("Open")
  })

  it("may be one: then a process opens alone, by as many failures as a circuit of its own", () => {
    const policy = fleet({ witnesses: 1 })
    let shared = Fleet.empty(policy, 42, 0)
    let failures = 0
    for (; shared.circuit.state._tag === "Closed"; failures++) shared = Fleet.merge(policy, shared, sent("a", 1), 0)
    expect(failures).toBe(6)
  })

  it("of a record whose writers needed more open nothing by a success", () => {
    const strict = mergeAll(fleet({ witnesses: 5 }), Fleet.empty(plain, 42, 0), [sent("a", 9), sent("b", 9)])
    expect(strict.circuit.state._tag).toBe("Closed")
    expect(Fleet.merge(plain, strict, sent("c", 0, 0.1), 0).circuit.state._tag).toBe("Closed")
    expect(Fleet.merge(plain, strict, sent("a", 0.1), 0).circuit.state._tag).toBe("Open")
  })

  it("are forgotten when the score is 1 again, and after an opening", () => {
    const doubted = Fleet.merge(plain, Fleet.empty(plain, 42, 0), sent("a", 2), 0)
    expect(doubted.witnesses.length).toBe(1)
    const partly = Fleet.merge(plain, doubted, sent("b", 0, 0.5), 0)
    expect(partly.witnesses).toEqual(doubted.witnesses)
    expect(Fleet.merge(plain, doubted, sent("b", 0, 2), 0).witnesses).toEqual([])
    expect(Fleet.merge(plain, doubted, sent("b", 1, 5), 0).witnesses).toEqual([])
    expect(opened(plain).witnesses).toEqual([])
  })
})

it("opens by nothing but a failure, below the trip, with enough processes that failed since the score was 1", () => {
  const step = fc.record({
    process: fc.constantFrom("a", "b", "c", "d"),
    failed: fc.nat(4),
    good: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    after: fc.nat(2_000)
  })
  let openings = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, q) => {
      const policy = fleet({ witnesses: q })
      let shared = Fleet.empty(policy, 42, 0)
      let now = 0
      let failing = new Set<string>()
      for (const { after, failed, good, process } of steps) {
        now += after
        const next = Fleet.merge(policy, shared, sent(process, failed, good), now)
        if (failed > 0) failing.add(process)
        if (next.circuit.state._tag === "Open") {
          openings++
          expect(failed).toBeGreaterThan(0)
          expect(failing.size).toBeGreaterThanOrEqual(q)
          expect(next.circuit.state.score).toBeLessThan(0.1)
          expect(next.circuit.generation).toBe(shared.circuit.generation + 1)
          expect(openUntil(next) - now).toBeGreaterThanOrEqual(400 - slack)
          return
        }
        expect(failing.size < q || failed === 0 || suspicion(policy, next, now) <= 0.9 + slack).toBe(true)
        if (suspicion(policy, next, now) < slack) failing = new Set()
        shared = next
      }
    }),
    { numRuns }
  )
  expect(openings).toBeGreaterThan(20)
})

describe("a lease", () => {
  const commands = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant("lease" as const), process: fc.nat(9) }),
      fc.record({
        do: fc.constant("settle" as const),
        which: fc.nat(),
        outcome: fc.constantFrom<Outcome.Outcome>(failure, throttled, Outcome.success, Outcome.ignored)
      }),
      fc.record({ do: fc.constant("wait" as const), millis: fc.constantFrom(1, 600, 5_000, 11_000) })
    ),
    { maxLength: 80 }
  )

  it("is given for no more probes at once than there are permits, however many processes ask and die; what comes late moves nothing", () => {
    let most = 0
    let late = 0
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 3 }), (list, permits) => {
        const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger(), { permits }))
        let now = 0
        let shared = opened(policy)
        const granted: Array<{ readonly permit: Circuit.Permit; readonly until: number; settled: boolean }> = []
        for (const command of list) {
          switch (command.do) {
            case "wait":
              now += command.millis
              break
            case "lease": {
              const before = shared
              const [next, decision] = Fleet.lease(policy, shared, now)
              shared = next
              if (decision._tag === "Rejected") expect(next).toBe(before)
              else if (decision.permit.probe > 0) {
                granted.push({ permit: decision.permit, until: now + policy.leaseMillis, settled: false })
              }
              if (before.circuit.state._tag === "Open" && now < openUntil(before))
                expect(decision._tag).toBe("Rejected")
              break
            }
            case "settle": {
              const probe = granted[command.which % Math.max(1, granted.length)]
              if (probe === undefined) break
              const before = shared
              shared = Fleet.settleProbe(
                policy,
                shared,
                { permit: probe.permit, outcome: command.outcome, failedBefore: 0 },
                now
              )
              if (probe.permit.generation !== before.circuit.generation || probe.settled) expect(shared).toBe(before)
              else if (probe.until <= now) {
                late++
                expect(shared.circuit.generation).toBe(before.circuit.generation)
                expect(Circuit.score(policy, shared.circuit, now)).toBe(Circuit.score(policy, before.circuit, now))
              }
              probe.settled = true
            }
          }
          const inFlight = granted.filter(
            ({ permit, settled, until }) => !settled && until > now && permit.generation === shared.circuit.generation
          ).length
          most = Math.max(most, inFlight)
          expect(inFlight).toBeLessThanOrEqual(permits)
        }
      }),
      { numRuns }
    )
    expect(most).toBe(3)
    expect(late).toBeGreaterThan(0)
  })

  it("is settled to a close by two successes of different processes, and to another opening by one failure", () => {
    const open = opened(plain)
    const until = openUntil(open)
    const probe = (self: Fleet.Shared<HealthModel.Ledger>, outcome: Outcome.Outcome) => {
      const [half, permit] = leased(plain, self, until)
      return Fleet.settleProbe(plain, half, { permit, outcome, failedBefore: 0 }, until)
    }
    const closed = probe(probe(open, Outcome.success), Outcome.success)
    expect(closed.circuit.state._tag).toBe("Closed")
    expect(suspicion(plain, closed, until)).toBeCloseTo(0.2, 9)
    const again = probe(open, failure)
    expect(again.circuit.openings.inARow).toBe(2)
    expect(openUntil(again)).toBeGreaterThan(until + 800 - slack)
  })

  it("of a permit that is no probe settles nothing: such attempts come in batches", () => {
    const start = Fleet.empty(plain, 42, 0)
    const [same, permit] = leased(plain, start, 0)
    expect(same).toBe(start)
    expect(Fleet.settleProbe(plain, start, { permit, outcome: failure, failedBefore: 0 }, 0)).toBe(start)
  })
})

describe("the options", () => {
  it("need a model that adds up", () => {
    const shared = (model: HealthModel.HealthModel<HealthModel.Opaque>) => () => Fleet.make(CircuitPolicy.make(model))
    expect(shared(HealthModel.opaque(HealthModel.ledger()))).not.toThrow()
    expect(shared(HealthModel.opaque(HealthModel.additive()))).not.toThrow()
    expect(shared(HealthModel.opaque(HealthModel.cusum()))).not.toThrow()
    expect(shared(HealthModel.opaque(HealthModel.ewma()))).toThrow(
      'Fleet.make: model must be one that adds up what it is told (ledger, additive, cusum), got "ewma"'
    )
    expect(shared(HealthModel.opaque(HealthModel.beta()))).toThrow("model must be one that adds up")
    expect(shared(HealthModel.opaque(HealthModel.timeWindow()))).toThrow("model must be one that adds up")
    expect(shared(HealthModel.opaque(HealthModel.countWindow()))).toThrow("model must be one that adds up")
    expect(shared(HealthModel.opaque(HealthModel.consecutive()))).toThrow("model must be one that adds up")
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity])("need whole witnesses of at least 1: %s", (witnesses) => {
    expect(() => fleet({ witnesses })).toThrow(
      `Fleet.make: witnesses must be a whole number of at least 1, got ${witnesses}`
    )
  })
})
