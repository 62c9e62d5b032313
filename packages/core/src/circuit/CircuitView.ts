/**
 * What can be read of a circuit, at a time given.
 *
 * @since 0.1.0
 */
import type { CircuitPolicy } from "./CircuitPolicy.ts"
import type { Circuit, HalfOpen, Lease, Mode, Move, State, Status, Transition } from "./CircuitState.ts"
import * as SlowStart from "./SlowStart.ts"
import { strain } from "../health/Traffic.ts"

/**
 * What can be read of a circuit at one time.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly status: Status
  readonly mode: Mode
  readonly score: number
  /** The score at which the model trips. */
  readonly openBelow: number
  readonly strain: number
  readonly since: number
  /** The earliest next admission; `undefined` when one is possible now. */
  readonly nextAdmission: number | undefined
  /** In slow start, the share of the attempts that is admitted now and when all are; otherwise `undefined`. */
  readonly ramp: { readonly share: number; readonly until: number } | undefined
  /** Probes in flight, of at most `permits`. */
  readonly probes: number
  readonly permits: number
  /** The score at which HalfOpen closes. */
  readonly closeAt: number
  readonly openings: number
  readonly generation: number
  readonly moves: ReadonlyArray<Move>
}

/**
 * What a caller meets.
 *
 * @category getters
 * @since 0.1.0
 */
export const status = <S>(self: Circuit<S>): Status =>
  self.mode._tag === "Isolated" || self.mode._tag === "Disabled" ? self.mode._tag : self.state._tag

/**
 * Whether nothing is admitted for now: Open or Isolated. `Observing` never rejects.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isRejecting = <S>(self: Circuit<S>): boolean =>
  self.mode._tag === "Isolated" || (self.mode._tag === "Automatic" && self.state._tag === "Open")

/**
 * Whether nothing would be lost but statistics if the key were forgotten: closed by the rules, with no manual mode, no probe and no
 * ramp.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isIdle = <S>(self: Circuit<S>): boolean =>
  self.mode._tag === "Automatic" && self.state._tag === "Closed" && self.state.ramp === undefined

/**
 * Whether the open time, the last lease or the ramp ended before `before` and nobody has asked since: only the memory of openings would
 * be lost.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSpent = <S>(self: Circuit<S>, before: number): boolean => {
  if (self.mode._tag !== "Automatic") return false
  switch (self.state._tag) {
    case "Closed":
      return self.state.ramp !== undefined && self.state.ramp.until < before
    case "Open":
      return self.state.until < before
    case "HalfOpen":
      return self.state.since < before && self.state.leases.every((lease) => lease.until < before)
  }
}

/**
 * The health score in [0, 1]: the model's while Closed, the one that opened it while Open, the probes' while HalfOpen.
 *
 * @category getters
 * @since 0.1.0
 */
export const score = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): number => {
  switch (self.state._tag) {
    case "Closed":
      return policy.model.score(self.health, now)
    case "Open":
      return self.state.score
    case "HalfOpen":
      return 1 - self.state.suspicion
  }
}

/**
 * Leases that have not ended.
 *
 * @category getters
 * @since 0.1.0
 */
export const heldLeases = (self: HalfOpen, now: number): ReadonlyArray<Lease> =>
  self.leases.every((lease) => lease.until > now) ? self.leases : self.leases.filter((lease) => lease.until > now)

/**
 * When the first of the leases ends.
 *
 * @category getters
 * @since 0.1.0
 */
export const firstEnd = (leases: ReadonlyArray<Lease>): number =>
  leases.reduce((end, { until }) => Math.min(end, until), Infinity)

/**
 * Everything that can be read at `now`.
 *
 * @category getters
 * @since 0.1.0
 */
export const view = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): View => ({
  status: status(self),
  mode: self.mode,
  score: score(policy, self, now),
  openBelow: policy.model.openBelow,
  strain: strain(self.traffic, policy.model.probation.n, now),
  since: Math.max(self.state.since, self.mode.since),
  nextAdmission: nextAdmission(policy, self, now),
  ramp: ramp(policy, self, now),
  probes: self.state._tag === "HalfOpen" ? heldLeases(self.state, now).length : 0,
  permits: policy.permits,
  closeAt: policy.closeAt,
  openings: self.openings.inARow,
  generation: self.generation,
  moves: self.moves
})

/**
 * The change between two versions of one circuit; `undefined` where neither its state nor its mode is another.
 *
 * @category getters
 * @since 0.1.0
 */
export const transition = <S>(
  policy: CircuitPolicy<S>,
  before: Circuit<S>,
  after: Circuit<S>
): Transition | undefined => {
  if (before.generation === after.generation) return undefined
  // Open by itself, and now because the fleet has it open.
  if (before.mode === after.mode && before.state._tag === after.state._tag) return undefined
  const at = Math.max(after.state.since, after.mode.since)
  return {
    from: status(before),
    to: status(after),
    mode: after.mode._tag,
    reason: before.mode === after.mode ? "" : after.mode.reason,
    at,
    generation: after.generation,
    score: score(policy, after, at),
    openings: after.openings.inARow,
    until: after.state._tag === "Open" ? after.state.until : undefined
  }
}

/**
 * When the next admission is possible; `undefined` for now.
 *
 * @category getters
 * @since 0.1.0
 */
export const nextAdmission = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): number | undefined => {
  switch (self.mode._tag) {
    case "Isolated":
      return Infinity
    case "Disabled":
    case "Observing":
      return undefined
    case "Automatic":
      return ruled(policy, self.state, now)
  }
}

const ruled = <S>(policy: CircuitPolicy<S>, state: State, now: number): number | undefined => {
  switch (state._tag) {
    case "Closed":
      return SlowStart.nextAdmission(policy.slowStart, state, now)
    case "Open":
      return state.until > now ? state.until : undefined
    case "HalfOpen": {
      const leases = heldLeases(state, now)
      return leases.length < policy.permits ? undefined : firstEnd(leases)
    }
  }
}

const ramp = <S>({ slowStart }: CircuitPolicy<S>, { mode, state }: Circuit<S>, now: number): View["ramp"] => {
  if (mode._tag === "Isolated" || state._tag !== "Closed" || state.ramp === undefined) return undefined
  const share = SlowStart.share(slowStart, state, now)
  return share === 1 ? undefined : { share, until: state.ramp.until }
}
