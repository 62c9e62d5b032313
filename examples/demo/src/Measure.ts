/** The numbers of the table, each counted where it happens: requests at the server, results and states at the client. */
import { statusAt, type Trace } from "./Journal.ts"
import type { DesignId } from "./Protocol.ts"
import type { Recording } from "./Run.ts"
import { end, isBreaking, isHealthy, label, type Phase, type Timeline } from "./Scenario.ts"

export interface Measures {
  readonly design: DesignId
  readonly availability: number
  readonly retries: number
  readonly faults: ReadonlyArray<FaultMeasures>
}

/** What a design did in one phase that was not healthy. */
export interface FaultMeasures {
  readonly name: string
  readonly phase: Phase
  readonly availability: number
  /** Requests that reached the server during the phase. */
  readonly requests: number
  readonly absorbed: Absorbed
  readonly recovery: Recovery
}

/** Requests that reached the server from the start of the phase until the circuit opened. */
export type Absorbed =
  | { readonly _tag: "Opened"; readonly requests: number }
  | { readonly _tag: "StayedClosed"; readonly requests: number }
  | { readonly _tag: "WasOpen" }

/** Time from the end of the phase until the circuit was closed to stay so, or the time given to it in vain. */
export interface Recovery {
  readonly _tag: "Recovered" | "NotRecovered"
  readonly after: number
}

export const measure = (recording: Recording, design: DesignId): Measures => {
  const { timeline } = recording
  const trace = recording.traces[design]
  const receipts = recording.receipts.filter((receipt) => receipt.design === design)
  return {
    design,
    availability: availability(trace, 0, end(timeline)),
    retries: receipts.filter(({ attempt }) => attempt > 0).length,
    faults: faults(timeline).map(({ name, phase }) => {
      const arrived = receipts.filter(({ at }) => at >= phase.from && at < phase.to).map(({ at }) => at)
      return {
        name,
        phase,
        availability: availability(trace, phase.from, phase.to),
        requests: arrived.length,
        absorbed: absorbed(trace, phase, arrived),
        recovery: recovery(trace, phase, timeline)
      }
    })
  }
}

const availability = (trace: Trace, from: number, to: number): number => {
  const calls = trace.calls.filter((call) => call.from >= from && call.from < to)
  return calls.filter(({ outcome }) => outcome === "Served").length / calls.length
}

const absorbed = (trace: Trace, phase: Phase, arrived: ReadonlyArray<number>): Absorbed => {
  if (statusAt(trace, phase.from) !== "Closed") return { _tag: "WasOpen" }
  const opening = trace.transitions.find(({ at, to }) => to === "Open" && at >= phase.from && at < phase.to)
  return opening === undefined
    ? { _tag: "StayedClosed", requests: arrived.length }
    : { _tag: "Opened", requests: arrived.filter((at) => at < opening.at).length }
}

const recovery = (trace: Trace, phase: Phase, timeline: Timeline): Recovery => {
  const from = phase.to
  const to = timeline.find((next) => next.from >= from && isBreaking(next))?.from ?? end(timeline)
  const last = trace.transitions.findLast(({ at }) => at >= from && at < to)
  if (statusAt(trace, to) !== "Closed") return { _tag: "NotRecovered", after: to - from }
  return { _tag: "Recovered", after: last === undefined ? 0 : last.at - from }
}

/** The phases that are not healthy, numbered where a fault comes twice. */
const faults = (timeline: Timeline): ReadonlyArray<{ readonly name: string; readonly phase: Phase }> => {
  const phases = timeline.filter((phase) => !isHealthy(phase))
  return phases.map((phase) => {
    const same = phases.filter(({ fault }) => fault._tag === phase.fault._tag)
    const name = label(phase.fault)
    return { phase, name: same.length === 1 ? name : `${name} ${same.indexOf(phase) + 1}` }
  })
}
