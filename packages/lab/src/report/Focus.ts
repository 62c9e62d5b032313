/** The part of a trace that is worth a lane for each call. */
import type { Event, RunResult } from "../Run.ts"

export interface Focus {
  readonly fromMillis: number
  readonly untilMillis: number
  /** The calls that have a lane. */
  readonly calls: ReadonlyArray<number>
}

/** More calls than this are not told apart. */
const mostCalls = 24
/** Lanes of calls after the moment, to show what became of it. */
const more = 4

/**
 * For each run: all of it, where its calls are few; else what led to the first opening, on one time axis; else the second around its
 * first half-open state, where there were several probes. `undefined` where no part says it all.
 */
export const of = (results: ReadonlyArray<RunResult>): ReadonlyArray<Focus> | undefined => {
  const traces = results.map(({ trace = [] }) => trace)
  if (results.some(({ peakProbes }) => peakProbes > 1)) return traces.map(aroundHalfOpen)
  const end = Math.max(...results.map(({ durationMillis }) => durationMillis), ...traces.flat().map(({ at }) => at))
  if (traces.every((trace) => callsOf(trace).length <= mostCalls)) return traces.map((trace) => until(trace, end))
  const openings = traces.map((trace) => reached(trace, "Open"))
  const last = Math.max(...openings.filter((at) => at !== undefined))
  if (!Number.isFinite(last)) return undefined
  const led = traces.map((trace, index) => callsOf(before(trace, openings[index] ?? last)).length)
  return led.every((calls) => calls <= mostCalls - more)
    ? traces.map((trace, index) => until(trace, last * 1.12 + 1, (led[index] ?? 0) + more))
    : undefined
}

const until = (trace: ReadonlyArray<Event>, untilMillis: number, calls = mostCalls): Focus => ({
  fromMillis: 0,
  untilMillis,
  calls: callsOf(before(trace, untilMillis)).slice(0, calls)
})

const aroundHalfOpen = (trace: ReadonlyArray<Event>): Focus => {
  const at = reached(trace, "HalfOpen") ?? 0
  const fromMillis = Math.max(0, at - 100)
  const untilMillis = at + 1_500
  const within = trace.filter((event) => event.at >= fromMillis && event.at <= untilMillis)
  const admitted = callsOf(within.filter(({ _tag }) => _tag === "Admitted"))
  const others = callsOf(within).filter((call) => !admitted.includes(call))
  const calls = [...admitted.slice(0, mostCalls / 2), ...others.slice(0, more)].sort((a, b) => a - b)
  return { fromMillis, untilMillis, calls }
}

const reached = (trace: ReadonlyArray<Event>, status: "Open" | "HalfOpen"): number | undefined =>
  trace.find((event) => event._tag === "Transitioned" && event.to === status)?.at

const before = (trace: ReadonlyArray<Event>, at: number): ReadonlyArray<Event> =>
  trace.filter((event) => event.at <= at)

const callsOf = (trace: ReadonlyArray<Event>): ReadonlyArray<number> => [
  ...new Set(trace.flatMap((event) => ("call" in event ? [event.call] : [])))
]
