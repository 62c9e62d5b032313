/**
 * The simulator as a subject of the conformance scenarios and laws: whole calls on one circuit, without draws, through its engine; and
 * attempt by attempt the circuits that its designs are made of.
 */
import { CoreSession, Policy, type Subject } from "@truce/conformance"
import { Circuit, type CircuitPolicy, type HealthModel, Outcome } from "@truce/core"
import type { Context, Reason } from "../src/Design.ts"
import * as Guarded from "../src/designs/Guarded.ts"
import { run } from "../src/Run.ts"
import type { Event } from "../src/RunResult.ts"
import type { Scenario } from "../src/Scenario.ts"

const horizonMillis = 1e9
const key = "service"

const resultOf = (result: "ok" | Reason, attempts: number): Subject.Result => {
  switch (result) {
    case "ok":
      return "success"
    case "circuit-open":
      return attempts === 0 ? "CircuitOpen" : "circuit-open"
    case "aborted":
    case "throttled":
    case "hung-up":
      throw new Error(`no result of Truce: ${result}`)
    default:
      return result
  }
}

/** Says what the scripts say; what comes after the last of them hangs beyond the end of the run, and says nothing. */
const scripted = ({ calls, slowAfterMillis = Infinity }: Subject.Plan) => ({
  send: (call: number, attempt: number) => {
    const attempts = calls[call]?.attempts
    if (attempts === undefined) return { afterMillis: 2 * horizonMillis, outcome: Outcome.ignored }
    const { ends, millis = 0 } = attempts[attempt - 1] ?? attempts.at(-1) ?? attempts[0]
    if (typeof ends === "string") throw new Error(`the simulator judges nothing: ${ends}`)
    return { afterMillis: millis, outcome: Outcome.timed(ends, millis, slowAfterMillis) }
  }
})

const simulated = (plan: Subject.Plan) => {
  const { budget, circuit, retry } = Policy.rulesOf(plan.policy)(key)
  const isSequential = plan.calls.every(({ at }) => at === undefined)
  const times = plan.calls.map(({ at = 0 }) => at)
  const scenario: Scenario = {
    name: "scripted",
    title: "scripted",
    description: "scripted",
    durationMillis: horizonMillis,
    timeoutMillis: horizonMillis,
    attempts: retry.attempts,
    backoff: retry.backoff,
    fault: { fromMillis: 0, untilMillis: 0 },
    world: {
      arrivals: isSequential ? { _tag: "ClosedLoop", callers: 1, thinkMillis: 0 } : { _tag: "Constant", perSecond: 1 },
      service: { latency: { _tag: "Constant", meanMillis: 0 }, servers: null, queue: 0, failureMillis: 0 },
      faults: []
    }
  }
  const guarded = { policy: circuit, budget }
  const make =
    plan.order === "fused"
      ? Guarded.inside({ ...guarded, budget: Policy.rulesOf({ budget: { type: "unlimited" } })(key).budget })
      : Guarded.shipped(guarded)
  const guards: Array<Guarded.Guard<HealthModel.Opaque>> = []
  const observed = (context: Context) => {
    const guard = make(context)
    guards.push(guard)
    return guard
  }
  const design = { name: "truce", title: "Truce", description: "", group: "truce", make: observed } as const
  const arrival = () => times.shift() ?? Infinity
  const { trace = [] } = run(scenario, design, { seed: 1, trace: 1e6, arrival, dependency: scripted(plan) })
  const ended = (event: Event) => event._tag === "Ended" && event.call < plan.calls.length
  // The caller goes on when the scripts are over.
  const events: ReadonlyArray<Event> = trace.slice(0, trace.findLastIndex(ended) + 1)
  const left = guards.map(({ breaker, bucket }) => ({ tokens: bucket.tokens.tokens, traffic: breaker.circuit.traffic }))
  return { events, left }
}

const calls = async (plan: Subject.Plan): Promise<Subject.Seen> => {
  const sent = plan.calls.map((): Array<number> => [])
  const seen: Array<Subject.CallSeen> = []
  const transitions: Array<Subject.Seen["transitions"][number]> = []
  const { events, left } = simulated(plan)
  for (const event of events) {
    if (event._tag === "Admitted") sent[event.call]?.push(event.at)
    if (event._tag === "Transitioned") transitions.push({ key, ...event })
    if (event._tag === "Ended") {
      const attempts = sent[event.call] ?? []
      seen[event.call] = { result: resultOf(event.result, attempts.length), endedAt: event.at, sent: attempts }
    }
  }
  return {
    calls: seen,
    transitions: transitions.map(({ at, from, key, score, to }) => ({ key, at, from, to, score })),
    tokens: Object.fromEntries(left.map(({ tokens }) => [key, tokens])),
    traffic: Object.fromEntries(left.map(({ traffic }) => [key, traffic]))
  }
}

/** A circuit of the simulator as it is after some history. */
const breakerOf = (
  policy: CircuitPolicy.CircuitPolicy<HealthModel.Opaque>,
  circuit: Circuit.Circuit<HealthModel.Opaque>
): Guarded.Breaker<HealthModel.Opaque> => {
  const breaker = new Guarded.Breaker(policy, 0)
  breaker.circuit = circuit
  return breaker
}

/** Every admission and every settled attempt goes through the simulator; what it has no word for, such as manual control, is the core's. */
const mover: CoreSession.Mover = {
  admit: (policy, circuit, now, lent) => {
    const breaker = breakerOf(policy, circuit)
    const permit = breaker.admit(now, lent)
    // A call of the simulator learns that it is rejected, and no more: why is what the core says of the same circuit.
    const decision =
      permit === undefined ? Circuit.admit(policy, breaker.circuit, now)[1] : ({ _tag: "Admitted", permit } as const)
    return [breaker.circuit, decision]
  },
  settle: (policy, circuit, settled, now) => {
    const breaker = breakerOf(policy, circuit)
    breaker.settle(settled, now)
    return breaker.circuit
  }
}

export const lab: Subject.Subject = {
  name: "the lab",
  session: async (policy, use) => use(CoreSession.make(policy, { mover })),
  calls,
  lacks: ["keys", "overrides", "draws", "deadline", "maxRetryAfter", "limits", "whenOpen", "judged ends"]
}
