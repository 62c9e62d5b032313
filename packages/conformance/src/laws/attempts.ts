/** Laws of one circuit: each holds of every step of every history. */
import { Outcome, Traffic } from "@truce/core"
import { differences, hold } from "../Difference.ts"
import { type Key, keys } from "../histories.ts"
import type { Policy, KeyRules } from "../Policy.ts"
import { type Step, type Trace, type UnderWay, evidenceOf, isHeard, isManual } from "../Trace.ts"

export interface TraceLaw {
  readonly name: string
  /** Of this model alone. */
  readonly only?: "ledger"
  readonly holds: (trace: Trace, rules: KeyRules, policy: Policy) => void
}

const slack = 1e-9

const each = (trace: Trace, law: (step: Step, key: Key) => void): void => {
  for (const step of trace.steps) for (const key of keys) law(step, key)
}

const rawOf = (step: Step, key: Key, { circuit }: KeyRules): number =>
  Outcome.mass(evidenceOf(step, key), 0, 1, circuit.slowWeight).raw

const same = (left: unknown, right: unknown): boolean => differences(left, right, true).length === 0

const score: TraceLaw = {
  name: "The score stays in [0,1]; at one instant a failure never raises it and a success never lowers it; with no events it never falls",
  holds: (trace, { circuit }) =>
    each(trace, (step, key) => {
      const { after, before, command, now, previously } = step
      const [from, to] = [before[key].view.score, after[key].view.score]
      hold(to >= 0 && to <= 1, "a score outside of [0,1]:", to, step)
      const outcome = evidenceOf(step, key)
      if (outcome._tag === "Failure") hold(to <= from + slack, "a failure raised the score:", from, to, step)
      if (outcome._tag === "Success" && !(outcome.slow && circuit.slowWeight > 0)) {
        hold(to >= from - slack, "a success lowered the score:", from, to, step)
      }
      const isQuiet = (command.do === "advance" || command.do === "wait") && now >= previously
      if (isQuiet) hold(to >= from - slack, "the score fell by itself:", from, to, step)
    })
}

const recovery: TraceLaw = {
  name: "In the `ledger` a success raises the score by at most 2/n_eff; it never resets it; the failures behind `strain` are not erased by any success",
  only: "ledger",
  holds: (trace) =>
    each(trace, (step, key) => {
      const { after, before, now } = step
      const circuit = after[key].circuit
      if (evidenceOf(step, key)._tag !== "Success" || !isHeard(step, key) || circuit === undefined) return
      const phi = (1 + Math.sqrt(5)) / 2
      const isClosed = before[key].circuit === undefined || before[key].circuit.state._tag === "Closed"
      const n = isClosed ? Math.max(5, Math.log(5 * circuit.traffic.attempts) / Math.log(phi)) : 5
      const gain = after[key].view.score - before[key].view.score
      hold(gain <= 2 / n + slack, "a success raised the score by", gain, "with n_eff =", n, step)
      const failures = ({ at, failures }: Traffic.Traffic) =>
        failures * Math.exp((at - Math.max(at, now)) / Traffic.memoryMillis)
      const was = failures(before[key].circuit?.traffic ?? Traffic.none)
      hold(failures(circuit.traffic) >= was - slack, "a success erased failures:", was, circuit.traffic, step)
    })
}

const evidence: TraceLaw = {
  name: "Evidence events = settled attempts with weight. A call's end, a rejection, a denied retry and an early interruption emit none",
  holds: (trace, rules) =>
    each(trace, (step, key) => {
      const { after, before, now } = step
      const was = before[key].circuit?.traffic ?? Traffic.none
      const is = after[key].circuit?.traffic ?? Traffic.none
      const { _tag } = evidenceOf(step, key)
      const counted = ({ at, attempts, failures }: Traffic.Volume) => ({ at, attempts, failures })
      if ((_tag === "Success" || _tag === "Failure") && isHeard(step, key)) {
        const noted = Traffic.add(was, 1, rawOf(step, key, rules), now)
        hold(same(counted(noted), counted(is)), "evidence was not counted once:", was, noted, is, step)
        return
      }
      hold(same(counted(was), counted(is)), "what is no evidence was counted:", was, is, step)
      // An answer says something of a probe alone.
      if (_tag === "Answered" && before[key].circuit?.state._tag === "HalfOpen") return
      hold(same(before[key].view.moves, after[key].view.moves), "what is no evidence moved the score:", step)
    })
}

const edges: TraceLaw = {
  name: "Closed opens only by a failure with h < openBelow, or one that `opens`; HalfOpen reopens on one failed probe and closes only by a success (an `Answered` probe is one) with h >= closeAt; one settle makes at most one transition",
  holds: (trace, rules) => {
    each(trace, (step, key) => edge(step, key, rules))
    for (const key of keys) {
      const all = trace.transitions.filter((transition) => transition.key === key)
      for (const [index, { generation }] of all.entries()) {
        hold(generation === index + 1, "a transition is missing or told twice:", all)
      }
      const { generation = 0 } = trace.circuits[key] ?? {}
      hold(generation === all.length, "generation", generation, "after transitions", all)
    }
  }
}

const edge = (step: Step, key: Key, rules: KeyRules): void => {
  const { after, before, command } = step
  const { circuit } = rules
  const [from, to] = [before[key], after[key]]
  const moved = to.view.generation - from.view.generation
  hold(moved === 0 || moved === 1, "more than one transition:", from.view, to.view, step)
  if (isManual(step, key)) return hold(moved === 1, "a manual change that is no transition:", step)
  const states = [from, to].map((look) => look.circuit?.state._tag ?? "Closed")
  const name = states.join(" -> ")
  const raw = rawOf(step, key, rules)
  const said = evidenceOf(step, key)
  const opens = said._tag === "Failure" && said.opens
  const isFailedProbe = opens || (circuit.reopenOn === "failure" && raw >= 0.5)
  const wrong = (why: string) => [`${name} ${why}:`, from.view, to.view, step] as const
  hold(moved === (states[0] === states[1] ? 0 : 1), ...wrong("and its generation disagree"))
  switch (name) {
    case "Closed -> Open":
      hold(raw > 0, ...wrong("without a failure"))
      return hold(opens || to.view.score <= circuit.model.openBelow + slack, ...wrong("above the trip"))
    case "HalfOpen -> Open":
      hold(raw > 0, ...wrong("without a failure"))
      return hold(isFailedProbe || to.view.score <= circuit.model.openBelow, ...wrong("by a light failure"))
    case "Open -> HalfOpen":
      return hold(command.do === "begin", ...wrong("without an admission"))
    case "HalfOpen -> Closed":
      hold(["Success", "Answered"].includes(said._tag) && isHeard(step, key), ...wrong("without a success"))
      return hold(
        to.view.moves.at(-1)?.after === undefined || lastScore(to) >= circuit.closeAt - slack,
        ...wrong("too soon")
      )
    case "HalfOpen -> HalfOpen": {
      if (!isHeard(step, key) || said._tag === "Ignored") return
      if (said._tag === "Failure") {
        const { score } = to.view
        return hold(
          !isFailedProbe && score > 0 && score >= circuit.model.openBelow - slack,
          ...wrong("on a failed probe")
        )
      }
      const mass = Outcome.mass(said, 0, 1, circuit.slowWeight)
      return hold(mass.success === 0 || to.view.score < circuit.closeAt, ...wrong("with h >= closeAt"))
    }
    default:
      return hold(["Closed -> Closed", "Open -> Open"].includes(name), ...wrong("is no edge"))
  }
}

const lastScore = ({ view }: Step["after"][Key]): number => view.moves.at(-1)?.after ?? NaN

const stale: TraceLaw = {
  name: "A settle of another generation leaves the state object unchanged",
  holds: (trace) =>
    each(trace, (step, key) => {
      const { after, attempt, before, command } = step
      const permit = attempt?.permits[key]
      if (permit === undefined || (command.do !== "end" && command.do !== "end again")) return
      if (permit.generation === before[key].view.generation && command.do === "end") return
      hold(same(before[key].circuit, after[key].circuit), "a stale settle:", before[key], after[key], step)
    })
}

const probes: TraceLaw = {
  name: "Probes in flight never exceed `permits`, under any interleaving, interruption, defect or lease end; when all are settled none is held",
  holds: (trace, { circuit }) => {
    for (const key of keys) {
      const held = new Set<UnderWay>()
      for (const { after, attempt, command, now } of trace.steps) {
        const { view } = after[key]
        if (attempt !== undefined && command.do === "begin" && (attempt.permits[key]?.probe ?? 0) > 0) {
          // A slot that was given to another probe is not taken again where the clock goes back.
          for (const one of held) if ((one.permits[key]?.until ?? 0) <= now) held.delete(one)
          held.add(attempt)
        }
        if (attempt !== undefined && command.do === "end") held.delete(attempt)
        for (const one of held) if (one.permits[key]?.generation !== view.generation) held.delete(one)
        const out = [...held].filter(({ permits }) => (permits[key]?.until ?? 0) > now).length
        hold(view.probes <= circuit.permits && out <= circuit.permits, "too many probes:", view)
        hold(view.probes === out, "probes in flight:", out, "and those that are told of:", view)
      }
      const last = trace.steps.at(-1)
      hold(
        last === undefined || last.after[key].view.probes === 0,
        "a probe is held when all are settled:",
        last?.after[key]
      )
    }
  }
}

const openTime: TraceLaw = {
  name: "Nothing is admitted before the open time ends, on the monotonic clock",
  holds: (trace) => {
    for (const step of trace.steps) {
      const { before, command, now, told } = step
      if (command.do !== "begin" || told === undefined) continue
      const waits = command.keys.flatMap((key) => {
        const { nextAdmission } = before[key].view
        return nextAdmission === undefined ? [] : [{ key, millis: nextAdmission - now }]
      })
      hold((told._tag === "Admitted") === (waits.length === 0), "a decision that the views deny:", told, waits, step)
      if (told._tag === "Rejected") {
        const { key, retryAfterMillis } = told
        const wanted = { key, retryAfterMillis }
        hold(same({ key: waits[0]?.key, retryAfterMillis: waits[0]?.millis }, wanted), "a wait:", told, waits)
      }
      for (const key of command.keys) {
        const { circuit } = before[key]
        const isEarly = circuit?.mode._tag === "Automatic" && circuit.state._tag === "Open" && now < circuit.state.until
        hold(!isEarly || told._tag === "Rejected", "admitted before the open time ended:", step)
      }
    }
  }
}

const composed: TraceLaw = {
  name: "Any composed transaction over several keys admits all or none",
  holds: (trace) => {
    for (const step of trace.steps) {
      const { after, before, command, told } = step
      if (command.do !== "begin" || command.keys.length < 2 || told === undefined) continue
      const rejects = command.keys.filter((key) => before[key].view.nextAdmission !== undefined)
      hold((told._tag === "Rejected") === rejects.length > 0, "one decision for all:", told, rejects)
      for (const key of keys) {
        const [was, is] = [before[key].circuit, after[key].circuit]
        if (told._tag === "Rejected") {
          hold(was === undefined || same(was, is), "a rejection moved another key:", was, is)
        } else if (is?.mode._tag === "Automatic") {
          hold(
            is.state._tag === "Closed" || (is.state._tag === "HalfOpen" && after[key].view.probes > 0),
            "half an admission:",
            is
          )
        }
      }
    }
  }
}

export const attemptLaws: ReadonlyArray<TraceLaw> = [
  score,
  recovery,
  evidence,
  edges,
  stale,
  probes,
  openTime,
  composed
]
