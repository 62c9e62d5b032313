/**
 * Why a circuit is in the state it is in: as data, and as a text for a person.
 *
 * @since 0.1.0
 */
import { type Circuit, Describe } from "@truce/core"
import * as Duration from "effect/Duration"

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
 * `inStateFor` is the time since the last change of state or mode, `undefined` where there was none; `admitsIn` the time until the next admission is possible, zero for
 * now, infinite when only an operator ends it; `ramp` is that of a slow start, with the time until all attempts are admitted; `moves` and `transitions` are the last five and ten, oldest first; `openedBy` is the failure that opened it, where this process saw it; `probed` what the probes of a half-open circuit came to, with how often; `cause` is one
 * sentence, `text` the whole story.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation extends Omit<Circuit.View, "since" | "nextAdmission" | "ramp" | "moves"> {
  readonly key: string
  readonly inStateFor: Duration.Duration | undefined
  readonly admitsIn: Duration.Duration
  readonly ramp: { readonly share: number; readonly endsIn: Duration.Duration } | undefined
  readonly moves: ReadonlyArray<Move>
  readonly transitions: ReadonlyArray<Transition>
  readonly openedBy: string | undefined
  readonly probed: { readonly [what: string]: number }
  readonly cause: string
  readonly text: string
}

/**
 * Explains what was read of a circuit at `now`; `behind` is what is known beside.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (key: string, view: Circuit.View, behind: Describe.Behind, now: number): Explanation => {
  const { moves, nextAdmission, ramp, since: changedAt, ...rest } = view
  return {
    ...rest,
    key,
    inStateFor: view.generation === 0 ? undefined : since(changedAt, now),
    admitsIn: nextAdmission === undefined ? Duration.zero : Duration.millis(Math.max(0, nextAdmission - now)),
    ramp: ramp && { share: ramp.share, endsIn: since(now, ramp.until) },
    moves: aged(moves, now),
    transitions: aged(behind.transitions, now),
    openedBy: behind.openedBy === "" ? undefined : behind.openedBy,
    probed: Object.fromEntries(behind.probed ?? []),
    cause: Describe.cause(view, behind, now),
    text: Describe.tell(key, view, behind, now)
  }
}

const since = (at: number, now: number): Duration.Duration => Duration.millis(Math.max(0, now - at))

const aged = <A extends { readonly at: number }>(
  all: ReadonlyArray<A>,
  now: number
): ReadonlyArray<A & { readonly ago: Duration.Duration }> =>
  Array.from(all, (one) => ({ ...one, ago: since(one.at, now) }))
