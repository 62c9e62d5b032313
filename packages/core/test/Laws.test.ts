// In the loops over steps node's assertions, which cost less than what they check.
import { strict as assert } from "node:assert"
import { Circuit, CircuitPolicy, CircuitSnapshot, HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Command,
  type Step,
  begin,
  circuitOptions,
  fresh,
  histories,
  perform,
  run,
  settledBy
} from "./histories.ts"
import { attempt, modelNames, models, withModel } from "./support.ts"

const slack = 1e-9
const numRuns = 240

/** Runs random histories of one model and hands every step, and the whole, to a law. */
const forAll = <S>(
  model: HealthModel.HealthModel<S>,
  law: (policy: CircuitPolicy.CircuitPolicy<S>, steps: ReadonlyArray<Step<S>>) => void,
  kind: "all" | "calm" = "all"
): void => {
  fc.assert(
    fc.property(histories(kind), circuitOptions, (history, options) => {
      const policy = CircuitPolicy.make(model, options)
      law(policy, run(policy, history).steps)
    }),
    { numRuns }
  )
}

const failureMass = <S>(policy: CircuitPolicy.CircuitPolicy<S>, { command }: Step<S>): number =>
  command.do === "settle" || command.do === "settle again" || command.do === "record"
    ? Outcome.mass(command.outcome, 0, policy.model.discount, policy.slowWeight).raw
    : 0

const evidence = <S>({ command }: Step<S>): Outcome.Outcome =>
  command.do === "settle" || command.do === "settle again" || command.do === "record"
    ? command.outcome
    : Outcome.ignored

/** Whether the rules hear this outcome: its permit is of this generation and its lease has not ended. */
const isHeard = <S>({ before, command, now, permit }: Step<S>): boolean => {
  if (command.do === "record") return before.mode._tag !== "Isolated" && before.state._tag !== "Open"
  if (permit === undefined || permit.generation !== before.generation || !permit.judged) return false
  if (before.state._tag !== "HalfOpen") return true
  return before.state.leases.some((lease) => lease.probe === permit.probe && lease.until > now)
}

const isManual = (command: Command): boolean => command.do === "manual"

describe.each(modelNames)("%s", (name) => {
  it("The score stays in [0,1]; at one instant a failure never raises it and a success never lowers it; with no events it never falls", () => {
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        for (const step of steps) {
          const { after, before, command, now, previously } = step
          const [from, to] = [Circuit.score(policy, before, now), Circuit.score(policy, after, now)]
          assert.ok(to >= 0)
          assert.ok(to <= 1)
          const outcome = evidence(step)
          if (outcome._tag === "Failure") assert.ok(to <= from + slack)
          if (outcome._tag === "Success" && !(outcome.slow && policy.slowWeight > 0)) {
            assert.ok(to >= from - slack)
          }
          if (command.do === "tick" && now >= previously) {
            assert.ok(Circuit.score(policy, after, now) >= Circuit.score(policy, before, previously) - slack)
          }
        }
      })
    )
  })

  it("Evidence events = settled attempts with weight. A call's end, a rejection, a denied retry and an early interruption emit none", () => {
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        for (const step of steps) {
          const { after, before, command, now } = step
          const { _tag } = evidence(step)
          if (_tag === "Ignored" || !isHeard(step)) assert.equal(after.traffic, before.traffic)
          const counted = ({ at, attempts, failures }: Traffic.Volume) => ({ at, attempts, failures })
          if ((_tag === "Failure" || _tag === "Success") && isHeard(step)) {
            const added = Traffic.add(before.traffic, 1, failureMass(policy, step), now)
            assert.deepEqual(counted(after.traffic), counted(added))
          } else {
            assert.deepEqual(counted(after.traffic), counted(before.traffic))
            // An answer says something of a probe alone.
            if (_tag === "Answered" && before.state._tag === "HalfOpen") continue
            assert.equal(after.moves, before.moves)
            if (!isManual(command)) assert.equal(after.health, before.health)
          }
        }
      })
    )
  })

  it("Closed opens only by a failure with h < openBelow, or one that `opens`; HalfOpen reopens on one failed probe and closes only by a success (an `Answered` probe is one) with h >= closeAt; one settle makes at most one transition", () => {
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        for (const step of steps) {
          const { after, before, command, now } = step
          const change = Circuit.transition(policy, before, after)
          assert.equal(after.generation - before.generation, change === undefined ? 0 : 1)
          if (isManual(command)) continue
          if (change === undefined) assert.equal(after.state._tag, before.state._tag)
          const edge = `${before.state._tag} -> ${after.state._tag}`
          const raw = failureMass(policy, step)
          const outcome = evidence(step)
          const opens = outcome._tag === "Failure" && outcome.opens
          if (opens && isHeard(step) && before.mode._tag !== "Disabled") assert.equal(after.state._tag, "Open")
          if (edge === "Closed -> Open") {
            assert.ok(raw > 0)
            assert.ok(opens || policy.model.score(after.health, now) <= policy.model.openBelow + slack)
          }
          if (edge === "HalfOpen -> Open") {
            assert.ok(raw > 0)
            const { score } = change ?? { score: NaN }
            if (!opens && !(policy.reopenOn === "failure" && raw >= 0.5)) assert.ok(score <= policy.model.openBelow)
          }
          if (edge === "HalfOpen -> HalfOpen" && isHeard(step) && evidence(step)._tag === "Failure") {
            assert.ok(policy.reopenOn === "score" || raw < 0.5)
            const score = Circuit.score(policy, after, now)
            assert.ok(score > 0 && score >= policy.model.openBelow - slack)
          }
          if (before.state._tag === "HalfOpen" && ["Success", "Answered"].includes(outcome._tag) && isHeard(step)) {
            const mass = Outcome.mass(evidence(step), 0, 1, policy.slowWeight)
            const { n, rho } = policy.model.probation
            const restored = Math.min(1, 1 - before.state.suspicion + (rho * mass.success - mass.failure) / n)
            const failed = policy.reopenOn === "failure" && raw >= 0.5
            const low = policy.reopenOn === "score" && raw > 0 && restored < policy.model.openBelow - slack
            const restores = !failed && !low && mass.success > 0 && restored >= policy.closeAt - slack
            assert.equal(after.state._tag === "Closed", restores)
            assert.ok(after.state._tag !== "Open" || failed || low || restored <= 1 - before.state.suspicion)
          } else assert.ok(edge !== "HalfOpen -> Closed")
          assert.ok(edge !== "Closed -> HalfOpen" && edge !== "Open -> Closed")
          if (edge === "Open -> HalfOpen") assert.equal(command.do, "admit")
        }
      })
    )
  })

  it("A settle of another generation leaves the state object unchanged", () => {
    withModel(name, (model) =>
      forAll(model, (_, steps) => {
        for (const { after, before, command, permit } of steps) {
          if (command.do === "admit" || permit === undefined) continue
          if (permit.generation !== before.generation) assert.equal(after, before)
          if (command.do === "settle again") assert.equal(after, before)
        }
      })
    )
  })

  it("Where an attempt is only counted, its settle changes the traffic and nothing else", () => {
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        for (const { after, before, command, now, permit } of steps) {
          if ((command.do !== "settle" && command.do !== "settle again") || permit === undefined) continue
          const settled =
            command.do === "settle"
              ? settledBy(command, permit, now)
              : { permit, outcome: command.outcome, failedBefore: 0 }
          const traffic = Circuit.counted(policy, before, settled, before.traffic, now)
          if (traffic === undefined) continue
          assert.deepEqual(after, { ...before, traffic })
          assert.equal(Circuit.sameJudgement(before, after), true)
        }
      })
    )
  })

  it("Probes in flight never exceed `permits`, under any interleaving, interruption, defect or lease end; when all are settled none is held", () => {
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        let held: ReadonlyArray<{ readonly permit: Circuit.Permit; readonly until: number }> = []
        for (const { after, command, decision, now, permit } of steps) {
          if (decision?._tag === "Admitted" && decision.permit.probe > 0) {
            held = [
              ...held.filter((lease) => lease.until > now),
              { permit: decision.permit, until: now + policy.leaseMillis }
            ]
          } else if (command.do !== "admit") held = held.filter((lease) => lease.permit !== permit)
          held = held.filter((lease) => lease.permit.generation === after.generation)
          const probes = held.filter((lease) => lease.until > now).length
          assert.ok(probes <= policy.permits)
          assert.equal(Circuit.view(policy, after, now).probes, probes)
        }
        const last = steps.at(-1)
        if (last === undefined) return
        let circuit = last.after
        for (const permit of last.underWay) circuit = Circuit.release(policy, circuit, permit, last.now)
        assert.equal(Circuit.view(policy, circuit, last.now).probes, 0)
      })
    )
  })

  it("Nothing is admitted before the open time ends, on the monotonic clock", () => {
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        for (const { before, decision, now } of steps) {
          if (decision === undefined) continue
          const next = Circuit.nextAdmission(policy, before, now)
          assert.equal(decision._tag, next === undefined ? "Admitted" : "Rejected")
          if (decision._tag === "Rejected") assert.equal(decision.until, next)
          if (before.mode._tag === "Automatic" && before.state._tag === "Open" && now < before.state.until) {
            assert.ok(
              decision._tag === "Rejected" && decision.status === "Open" && decision.until === before.state.until
            )
          }
        }
      })
    )
  })

  it("The same log and clock give the same states: a recorded log replays to the same decisions", () => {
    withModel(name, (model) =>
      fc.assert(
        fc.property(histories(), circuitOptions, (history, options) => {
          const policy = CircuitPolicy.make(model, options)
          const again = CircuitPolicy.make(model, { ...options })
          assert.deepEqual(run(again, history).steps, run(policy, history).steps)
        }),
        { numRuns: 80 }
      )
    )
  })

  it("A snapshot restores to the same decisions", () => {
    withModel(name, (model) =>
      fc.assert(
        fc.property(
          histories(),
          histories(),
          circuitOptions,
          fc.integer({ min: -900, max: 1e9 }),
          (first, then, options, shift) => {
            const policy = CircuitPolicy.make(model, options)
            const { end: whole } = run(policy, first)
            // A clock that jumped back leaves times that are still to come: none is restored.
            const end = { ...whole, circuit: CircuitSnapshot.clamped(policy, whole.circuit, whole.now) }
            const data: unknown = JSON.parse(JSON.stringify(CircuitSnapshot.take(policy, end.circuit, end.now)))
            const clock = { now: end.now + shift, elapsedMillis: 0 }
            const restored = CircuitSnapshot.restore(policy, data, clock)
            if (restored._tag === "Invalid") throw new Error(`${restored.field}: ${restored.rule}`)
            let left = end
            let right = { ...end, circuit: restored.circuit, now: clock.now }
            for (const command of then) {
              // A clock that was started late must not be driven below its start.
              if (command.do === "tick" && left.now + command.millis < 1_000) continue
              const one = perform(policy, left, command)
              const two = perform(policy, right, command)
              assert.equal(two === undefined, one === undefined)
              if (one === undefined || two === undefined) continue
              left = one[0]
              right = { ...two[0], now: left.now + shift }
              assert.deepEqual(two[1].permit, one[1].permit)
              assert.equal(two[1].decision?._tag, one[1].decision?._tag)
              assert.equal(right.circuit.generation, left.circuit.generation)
              assert.equal(Circuit.status(right.circuit), Circuit.status(left.circuit))
              const scores = [right, left].map((world) => Circuit.score(policy, world.circuit, world.now))
              assert.ok(Math.abs((scores[0] ?? NaN) - (scores[1] ?? NaN)) < slack)
            }
          }
        ),
        { numRuns }
      )
    )
  })

  it("Nothing wedges: from every reachable state in automatic mode, if from now on every attempt is a success or is answered and calls keep coming, the circuit is Closed after at most one open time, one lease and as many probes as its model needs to reach `closeAt`. Nested attempts on one key included", () => {
    const nesting = fc.integer({ min: 0, max: 4 })
    const call = fc.record({ answers: fc.boolean(), nesting, isAfter: fc.boolean() })
    withModel(name, (model) =>
      fc.assert(
        fc.property(
          histories("calm"),
          circuitOptions,
          fc.array(call, { minLength: 1, maxLength: 6 }),
          (history, options, calls) => {
            const policy = CircuitPolicy.make(model, options)
            let { circuit, now } = run(policy, history).end
            const { until } = circuit.state._tag === "Open" ? circuit.state : { until: now }
            const limit = Math.max(until, now) + policy.leaseMillis
            const { n, rho } = model.probation
            let probes = Math.ceil((n * policy.closeAt) / rho - slack)
            for (let index = 0; circuit.state._tag !== "Closed"; index++) {
              assert.ok(now <= limit)
              const { answers, isAfter, nesting } = calls[index % calls.length] ?? {
                answers: true,
                isAfter: false,
                nesting: 0
              }
              const [admitted, decision] = Circuit.admit(policy, circuit, now)
              circuit = admitted
              if (decision._tag === "Rejected") {
                now = decision.until
                continue
              }
              assert.ok(probes-- > 0)
              const outcome = answers ? Outcome.answered : Outcome.success
              const settled = { permit: decision.permit, outcome, failedBefore: 0 }
              for (let depth = 0; depth < nesting; depth++) {
                assert.deepEqual(Circuit.admit(policy, admitted, now, decision.permit), [admitted, decision])
              }
              // The innermost is settled; those around it say nothing, whether they try to or not.
              circuit = Circuit.settle(policy, circuit, settled, now)
              if (isAfter) assert.equal(Circuit.settle(policy, circuit, settled, now), circuit)
            }
          }
        ),
        { numRuns }
      )
    )
  })

  it("An interruption before the slowest recent success of the key, or after something of it has succeeded meanwhile, moves no score", () => {
    withModel(name, (model) =>
      forAll(model, (_, steps) => {
        let [slowest, at, heardAt] = [0, 0, -Infinity]
        for (const step of steps) {
          const { after, command, now } = step
          const { _tag } = evidence(step)
          if ((_tag === "Success" || _tag === "Answered") && isHeard(step)) {
            const took = command.do === "settle" ? (command.tookMillis ?? 0) : 0
            const kept = slowest * 2 ** (-Math.max(0, now - at) / Traffic.slowestHalfLifeMillis)
            ;[slowest, at, heardAt] = [Math.max(kept, took), Math.max(at, now), Math.max(heardAt, now)]
          }
          for (const ran of [0, 1, 100, 1_000, 3_001, 1e6]) {
            const started = now - ran
            const limit = slowest * 2 ** (-Math.max(0, now - at) / Traffic.slowestHalfLifeMillis)
            const isOverdue = slowest > 0 && ran >= limit && heardAt < started
            if (Math.abs(ran - limit) < 1e-6) continue
            const { _tag } = Circuit.interrupted(after.traffic, started, now)
            assert.equal(_tag, isOverdue ? "Failure" : "Ignored")
          }
        }
      })
    )
  })

  it("Two keys never influence each other", () => {
    withModel(name, (model) =>
      fc.assert(
        fc.property(histories(), histories(), circuitOptions, fc.array(fc.boolean()), (one, two, options, turns) => {
          const policy = CircuitPolicy.make(model, options)
          const alone = [run(policy, one).end.circuit, run(policy, two).end.circuit]
          const worlds = [one, two].map((history) => ({
            history: [...history],
            world: begin(fresh(policy), 1_000)
          }))
          const order = [...turns.map(Number), ...one.map(() => 0), ...two.map(() => 1)]
          for (const turn of order) {
            const place = worlds[turn]
            const command = place?.history.shift()
            if (place === undefined || command === undefined) continue
            place.world = perform(policy, place.world, command)?.[0] ?? place.world
          }
          assert.deepEqual(
            worlds.map((place) => place.world.circuit),
            alone
          )
        }),
        { numRuns: 80 }
      )
    )
  })

  it("is driven by the histories through every state, mode and edge", () => {
    const seen = new Map<string, number>()
    const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
    withModel(name, (model) =>
      forAll(model, (policy, steps) => {
        for (const step of steps) {
          const { after, before, decision, permit } = step
          note("step")
          const change = Circuit.transition(policy, before, after)
          if (change !== undefined) note(`${change.from} -> ${change.to}`)
          if (decision?._tag === "Rejected") note(`rejected ${decision.status}`)
          if (step.command.do === "settle" && permit?.generation !== before.generation) note("stale settle")
          if (step.command.do === "settle" && permit?.generation === before.generation && !isHeard(step))
            note("late settle")
        }
      })
    )
    const edges = ["Closed -> Open", "Open -> HalfOpen", "HalfOpen -> Open", "HalfOpen -> Closed"]
    const rejections = ["rejected Open", "rejected HalfOpen", "rejected Isolated", "rejected SlowStart"]
    for (const what of [...edges, ...rejections, "stale settle", "late settle"]) {
      expect([what, (seen.get(what) ?? 0) >= 3]).toEqual([what, true])
    }
    expect(seen.get("step")).toBeGreaterThan(5_000)
  })
})

describe("the ledger", () => {
  it("In the `ledger` a success raises the score by at most 2/n_eff; it never resets it; the failures behind `strain` are not erased by any success", () => {
    forAll(models.ledger, (policy, steps) => {
      for (const step of steps) {
        const { after, before, now } = step
        if (evidence(step)._tag !== "Success" || !isHeard(step)) continue
        const effective =
          before.state._tag === "Closed" ? Math.log(5 * after.traffic.attempts) / Math.log((1 + Math.sqrt(5)) / 2) : 5
        const gain = (state: Circuit.Circuit<HealthModel.Ledger>) => Circuit.score(policy, state, now)
        assert.ok(gain(after) - gain(before) <= 2 / Math.max(5, effective) + slack)
        const failures = (self: Traffic.Traffic) =>
          self.failures * Math.exp((self.at - Math.max(self.at, now)) / Traffic.memoryMillis)
        assert.ok(failures(after.traffic) >= failures(before.traffic) - slack)
      }
    })
  })

  it("A call alone on a healthy circuit can never open it, whatever its number of attempts", () => {
    const options = fc.record({
      tolerance: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      minFailures: fc.double({ min: 1, max: 20, noNaN: true }),
      discount: fc.double({ min: 0, max: 1, noNaN: true }),
      guardMillis: fc.constantFrom(0, 1_000, 300_000),
      halfLifeMillis: fc.constantFrom(1_000, 600_000, Infinity)
    })
    const weight = fc.oneof(fc.constant(1), fc.double({ min: 0.01, max: 1, noNaN: true }))
    const pause = fc.oneof(fc.constant(0), fc.nat({ max: 5_000 }))
    const failures = fc.array(fc.tuple(weight, pause), { maxLength: 100, size: "max" })
    fc.assert(
      fc.property(options, fc.nat({ max: 50 }), failures, (chosen, successes, attempts) => {
        // What the constructor refuses could open; the law is about what it accepts.
        fc.pre(chosen.minFailures * 0.9 * (1 - chosen.discount) > 1)
        const policy = CircuitPolicy.make(HealthModel.ledger(chosen), { closeAt: 0.9 })
        let circuit = Circuit.make(policy, 1)
        let now = 0
        for (let i = 0; i < successes; i++) circuit = attempt(policy, circuit, Outcome.success, (now += 10))
        for (const [failed, [lost, slept]] of attempts.entries()) {
          now += slept
          circuit = attempt(policy, circuit, Outcome.failure({ weight: lost }), now, failed)
          assert.equal(circuit.state._tag, "Closed")
        }
      }),
      { numRuns: 500 }
    )
  })
})
