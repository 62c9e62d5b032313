import { Circuit, CircuitPolicy, type HealthModel, Outcome, SlowStart } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Command, begin, circuitOptions, histories, run } from "./histories.ts"
import { admit, attempt, failure, fixedLedger, modelNames, openUntil, withModel } from "./support.ts"

const policy = CircuitPolicy.make(fixedLedger, { slowStart: true })

type Known = Circuit.Circuit<HealthModel.Ledger>

/** Failures until it opens, whatever is admitted. */
const trip = (start: Known, now: number): Known => {
  let circuit = start
  for (let count = 0; circuit.state._tag === "Closed" && count < 1_000; count++) {
    const [next, decision] = Circuit.admit(policy, circuit, now)
    circuit =
      decision._tag === "Rejected"
        ? next
        : Circuit.settle(policy, next, { permit: decision.permit, outcome: failure, failedBefore: 0 }, now)
  }
  return circuit
}

/** Two good probes as soon as it may be asked, and the time of the second. */
const recover = (open: Known, end = Math.ceil(openUntil(open))): readonly [Known, number] => {
  let circuit = open
  for (let probe = 0; probe < 2; probe++) circuit = attempt(policy, circuit, Outcome.success, end)
  return [circuit, end]
}

const rampOf = (self: Known): number => {
  if (self.state._tag !== "Closed") throw new Error(`not closed: ${self.state._tag}`)
  return self.state.ramp === undefined ? 0 : self.state.ramp.until - self.state.since
}

/** Tripped, recovered, tripped again and recovered again, each trip so long after the close. */
const cycled = (...pauses: ReadonlyArray<number>): readonly [Known, number] => {
  let circuit = Circuit.make(policy, 7)
  let now = 0
  for (const pause of [0, ...pauses]) [circuit, now] = recover(trip(circuit, now + pause))
  return [circuit, now]
}

describe("SlowStart", () => {
  it("costs nothing after a first trip", () => {
    const [circuit, now] = cycled()
    expect(rampOf(circuit)).toBe(0)
    expect(Circuit.standing(circuit)).toBeDefined()
    expect(Circuit.view(policy, circuit, now).ramp).toBeUndefined()
  })

  it.each([
    ["soon after a close ramps up for 10 s", [1], 10_000],
    ["just within 10 s of a close does too", [9_999], 10_000],
    ["10 s after a close is a first one", [10_000], 0],
    ["on the ramp makes the next one twice as long", [1, 500], 20_000],
    ["on a long ramp, later than 10 s, does too", [1, 1, 15_000], 40_000],
    ["again and again makes none longer than 40 s", [1, 1, 1, 1, 1], 40_000],
    ["after the ramp and 10 s starts from the beginning", [1, 10_000], 0],
    ["soon after the close that was without a ramp starts with 10 s", [1, 10_000, 1], 10_000]
  ] as const)("a trip %s", (_, pauses, millis) => {
    expect(rampOf(cycled(...pauses)[0])).toBe(millis)
  })

  it("goes on with its ramp after a failed probe", () => {
    const [closed, now] = cycled(1)
    const open = trip(closed, now + 100)
    const reopened = attempt(policy, open, failure, Math.ceil(openUntil(open)))
    expect(rampOf(recover(reopened)[0])).toBe(20_000)
  })

  it("is forgotten by a reset, and ended by disable", () => {
    const [circuit, now] = cycled(1, 1)
    const reset = Circuit.reset(policy, circuit, "by hand", now)
    expect(reset.openings.rampMillis).toBe(0)
    expect(rampOf(reset)).toBe(0)
    expect(rampOf(Circuit.disable(circuit, "by hand", now))).toBe(0)
    expect(rampOf(recover(trip(reset, now + 1))[0])).toBe(0)
  })

  it("rejects with a status of its own, and admits at the time it names when nobody else asks", () => {
    let [circuit, now] = cycled(1)
    let rejected = 0
    for (; now < 20_000 && rejected < 50; now += 37) {
      const [next, decision] = Circuit.admit(policy, circuit, now)
      circuit = next
      if (decision._tag === "Admitted") continue
      rejected++
      expect(decision).toMatchObject({ status: "SlowStart", generation: circuit.generation })
      expect(decision.until).toBeGreaterThan(now)
      expect(decision.until).toBeLessThanOrEqual(circuit.state.since + 10_000)
      expect(Circuit.admit(policy, circuit, decision.until)[1]._tag).toBe("Admitted")
    }
    expect(rejected).toBe(50)
  })

  it("spreads those it rejects over the rest of the ramp", () => {
    let [circuit, now] = cycled(1)
    const named: Array<number> = []
    for (let ask = 0; ask < 2_000; ask++) {
      const [next, decision] = Circuit.admit(policy, circuit, now)
      circuit = next
      if (decision._tag === "Rejected") named.push(Math.floor((decision.until - now) / 1_000))
    }
    for (let second = 1; second < 10; second++) {
      const told = named.filter((one) => one === second).length
      expect([second, told]).toEqual([second, expect.closeTo(200, -2)])
    }
  })

  it("is gone with the first attempt after the ramp, and then costs no decision", () => {
    const [circuit, now] = cycled(1)
    expect(Circuit.standing(circuit)).toBeUndefined()
    const [after] = admit(policy, circuit, now + 10_000)
    expect(rampOf(after)).toBe(0)
    expect(Circuit.standing(after)).toEqual({ generation: circuit.generation, probe: 0, judged: true })
    expect(after).toEqual({ ...circuit, state: { ...circuit.state, ramp: undefined } })
  })

  it("is gone with the first attempt under a policy without it", () => {
    const [circuit, now] = cycled(1)
    const [after] = admit(CircuitPolicy.make(fixedLedger), circuit, now)
    expect(rampOf(after)).toBe(0)
  })

  it("tells its share and its end", () => {
    const [circuit, now] = cycled(1)
    const until = now + 10_000
    expect(Circuit.view(policy, circuit, now).ramp).toEqual({ share: 0.1, until })
    expect(Circuit.view(policy, circuit, now + 3_500).ramp).toEqual({ share: 0.35, until })
    expect(Circuit.view(policy, circuit, until).ramp).toBeUndefined()
    expect(Circuit.view(policy, Circuit.isolate(circuit, "by hand", now), now).ramp).toBeUndefined()
    expect(Circuit.status(circuit)).toBe("Closed")
    expect(Circuit.isRejecting(circuit)).toBe(false)
  })

  it("rejects nothing while observing or disabled", () => {
    const [circuit, now] = cycled(1)
    let watched = Circuit.observe(circuit, "by hand", now)
    let unjudged = 0
    for (let ask = 0; ask < 100; ask++) {
      const [next, permit] = admit(policy, watched, now)
      watched = next
      if (!permit.judged) unjudged++
    }
    expect(unjudged).toBeGreaterThanOrEqual(89)
    expect(unjudged).toBeLessThanOrEqual(91)
    expect(Circuit.standing(Circuit.disable(circuit, "by hand", now))).toBeDefined()
  })

  it("is not forgotten with an idle key until the ramp has ended", () => {
    const [circuit, now] = cycled(1)
    expect(Circuit.isIdle(circuit)).toBe(false)
    expect(Circuit.isSpent(circuit, now + 10_000)).toBe(false)
    expect(Circuit.isSpent(circuit, now + 10_001)).toBe(true)
  })

  it("admits the share of the ramp within one attempt, however they come", () => {
    const options = fc.record({
      rampMillis: fc.integer({ min: 1, max: 100_000 }),
      initialShare: fc.double({ min: 0.01, max: 1, noNaN: true })
    })
    const seed = fc.integer()
    fc.assert(
      fc.property(
        options,
        seed,
        fc.array(fc.nat({ max: 300 }), { maxLength: 300, size: "max" }),
        (given, seed, pauses) => {
          const ramped = CircuitPolicy.make(fixedLedger, { slowStart: given })
          const since = 1_000
          const ramp = SlowStart.begin(
            ramped.slowStart,
            { openings: { inARow: 2, lastMillis: 1, rampMillis: given.rampMillis }, seed, generation: 6 },
            since
          )
          let circuit: Known = { ...Circuit.make(ramped, seed), state: { _tag: "Closed", since, ramp } }
          let [now, shares, count] = [since, 0, 0]
          for (const pause of pauses) {
            now += pause
            shares += Math.min(1, Math.max(given.initialShare, (now - since) / given.rampMillis))
            const [next, decision] = Circuit.admit(ramped, circuit, now)
            circuit = next
            if (decision._tag === "Admitted") count++
            expect(Math.abs(count - shares)).toBeLessThanOrEqual(1 + 1e-6)
          }
        }
      )
    )
  })

  it("needs no seed but the circuit's: the same attempts are admitted again, others under another seed", () => {
    const admitted = (seed: number) => {
      let circuit: Known = { ...cycled(1)[0], seed }
      const { since } = circuit.state
      circuit = {
        ...circuit,
        state: {
          _tag: "Closed",
          since,
          ramp: SlowStart.begin(
            policy.slowStart,
            { ...circuit, openings: { inARow: 2, lastMillis: 1, rampMillis: 10_000 } },
            since
          )
        }
      }
      return Array.from({ length: 40 }, (_, ask) => {
        const [next, decision] = Circuit.admit(policy, circuit, since + ask * 10)
        circuit = next
        return decision._tag
      })
    }
    expect(admitted(1)).toEqual(admitted(1))
    expect(admitted(1)).not.toEqual(admitted(2))
  })

  describe.each(modelNames)("over %s", (name) => {
    it("changes nothing where it is off, nor before the second trip", () => {
      withModel(name, (model) =>
        fc.assert(
          fc.property(histories(), circuitOptions, (history, options) => {
            const off = CircuitPolicy.make(model, { ...options, slowStart: false })
            const absent = CircuitPolicy.make(model, { ...options, slowStart: undefined })
            const on = CircuitPolicy.make(model, { ...options, slowStart: true })
            const [one, two, three] = [off, absent, on].map(
              (policy) => run(policy, history, begin(Circuit.make(policy, 42), 1_000)).steps
            )
            expect(two).toEqual(one)
            const ramped = three?.findIndex(({ after }) => after.openings.rampMillis > 0) ?? -1
            const upTo = ramped < 0 ? undefined : ramped
            expect(three?.slice(0, upTo)).toEqual(one?.slice(0, upTo))
            for (const { after, decision } of one ?? []) {
              expect(after.openings.rampMillis).toBe(0)
              expect(decision?._tag === "Rejected" ? decision.status : "").not.toBe("SlowStart")
            }
          }),
          { numRuns: 60 }
        )
      )
    })

    it("holds no permit: whatever was admitted and settled, the next attempts are admitted as the ramp says", () => {
      withModel(name, (model) =>
        fc.assert(
          fc.property(histories("calm"), (history) => {
            const soon = CircuitPolicy.make(model, {
              openJitter: 0,
              slowStart: { withinMillis: 1e9, initialShare: 0.5 }
            })
            const { end } = run(soon, history)
            const rest: ReadonlyArray<Command> = end.underWay.map(() => ({ do: "release", pick: 0 }))
            const { circuit, now } = run(soon, rest, begin(end.circuit, end.now)).end
            if (circuit.state._tag !== "Closed" || circuit.state.ramp === undefined) return
            expect(circuit.state.ramp.credit).toBeGreaterThanOrEqual(0)
            expect(circuit.state.ramp.credit).toBeLessThan(1)
            let [next, admitted] = [circuit, 0]
            for (let ask = 0; ask < 20; ask++) {
              const [after, decision] = Circuit.admit(soon, next, now)
              next = after
              if (decision._tag === "Admitted") admitted++
            }
            expect(admitted).toBeGreaterThanOrEqual(9)
          }),
          { numRuns: 60 }
        )
      )
    })
  })
})
