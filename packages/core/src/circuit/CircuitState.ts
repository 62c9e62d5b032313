/**
 * The plain data a circuit is made of: its states, modes, permits, decisions and transitions.
 *
 * Types only; `Circuit` holds the rules. All times are milliseconds on one monotonic clock.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../health/Outcome.ts"
import type { Traffic } from "../health/Traffic.ts"

/**
 * Admits everything, or a growing share while it has a ramp.
 *
 * @category models
 * @since 0.1.0
 */
export interface Closed {
  readonly _tag: "Closed"
  readonly since: number
  readonly ramp: Ramp | undefined
}

/**
 * A slow start, from `since` of its Closed to `until`. `credit`, in [0, 1), is what is left of the shares that attempts brought: one is
 * admitted for a whole one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ramp {
  readonly until: number
  readonly credit: number
}

/**
 * Rejects everything until `until`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Open {
  readonly _tag: "Open"
  readonly since: number
  readonly until: number
  /** The score that opened it. */
  readonly score: number
}

/**
 * Admits at most `permits` probes at once and judges them from a score of 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface HalfOpen {
  readonly _tag: "HalfOpen"
  readonly since: number
  readonly suspicion: number
  readonly leases: ReadonlyArray<Lease>
  readonly nextProbe: number
}

/**
 * The right of one probe to run until `until`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  readonly probe: number
  readonly until: number
}

/**
 * The state the rules move.
 *
 * @category models
 * @since 0.1.0
 */
export type State = Closed | Open | HalfOpen

/**
 * Who decides: the rules (`Automatic`), an operator who forces it open (`Isolated`) or closed (`Disabled`), or the rules without
 * effect (`Observing`: they decide and report, and nothing is rejected).
 *
 * @category models
 * @since 0.1.0
 */
export interface Mode {
  readonly _tag: "Automatic" | "Isolated" | "Disabled" | "Observing"
  readonly reason: string
  readonly since: number
}

/**
 * What a caller meets: the state, or the manual mode that overrides it.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = State["_tag"] | "Isolated" | "Disabled"

/**
 * One outcome that moved the score.
 *
 * @category models
 * @since 0.1.0
 */
export interface Move {
  readonly at: number
  readonly outcome: Exclude<Outcome["_tag"], "Ignored">
  /** Failed weight after the discount; 0 for a fast success and for an answer. */
  readonly weight: number
  readonly before: number
  readonly after: number
}

/**
 * One circuit: immutable plain data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Circuit<S> {
  readonly mode: Mode
  readonly state: State
  /** Starts anew with every transition; a permit of another generation settles nothing. */
  readonly generation: number
  readonly openings: Openings
  readonly seed: number
  readonly health: S
  readonly traffic: Traffic
  /** The last outcomes that moved the score, oldest first, five at most. */
  readonly moves: ReadonlyArray<Move>
}

/**
 * How often the circuit has opened in a row, how long the last open time was, and how long the next close ramps up (0 for not at all).
 *
 * @category models
 * @since 0.1.0
 */
export interface Openings {
  readonly inARow: number
  readonly lastMillis: number
  readonly rampMillis: number
}

/**
 * The right to run one attempt, to be settled or released once. `probe` is 0 outside HalfOpen; `judged` is false for an attempt that
 * only `Observing` let pass.
 *
 * @category models
 * @since 0.1.0
 */
export interface Permit {
  readonly generation: number
  readonly probe: number
  readonly judged: boolean
}

/**
 * An admitted attempt that ended; `failedBefore` is the number of failed attempts before it in the same call, `startedAt` when it began,
 * left out where nobody timed it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settled {
  readonly permit: Permit
  readonly outcome: Outcome
  readonly failedBefore: number
  readonly startedAt?: number | undefined
}

/**
 * The attempt may run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Admitted {
  readonly _tag: "Admitted"
  readonly permit: Permit
}

/**
 * The attempt must not run. `until` is the earliest next admission: the end of the open time, of the first probe's lease, the point of
 * the ramp (`SlowStart`) at which it is admitted if nobody else asks before, or Infinity for `Isolated`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rejected {
  readonly _tag: "Rejected"
  readonly status: "Open" | "HalfOpen" | "Isolated" | "SlowStart"
  readonly until: number
  readonly score: number
  readonly generation: number
}

/**
 * The answer to a request for admission.
 *
 * @category models
 * @since 0.1.0
 */
export type Decision = Admitted | Rejected

/**
 * A change of state or mode, as told to who watches.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transition {
  readonly from: Status
  readonly to: Status
  readonly mode: Mode["_tag"]
  /** Of a manual change, the operator's words; otherwise empty. */
  readonly reason: string
  readonly at: number
  readonly generation: number
  readonly score: number
  /** Openings in a row, this one included. */
  readonly openings: number
  /** When the open time ends; `undefined` unless it opened. */
  readonly until: number | undefined
}
