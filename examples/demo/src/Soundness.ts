/** Whether the numbers of a run can be believed: what the client and the server saw must agree, request by request. */
import { Array, Order } from "effect"
import { about } from "./Design.ts"
import { statusAt, type Trace } from "./Journal.ts"
import { DesignId, type Receipt } from "./Protocol.ts"
import type { Recording } from "./Run.ts"
import { isHopeless, label, type Phase } from "./Scenario.ts"
import { attempts, attemptTimeout } from "./Settings.ts"

export interface Verdict {
  readonly facts: ReadonlyArray<string>
  /** Empty if the run was sound. */
  readonly problems: ReadonlyArray<string>
}

export const judge = (recording: Recording): Verdict => {
  const { arrivals, receipts, timeline, traces } = recording
  const sure = timeline.filter(opensSurely)
  const problems = [
    ...DesignId.literals.flatMap((design) => {
      const received = receipts.filter((receipt) => receipt.design === design)
      const found = [...callProblems(traces[design], arrivals), ...requestProblems(traces[design], received)]
      return found.map((problem) => `${about[design].name}: ${problem}`)
    }),
    ...sure.flatMap((phase) => circuitProblems(traces.truce, phase)),
    ...lateProblems(recording)
  ]
  return {
    facts: [
      ...when(
        lateness(recording) > attemptTimeout,
        `The machine was busy: calls started up to ${Math.round(lateness(recording))} ms late, in all three designs alike.`
      ),
      `${arrivals.length} calls went through each design at the same times, and each has one result.`,
      `Requests sent, and received by the server: ${DesignId.literals.map((design) => requestFact(recording, design)).join("; ")}.`,
      ...(sure.length === 0 || problems.length > 0
        ? []
        : [`The circuit of Truce opened in the ${sure.map(nameOf).join(" and in the ")} and closed again.`])
    ],
    problems
  }
}

const keyOf = ({ attempt, call }: { readonly call: number; readonly attempt: number }) => `${call}/${attempt}`

const callProblems = (trace: Trace, arrivals: ReadonlyArray<number>): ReadonlyArray<string> => {
  const results = new Map(trace.calls.map((call) => [call.call, call]))
  const byCall = Array.groupBy(trace.attempts, ({ call }) => `${call}`)
  const untrue = trace.calls.filter(({ call, outcome }) => {
    const last = byCall[`${call}`]?.at(-1)
    return (outcome === "Served") !== (last?.outcome === "Answered")
  })
  return [
    ...when(results.size !== arrivals.length, `${arrivals.length - results.size} calls have no result`),
    ...when(trace.calls.length !== results.size, `${trace.calls.length - results.size} calls have a second result`),
    ...when(untrue.length > 0, `${untrue.length} results are not those of the last attempt`),
    ...when(
      Object.values(byCall).some((of) => of.length > attempts),
      `a call made more than ${attempts} attempts`
    )
  ]
}

/** How late calls started, in ms: all but one in a hundred were no later. */
const lateness = ({ arrivals, traces }: Recording): number => {
  const calls = Object.values(traces).flatMap((trace) => trace.calls)
  const late = calls.map(({ call, from }) => from - (arrivals[call] ?? Infinity))
  return Array.sort(late, Order.reverse(Order.number))[Math.floor(late.length / 100)] ?? 0
}

/** Lateness is the same for all designs, which share one process; a fault that is over by then is another matter. */
const lateProblems = (recording: Recording): ReadonlyArray<string> => {
  const late = lateness(recording)
  return when(late > tooLate, `The machine was too busy: calls started ${Math.round(late)} ms late. Try again.`)
}

const tooLate = 3_000

const requestProblems = (trace: Trace, receipts: ReadonlyArray<Receipt>): ReadonlyArray<string> => {
  const sent = new Set(trace.attempts.map(keyOf))
  const received = new Set(receipts.map(keyOf))
  const unsent = receipts.filter((receipt) => !sent.has(keyOf(receipt)))
  const vanished = lost(trace, received).filter(({ outcome }) => outcome !== "Timeout")
  return [
    ...when(sent.size !== trace.attempts.length, "an attempt was recorded twice"),
    ...when(received.size !== receipts.length, "a request reached the server twice"),
    ...when(unsent.length > 0, `${unsent.length} requests reached the server that the client did not send`),
    ...when(vanished.length > 0, `${vanished.length} requests ended without a timeout and never reached the server`)
  ]
}

const requestFact = ({ receipts, traces }: Recording, design: DesignId): string => {
  const { attempts } = traces[design]
  const received = receipts.filter((receipt) => receipt.design === design)
  const missing = lost(traces[design], new Set(received.map(keyOf))).length
  const account = missing === 0 ? "" : ` (${missing} timed out on the way)`
  return `${about[design].name} ${attempts.length}, ${received.length}${account}`
}

const lost = (trace: Trace, received: ReadonlySet<string>) =>
  trace.attempts.filter((attempt) => !received.has(keyOf(attempt)))

/** A phase shorter than that can end before there is evidence enough. */
const opensSurely = (phase: Phase): boolean => isHopeless(phase) && phase.to - phase.from >= attemptTimeout + 500

const circuitProblems = (truce: Trace, phase: Phase): ReadonlyArray<string> => {
  const opened =
    statusAt(truce, phase.from) !== "Closed" ||
    truce.transitions.some(({ at, to }) => to === "Open" && at >= phase.from && at < phase.to)
  const closed = truce.transitions.some(({ at, to }) => to === "Closed" && at >= phase.to)
  return [
    ...when(!opened, `Truce: the circuit did not open in the ${nameOf(phase)}`),
    ...when(opened && !closed, `Truce: the circuit did not close after the ${nameOf(phase)}`)
  ]
}

const nameOf = ({ fault, from }: Phase): string => `${label(fault)} at ${(from / 1000).toFixed(1)} s`

const when = (isSo: boolean, problem: string): ReadonlyArray<string> => (isSo ? [problem] : [])
