/** Flaws of the seed's state: nothing guards it, and what HALF_OPEN does with it is an accident. */
import { Circuit, CircuitPolicy, HealthModel, Outcome } from "@truce/core"
import * as Effect from "effect/Effect"
import * as SeedBreaker from "../designs/SeedBreaker.ts"
import type { Shown, Walkthrough } from "../Walkthrough.ts"

/** Every order in which two threads of so many steps can take turns. */
const interleavings = (left: number, right: number): ReadonlyArray<ReadonlyArray<0 | 1>> => {
  if (left === 0 && right === 0) return [[]]
  const first = (thread: 0 | 1, rest: ReadonlyArray<ReadonlyArray<0 | 1>>) =>
    rest.map((order): ReadonlyArray<0 | 1> => [thread, ...order])
  return [
    ...(left > 0 ? first(0, interleavings(left - 1, right)) : []),
    ...(right > 0 ? first(1, interleavings(left, right - 1)) : [])
  ]
}

interface Run {
  /** Most probes at once. */
  readonly peak: number
  /** Successes that were not counted. */
  readonly lost: number
}

/** The statements of one call of the seed's class after the open time, each of which another thread may come between. */
const seedThread = (shared: SeedBreaker.SeedBreaker, probes: { now: number; peak: number }) => {
  let entering = false
  let read = 0
  return [
    () => void (entering = shared.state === "Open"),
    () => {
      if (entering) shared.state = "HalfOpen"
    },
    () => {
      if (entering) shared.successCount = 0
    },
    () => void (probes.peak = Math.max(probes.peak, ++probes.now)),
    () => {
      probes.now--
      read = shared.successCount
    },
    () => void (shared.successCount = read + 1)
  ]
}

const seedRun = (order: ReadonlyArray<0 | 1>): Run => {
  const shared: SeedBreaker.SeedBreaker = { ...SeedBreaker.make(false), state: "Open", failureCount: 5 }
  const probes = { now: 0, peak: 0 }
  const threads = [seedThread(shared, probes), seedThread(shared, probes)]
  for (const thread of order) threads[thread]?.shift()?.()
  return { peak: probes.peak, lost: 2 - shared.successCount }
}

const policy = CircuitPolicy.make(HealthModel.ledger(), { openJitter: 0 })

const opened = (): Circuit.Circuit<HealthModel.Ledger> => {
  let circuit = Circuit.make(policy, 1)
  while (circuit.state._tag === "Closed") {
    const permit = { generation: 0, probe: 0, judged: true }
    circuit = Circuit.settle(policy, circuit, { permit, outcome: Outcome.failure(), failedBefore: 0 }, 0)
  }
  return circuit
}

/** Asking and settling are one step each: from circuit to circuit, written as one transaction. */
const truceRun = (order: ReadonlyArray<0 | 1>): Run => {
  let circuit = opened()
  const before = circuit.traffic.attempts
  const permits: [Circuit.Permit | undefined, Circuit.Permit | undefined] = [undefined, undefined]
  const steps = [0, 0]
  const probes = { now: 0, peak: 0, admitted: 0 }
  for (const thread of order) {
    const step = steps[thread] ?? 0
    steps[thread] = step + 1
    if (step === 0) {
      const [next, decision] = Circuit.admit(policy, circuit, 500)
      circuit = next
      if (decision._tag === "Rejected") continue
      permits[thread] = decision.permit
      probes.admitted++
      probes.peak = Math.max(probes.peak, ++probes.now)
    }
    const permit = permits[thread]
    if (step < 2 || permit === undefined) continue
    probes.now--
    circuit = Circuit.settle(policy, circuit, { permit, outcome: Outcome.success, failedBefore: 0 }, 500)
  }
  // At one instant the traffic decays by its 500 ms only.
  const counted = Math.round(circuit.traffic.attempts - before * Math.exp(-500 / 60_000))
  return { peak: probes.peak, lost: probes.admitted - counted }
}

const over = (length: number, run: (order: ReadonlyArray<0 | 1>) => Run): Shown => {
  const runs = interleavings(length, length).map((order) => {
    const { lost, peak } = run(order)
    return { order, lost, peak }
  })
  const together = runs.filter(({ peak }) => peak > 1)
  const lossy = runs.filter(({ lost }) => lost > 0)
  const letters = (order: ReadonlyArray<0 | 1>): string => order.map((thread) => "AB"[thread]).join("")
  const example = (what: string, found: typeof runs): ReadonlyArray<string> =>
    found.slice(0, 1).map(({ order }) => `${what}: ${letters(order)}`)
  return {
    happens: together.length > 0 || lossy.length > 0,
    text: `of ${runs.length} ways in which two callers can take turns, ${together.length} have both as probes at once, ${lossy.length} lose a success`,
    steps: [
      `each caller takes ${length} steps; A and B in all ${runs.length} orders`,
      ...example("both are probes", together),
      ...example("a success is lost", lossy)
    ]
  }
}

export const unguardedState: Walkthrough = {
  name: "unguarded-state",
  title: "Two callers enter HALF_OPEN, and one of two successes is lost",
  claim: "Reading the state, writing it and adding one to a count are steps of their own, and nothing guards them.",
  truce: "A decision is one function from circuit to circuit, and one transaction writes it.",
  seed: Effect.sync(() => over(6, seedRun)),
  sound: Effect.sync(() => over(3, truceRun))
}

const cycles = 3

const seedCycles = (resets: boolean): ReadonlyArray<string> => {
  const breaker = SeedBreaker.make(resets)
  const lines: Array<string> = []
  let now = 0
  for (let failed = 0; failed < breaker.threshold; failed++) SeedBreaker.onFailure(breaker, now)
  lines.push(`five failures: ${breaker.state}, failure_count ${breaker.failureCount}`)
  for (let cycle = 1; cycle <= cycles; cycle++) {
    now += breaker.resetMillis + 1
    SeedBreaker.passes(breaker, now)
    SeedBreaker.onFailure(breaker, now)
    lines.push(`failed probe ${cycle}: ${breaker.state}, failure_count ${breaker.failureCount}`)
  }
  return lines
}

export const accidentalReopening: Walkthrough = {
  name: "accidental-reopening",
  title: "A failed probe reopens by accident",
  claim: "Nothing says that a failed probe reopens: the count is still at the threshold, and grows for ever.",
  truce: "HalfOpen starts with a score of 0 and a rule of its own: one failed probe reopens.",
  seed: Effect.sync(() => {
    const kept = seedCycles(false)
    const reset = seedCycles(true)
    return {
      happens:
        kept.at(-1)?.startsWith(`failed probe ${cycles}: Open`) === true && reset.at(-1)?.includes("HalfOpen") === true,
      text: `${kept.at(-1)}; with the count reset on entry, as it should be, ${reset[1]}`,
      steps: [...kept, "the same with the count reset on entry:", ...reset]
    }
  }),
  sound: Effect.sync(() => {
    let circuit = opened()
    const steps = [`open, score ${Circuit.score(policy, circuit, 0).toFixed(2)}, openings ${circuit.openings.inARow}`]
    let fresh = true
    for (let cycle = 1; cycle <= cycles && circuit.state._tag === "Open"; cycle++) {
      const now = circuit.state.until
      const [probed, decision] = Circuit.admit(policy, circuit, now)
      fresh &&= Circuit.score(policy, probed, now) === 0
      if (decision._tag === "Rejected") break
      const settled = { permit: decision.permit, outcome: Outcome.failure(), failedBefore: 0 }
      circuit = Circuit.settle(policy, probed, settled, now)
      steps.push(`failed probe ${cycle}: ${circuit.state._tag}, openings ${circuit.openings.inARow}`)
    }
    return {
      happens: circuit.state._tag !== "Open" || !fresh,
      text: `${steps.at(-1)}; each HalfOpen began with a score of 0`,
      steps
    }
  })
}
