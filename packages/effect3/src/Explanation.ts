/**
 * Why a circuit is in the state it is in: as data, and as a text for a person.
 *
 * @since 0.1.0
 */
import type { Circuit } from "@truce/core"
import * as Duration from "effect/Duration"
import { isManual, moveLines, since, spoken, transitionLines } from "./internal/story.ts"

/**
 * A change of state or mode, with its age.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transition extends Circuit.Transition {
  readonly ago: Duration.Duration
}

/**
 * An outcome that moved the score, with its age.
 *
 * @category models
 * @since 0.1.0
 */
export interface Move extends Circuit.Move {
  readonly ago: Duration.Duration
}

/**
 * Everything known of one circuit.
 *
 * `inStateFor` is the time since the last change of state or mode; `admitsIn` the time until the next admission is possible, zero for
 * now, infinite when only an operator ends it; `ramp` is that of a slow start, with the time until all attempts are admitted; `moves` and `transitions` are the last five and ten, oldest first; `cause` is one
 * sentence, `text` the whole story.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation extends Omit<Circuit.View, "since" | "nextAdmission" | "ramp" | "moves"> {
  readonly key: string
  readonly inStateFor: Duration.Duration
  readonly admitsIn: Duration.Duration
  readonly ramp: { readonly share: number; readonly endsIn: Duration.Duration } | undefined
  readonly moves: ReadonlyArray<Move>
  readonly transitions: ReadonlyArray<Transition>
  readonly cause: string
  readonly text: string
}

/**
 * Explains what was read of a circuit at `now`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  key: string,
  view: Circuit.View,
  transitions: ReadonlyArray<Circuit.Transition>,
  now: number
): Explanation => {
  const { moves, nextAdmission, ramp, since: changedAt, ...rest } = view
  const facts = {
    ...rest,
    key,
    inStateFor: since(changedAt, now),
    admitsIn: nextAdmission === undefined ? Duration.zero : Duration.millis(Math.max(0, nextAdmission - now)),
    ramp: ramp && { share: ramp.share, endsIn: since(now, ramp.until) },
    moves: moves.map((move) => ({ ...move, ago: since(move.at, now) })),
    transitions: transitions.map((transition) => ({ ...transition, ago: since(transition.at, now) }))
  }
  const cause = causeOf(facts)
  const lines = [
    `${key}: ${cause}`,
    `score ${view.score.toFixed(3)} (trips at ${view.trip}, closes a half-open circuit at ${view.restore}), strain ${view.strain.toFixed(3)}`,
    `next admission: ${admissionOf(facts.admitsIn)}`,
    "what moved the score last:",
    ...(moves.length === 0 ? ["  nothing"] : moveLines(moves, now)),
    "what changed the circuit last:",
    ...(transitions.length === 0 ? ["  nothing"] : transitionLines(transitions, now))
  ]
  return { ...facts, cause, text: lines.join("\n") }
}

type Facts = Omit<Explanation, "cause" | "text">

const causeOf = (facts: Facts): string => {
  const { mode, inStateFor } = facts
  const ago = spoken(inStateFor)
  switch (mode._tag) {
    case "Isolated":
      return `forced open by an operator ${ago} ago: ${mode.reason}`
    case "Disabled":
      return `forced closed by an operator ${ago} ago: ${mode.reason}`
    case "Observing": {
      // The rules go on changing its state: the last change need not be the operator's.
      const wish = facts.transitions.findLast(isManual)
      const when = wish === undefined ? "" : ` ${spoken(wish.ago)} ago`
      return `rejects nothing, by an operator's wish${when}: ${mode.reason}; by the rules it is ${names[facts.status]}`
    }
    case "Automatic":
      return ruled(facts)
  }
}

const names = {
  Closed: "closed",
  Open: "open",
  HalfOpen: "half-open",
  Isolated: "isolated",
  Disabled: "disabled"
} as const

const ruled = ({ inStateFor, openings, permits, probes, status, transitions, ...facts }: Facts): string => {
  const last = transitions.at(-1)
  const time = spoken(inStateFor)
  switch (status) {
    case "Open": {
      const how = last?.from === "HalfOpen" ? "a probe failed" : `the score fell to ${facts.score.toFixed(3)}`
      return `open for ${time}, because ${how}${openings > 1 ? `; opening ${openings} in a row` : ""}`
    }
    case "HalfOpen":
      return `half-open for ${time}: ${probes} of ${permits} ${permits === 1 ? "probe" : "probes"} out, score ${facts.score.toFixed(3)}`
    default: {
      if (last === undefined) return facts.moves.length === 0 ? "closed, never opened" : "closed, has not opened"
      const { ramp } = facts
      if (ramp !== undefined) {
        return `closed for ${time}, in slow start: admits ${Math.round(100 * ramp.share)} % of the attempts, and all in ${spoken(ramp.endsIn)}`
      }
      return last.reason === "" ? `closed for ${time}` : `closed for ${time}, reset by an operator: ${last.reason}`
    }
  }
}

const admissionOf = (admitsIn: Duration.Duration): string => {
  const millis = Duration.toMillis(admitsIn)
  if (millis === 0) return "now"
  return millis === Infinity ? "when an operator allows it" : `in ${spoken(admitsIn)}`
}
