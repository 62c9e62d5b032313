import type { Circuit } from "@truce/core"
import * as Duration from "effect/Duration"

/** A length of time as a reader would say it. */
export const spoken = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis === Infinity) return "for ever"
  if (millis < 999.5) return `${Math.round(millis)} ms`
  return millis < 59_950
    ? `${Number((millis / 1_000).toFixed(1))} s`
    : Duration.format(Duration.seconds(Math.round(millis / 1_000)))
}

/** How long ago a time on the monotonic clock was. */
export const since = (at: number, now: number): Duration.Duration => Duration.millis(Math.max(0, now - at))

/** One line for each outcome that moved a score. */
export const moveLines = (moves: ReadonlyArray<Circuit.Move>, now: number): ReadonlyArray<string> =>
  moves.map(({ after, at, before, outcome, weight }) => {
    const weighed = weight > 0 ? ` of weight ${weight}` : ""
    return `  ${spoken(since(at, now))} ago: ${outcome.toLowerCase()}${weighed}, ${before.toFixed(3)} -> ${after.toFixed(3)}`
  })

/** One line for each change of state or mode. */
export const transitionLines = (transitions: ReadonlyArray<Circuit.Transition>, now: number): ReadonlyArray<string> =>
  transitions.map(({ at, from, mode, reason, score, to }) => {
    const observing = mode === "Observing" ? " (observing)" : ""
    const why = reason === "" ? `, score ${score.toFixed(3)}` : `: ${reason}`
    return `  ${spoken(since(at, now))} ago: ${from} -> ${to}${observing}${why}`
  })

/** Whether an operator changed it: only then is there a reason, but an operator need not give one. */
export const isManual = ({ from, reason, to }: Pick<Circuit.Transition, "from" | "reason" | "to">): boolean =>
  reason !== "" || from === to || [from, to].some((status) => status === "Isolated" || status === "Disabled")

/** One line for a change of state or mode as it happens. */
export const changeLine = (change: Told): string => {
  const { at, from, key, mode, reason, score, to, until } = change
  const head = `circuit ${key}: ${from} -> ${to}`
  if (isManual(change)) {
    const observing = mode === "Observing" ? ", observing" : ""
    return `${head} by hand${observing}${reason === "" ? "" : `: ${reason}`}`
  }
  const probe = to === "Open" && until !== undefined ? `, next probe in ${spoken(Duration.millis(until - at))}` : ""
  return mode === "Observing"
    ? `${head} (observing), score ${score.toFixed(3)}`
    : `${head}, score ${score.toFixed(3)}${probe}`
}

type Told = Omit<Circuit.Transition, "until"> & { readonly key: string; readonly until?: number | undefined }
