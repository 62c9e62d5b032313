/**
 * What happened to a circuit, told to a person: English lines for explanations, logs and reports.
 *
 * @since 0.1.0
 */
import type { Move, Transition } from "../circuit/CircuitState.ts"
import type { View } from "../circuit/CircuitView.ts"
import { shown } from "../circuit/Printable.ts"

/**
 * A length of time in milliseconds as a reader would say it.
 *
 * **Example** (From milliseconds to hours)
 *
 * ```ts
 * import { Describe } from "@truce/core"
 *
 * Describe.spoken(1_500) // => "1.5 s"
 * Describe.spoken(5_400_000) // => "1h 30m"
 * ```
 *
 * @category formatting
 * @since 0.1.0
 */
export const spoken = (millis: number): string => {
  if (millis === Infinity) return "for ever"
  if (millis < 999.5) return `${Math.round(millis)} ms`
  if (millis < 59_950) return `${Number((millis / 1_000).toFixed(1))} s`
  const seconds = Math.round(millis / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"]
  ] as const
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count}${unit}`])).join(" ")
}

/**
 * Whether an operator changed it: only then is there a reason, but an operator need not give one.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isManual = ({ from, reason, to }: Pick<Transition, "from" | "reason" | "to">): boolean =>
  reason !== "" || from === to || [from, to].some((status) => status === "Isolated" || status === "Disabled")

/**
 * One line for each outcome that moved a score.
 *
 * @category formatting
 * @since 0.1.0
 */
export const moveLines = (moves: ReadonlyArray<Move>, now: number): ReadonlyArray<string> =>
  moves.map(({ after, at, before, outcome, weight }) => {
    const weighed = weight > 0 ? ` of weight ${weight}` : ""
    return `  ${ago(at, now)} ago: ${outcome.toLowerCase()}${weighed}, ${before.toFixed(3)} -> ${after.toFixed(3)}`
  })

/**
 * One line for a change of state or mode as it happens.
 *
 * @category formatting
 * @since 0.1.0
 */
export const changeLine = (
  change: Omit<Transition, "until"> & { readonly key: string; readonly until?: number | undefined }
): string => {
  const { at, from, key, mode, reason, score, to, until } = change
  const head = `circuit ${shown(key)}: ${from} -> ${to}`
  if (isManual(change)) {
    const observing = mode === "Observing" ? ", observing" : ""
    return `${head} by hand${observing}${reason === "" ? "" : `: ${shown(reason)}`}`
  }
  const probe = to === "Open" && until !== undefined ? `, next probe in ${spoken(until - at)}` : ""
  return mode === "Observing"
    ? `${head} (observing), score ${score.toFixed(3)}`
    : `${head}, score ${score.toFixed(3)}${probe}`
}

/**
 * What is known of a circuit beside what it is: its last transitions, oldest first; whether it is in its state because the fleet's circuit
 * is (`Fleet.isFollowing`); the failure that opened it; and what its last probes came to, with how often.
 *
 * @category models
 * @since 0.1.0
 */
export interface Behind {
  readonly transitions: ReadonlyArray<Transition>
  readonly isOfFleet?: boolean | undefined
  readonly openedBy?: string | undefined
  readonly probed?: ReadonlyMap<string, number> | undefined
}

/**
 * Why a circuit is in its state, in one sentence.
 *
 * @category formatting
 * @since 0.1.0
 */
export const cause = (view: View, behind: Behind, now: number): string => {
  const { mode } = view
  const since = ago(view.since, now)
  switch (mode._tag) {
    case "Isolated":
      return `forced open by an operator ${since} ago: ${shown(mode.reason)}`
    case "Disabled":
      return `forced closed by an operator ${since} ago: ${shown(mode.reason)}`
    case "Observing": {
      // The rules go on changing its state: the last change need not be the operator's.
      const wish = behind.transitions.findLast(isManual)
      const when = wish === undefined ? "" : ` ${ago(wish.at, now)} ago`
      return `rejects nothing, by an operator's wish${when}: ${shown(mode.reason)}; by the rules it is ${names[view.status]}`
    }
    case "Automatic":
      return ruled(view, behind, since, now)
  }
}

/**
 * The whole story of one circuit, several lines: its cause, its numbers, and what moved and changed it last, oldest first.
 *
 * @category formatting
 * @since 0.1.0
 */
export const tell = (key: string, view: View, behind: Behind, now: number): string =>
  [
    `${shown(key)}: ${cause(view, behind, now)}`,
    `score ${view.score.toFixed(3)} (trips at ${view.openBelow}, closes a half-open circuit at ${view.closeAt}), strain ${view.strain.toFixed(3)}`,
    `next admission: ${admission(view.nextAdmission, now)}`,
    "what moved the score last:",
    ...(view.moves.length === 0 ? ["  nothing"] : moveLines(view.moves, now)),
    "what changed the circuit last:",
    ...(behind.transitions.length === 0 ? ["  nothing"] : transitionLines(behind.transitions, now))
  ].join("\n")

const names = {
  Closed: "closed",
  Open: "open",
  HalfOpen: "half-open",
  Isolated: "isolated",
  Disabled: "disabled"
} as const

const ago = (at: number, now: number): string => spoken(Math.max(0, now - at))

const transitionLines = (transitions: ReadonlyArray<Transition>, now: number): ReadonlyArray<string> =>
  transitions.map(({ at, from, mode, reason, score, to }) => {
    const observing = mode === "Observing" ? " (observing)" : ""
    const why = reason === "" ? `, score ${score.toFixed(3)}` : `: ${shown(reason)}`
    return `  ${ago(at, now)} ago: ${from} -> ${to}${observing}${why}`
  })

const ruled = (view: View, behind: Behind, since: string, now: number): string => {
  const { moves, openings, permits, probes, ramp, score } = view
  const { isOfFleet = false, openedBy, probed = new Map(), transitions } = behind
  const last = transitions.at(-1)
  switch (view.status) {
    case "Open": {
      const own = last?.from === "HalfOpen" ? "a probe failed" : `the score fell to ${score.toFixed(3)}`
      const how = isOfFleet ? "the fleet opened it" : own
      const by = openedBy === undefined ? "" : ` (${shown(openedBy)})`
      return `open for ${since}, because ${how}${by}${openings > 1 ? `; opening ${openings} in a row` : ""}`
    }
    case "HalfOpen":
      return `half-open for ${since}: ${probes} of ${permits} ${permits === 1 ? "probe" : "probes"} out${isOfFleet ? " in the fleet" : ""}, score ${score.toFixed(3)}${probed.size === 0 ? "" : `; they came to: ${tally(probed)}`}`
    default: {
      if (ramp !== undefined) {
        const share = Math.round(100 * ramp.share)
        return `closed for ${since}, in slow start: admits ${share} % of the attempts, and all in ${spoken(ramp.until - now)}`
      }
      if (last === undefined) return moves.length === 0 ? "closed, never opened" : "closed, has not opened"
      return last.reason === ""
        ? `closed for ${since}`
        : `closed for ${since}, reset by an operator: ${shown(last.reason)}`
    }
  }
}

const tally = (probed: ReadonlyMap<string, number>): string =>
  Array.from(probed, ([what, times]) => `${shown(what)}${times === 1 ? "" : ` ${times} times`}`).join(", ")

const admission = (at: number | undefined, now: number): string => {
  const millis = at === undefined ? 0 : Math.max(0, at - now)
  if (millis === 0) return "now"
  return millis === Infinity ? "when an operator allows it" : `in ${spoken(millis)}`
}
