/**
 * The circuit breaker as a pure state machine: `admit`, `settle`, `release`, `record`.
 *
 * It never waits, never reads a clock and never runs the attempt. Time is a parameter; randomness is the seed given to `make`.
 *
 * @since 0.1.0
 */
import type { Circuit, Closed, Decision, HalfOpen, Mode, Permit, Rejected, Settled } from "./CircuitState.ts"
import type { CircuitPolicy } from "./CircuitPolicy.ts"
import { firstEnd, heldLeases, score } from "./CircuitView.ts"
import { judge } from "./CircuitEvidence.ts"
import { type Outcome, ignored, timedOut } from "../health/Outcome.ts"
import * as SlowStart from "./SlowStart.ts"
import * as Traffic from "../health/Traffic.ts"

export type {
  Admitted,
  Circuit,
  Closed,
  Decision,
  HalfOpen,
  Lease,
  Mode,
  Move,
  Open,
  Openings,
  Permit,
  Ramp,
  Rejected,
  Settled,
  State,
  Status,
  Transition
} from "./CircuitState.ts"
export {
  type View,
  heldLeases,
  isIdle,
  isRejecting,
  isSpent,
  nextAdmission,
  score,
  status,
  transition,
  view
} from "./CircuitView.ts"
export { counted } from "./CircuitEvidence.ts"
export { disable, isolate, observe, reset } from "./CircuitControl.ts"

const automatic: Mode = { _tag: "Automatic", reason: "", since: 0 }
const closed: Closed = { _tag: "Closed", since: 0, ramp: undefined }
const neverOpened = { inARow: 0, lastMillis: 0, rampMillis: 0 }
const none: Circuit<never>["moves"] = []

/**
 * A closed circuit that has seen nothing. The seed (a whole number) spreads its open times.
 *
 * **Example** (One attempt, admitted and settled)
 *
 * ```ts
 * import { Circuit, CircuitPolicy, HealthModel, Outcome } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.ledger())
 * const start = Circuit.make(policy, 42)
 * const [admitted, decision] = Circuit.admit(policy, start, 0)
 * const after = decision._tag === "Admitted"
 *   ? Circuit.settle(policy, admitted, { permit: decision.permit, outcome: Outcome.failure(), failedBefore: 0 }, 10)
 *   : admitted
 * Circuit.score(policy, after, 10) // => 0.8
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <S>(policy: CircuitPolicy<S>, seed: number): Circuit<S> => ({
  mode: automatic,
  state: closed,
  generation: 0,
  openings: neverOpened,
  seed,
  health: policy.model.init,
  traffic: Traffic.none,
  moves: none
})

/**
 * The circuit under a policy whose model is another than before (`HealthModel.opaque`): its state is converted once, at `now`. The same
 * reference where there is nothing to convert.
 *
 * @category transitions
 * @since 0.1.0
 */
export const adopt = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): Circuit<S> => {
  const health = policy.model.adopt?.(self.health, now) ?? self.health
  return health === self.health ? self : { ...self, health }
}

/**
 * Only the score of one outcome, for a key that no circuit guards: the model moves, nothing opens.
 *
 * @category transitions
 * @since 0.1.0
 */
export const scoreOnly = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, outcome: Outcome, now: number): Circuit<S> =>
  judge(policy, self, { outcome, failedBefore: 0 }, now, "score-only")

/**
 * Asks to run one attempt.
 *
 * | state | decision |
 * |---|---|
 * | Closed, Disabled | admitted, the circuit is the same reference |
 * | Closed on a ramp | a share is admitted, the others are rejected with the status `SlowStart` |
 * | Open before `until`, Isolated | rejected, the same reference |
 * | Open from `until` on | enters HalfOpen with a score of 0; admitted as its first probe |
 * | HalfOpen with a free permit | admitted as a probe with a lease |
 * | HalfOpen without | rejected until the first lease ends |
 * | Observing | what Automatic would decide, but a rejected attempt runs and is not judged |
 *
 * `lent` is the permit of the attempt that this one is made inside of, if any. As long as it is a probe's, and held, this attempt runs
 * under it, and is settled in its place: so that a call which calls the same key cannot shut itself out.
 *
 * @category transitions
 * @since 0.1.0
 */
export const admit = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  now: number,
  lent?: Permit
): readonly [Circuit<S>, Decision] => {
  if (lent !== undefined && isHeld(self, lent, now)) return [self, admitted(lent)]
  switch (self.mode._tag) {
    case "Isolated":
      return [self, rejected(policy, self, "Isolated", Infinity, now)]
    case "Disabled":
      return [self, pass(self)]
    case "Automatic":
      return byState(policy, self, now)
    case "Observing": {
      const [next, decision] = byState(policy, self, now)
      return decision._tag === "Admitted"
        ? [next, decision]
        : [next, admitted({ generation: self.generation, probe: 0, judged: false })]
    }
  }
}

/**
 * The permit of an attempt that needs no decision (Closed by the rules with no ramp, or Disabled): the fast way to what `admit` would
 * answer.
 *
 * @category getters
 * @since 0.1.0
 */
export const standing = <S>(self: Circuit<S>): Permit | undefined =>
  self.mode._tag === "Disabled" ||
  (self.state._tag === "Closed" && self.state.ramp === undefined && self.mode._tag !== "Isolated")
    ? { generation: self.generation, probe: 0, judged: true }
    : undefined

/**
 * Whether the permit is a probe's that has neither been settled nor run out of its lease.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isHeld = <S>({ generation, state }: Circuit<S>, permit: Permit, now: number): boolean =>
  permit.generation === generation &&
  state._tag === "HalfOpen" &&
  state.leases.some(({ probe, until }) => probe === permit.probe && until > now)

/**
 * What the interruption of an attempt says: nothing, or that it had waited in vain (`Traffic.isOverdue`), which is a timeout.
 *
 * `abandonedAfterMillis` takes the place of that rule with a time of its own; Infinity for never. Nothing where nobody timed the attempt.
 *
 * **Example** (A caller who gives up)
 *
 * ```ts
 * import { Circuit, CircuitPolicy, HealthModel, Outcome } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.ledger())
 * const permit = { generation: 0, probe: 0, judged: true }
 * const success = { permit, outcome: Outcome.success, failedBefore: 0, startedAt: 0 }
 * const circuit = Circuit.settle(policy, Circuit.make(policy, 42), success, 300)
 *
 * const early = Circuit.interrupted(circuit.traffic, 1_000, 1_250)
 * const late = Circuit.interrupted(circuit.traffic, 1_000, 1_350)
 * const outcomes = [early._tag, late._tag]
 * outcomes // => ["Ignored", "Failure"]
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const interrupted = (
  traffic: Traffic.Traffic,
  startedAt: number | undefined,
  now: number,
  abandonedAfterMillis?: number
): Outcome => {
  if (startedAt === undefined) return ignored
  const isAbandoned =
    abandonedAfterMillis === undefined
      ? Traffic.isOverdue(traffic, startedAt, now)
      : now - startedAt >= abandonedAfterMillis
  return isAbandoned ? timedOut : ignored
}

/**
 * Records the outcome of an admitted attempt and gives its permit back.
 *
 * A permit of another generation leaves the circuit as it is, the same reference; so does a probe whose lease has ended, but for the
 * lease.
 *
 * @category transitions
 * @since 0.1.0
 */
export const settle = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, settled: Settled, now: number): Circuit<S> => {
  const { permit } = settled
  if (permit.generation !== self.generation || !permit.judged) return self
  if (self.state._tag !== "HalfOpen" || permit.probe === 0) return judge(policy, self, settled, now)
  const lease = self.state.leases.find((held) => held.probe === permit.probe)
  if (lease === undefined) return self
  const leases = self.state.leases.filter((held) => held !== lease)
  const freed: Circuit<S> = { ...self, state: { ...self.state, leases } }
  return lease.until > now ? judge(policy, freed, settled, now) : freed
}

/**
 * Gives a permit back without evidence.
 *
 * @category transitions
 * @since 0.1.0
 */
export const release = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, permit: Permit, now: number): Circuit<S> =>
  settle(policy, self, { permit, outcome: ignored, failedBefore: 0 }, now)

/**
 * Records evidence from outside the calls, such as an active check. While Open or Isolated it is not heard.
 *
 * @category transitions
 * @since 0.1.0
 */
export const record = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, outcome: Outcome, now: number): Circuit<S> =>
  self.mode._tag === "Isolated" ? self : judge(policy, self, { outcome, failedBefore: 0 }, now)

/**
 * Whether two versions judge alike: they differ at most in the traffic, a statistic.
 *
 * @category predicates
 * @since 0.1.0
 */
export const sameJudgement = <S>(self: Circuit<S>, that: Circuit<S>): boolean =>
  self.health === that.health &&
  self.state === that.state &&
  self.mode === that.mode &&
  self.generation === that.generation

const byState = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): readonly [Circuit<S>, Decision] => {
  switch (self.state._tag) {
    case "Closed": {
      const until = SlowStart.nextAdmission(policy.slowStart, self.state, now)
      const state = SlowStart.asked(policy.slowStart, self.state, now)
      return [
        state === self.state ? self : { ...self, state },
        until === undefined ? pass(self) : rejected(policy, self, "SlowStart", until, now)
      ]
    }
    case "Open":
      if (now < self.state.until) return [self, rejected(policy, self, "Open", self.state.until, now)]
      return probe(
        policy,
        { ...self, generation: self.generation + 1 },
        { _tag: "HalfOpen", since: now, suspicion: 1, leases: [], nextProbe: 1 },
        now
      )
    case "HalfOpen": {
      const leases = heldLeases(self.state, now)
      if (leases.length < policy.permits) return probe(policy, self, { ...self.state, leases }, now)
      return [self, rejected(policy, self, "HalfOpen", firstEnd(leases), now)]
    }
  }
}

const probe = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  state: HalfOpen,
  now: number
): readonly [Circuit<S>, Decision] => {
  const lease = { probe: state.nextProbe, until: now + policy.leaseMillis }
  return [
    { ...self, state: { ...state, leases: [...state.leases, lease], nextProbe: lease.probe + 1 } },
    admitted({ generation: self.generation, probe: lease.probe, judged: true })
  ]
}

const admitted = (permit: Permit): Decision => ({ _tag: "Admitted", permit })

const pass = <S>(self: Circuit<S>): Decision => admitted({ generation: self.generation, probe: 0, judged: true })

const rejected = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  status: Rejected["status"],
  until: number,
  now: number
): Rejected => ({
  _tag: "Rejected",
  status,
  until,
  score: score(policy, self, now),
  generation: self.generation
})
