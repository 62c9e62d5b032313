/**
 * One judgement of a key shared by several processes: evidence comes in batches, probes by lease.
 *
 * All times of it are the store's; a store keeps it as text and swaps it, and decides nothing itself.
 *
 * @since 0.1.0
 */
import * as Circuit from "../circuit/Circuit.ts"
import type { CircuitPolicy } from "../circuit/CircuitPolicy.ts"
import type { Batch } from "./FleetBatch.ts"
import type { Policy, Shared } from "./FleetShared.ts"
import { epsilon } from "../health/Model.ts"
import { InvalidOption, check, count } from "../options/InvalidOption.ts"
import { opened } from "../circuit/CircuitEvidence.ts"
import * as Traffic from "../health/Traffic.ts"

export { type Batch, add, addSuccesses, batch, combine, isUrgent } from "./FleetBatch.ts"
export { type Link, follow, isFollowing, localPermit, unlinked } from "./FleetLink.ts"
export { barred, orphaned } from "./FleetProbe.ts"
export { decode, encode } from "./FleetRecord.ts"
export type { Policy, Shared } from "./FleetShared.ts"

/**
 * Options of a fleet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Processes that must have failed before the shared circuit opens. Default: 2. */
  readonly witnesses?: number | undefined
}

/**
 * The defaults of the options.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = { witnesses: 2 } as const

/**
 * The rules by which a fleet shares the circuits of a policy.
 *
 * Only a model that may be told sums can be shared: `ledger`, `additive` and `cusum`. Throws `InvalidOption`.
 *
 * **Example** (A model that cannot be shared)
 *
 * ```ts
 * import { CircuitPolicy, Fleet, HealthModel, InvalidOption } from "@truce/core"
 *
 * let message = ""
 * try {
 *   Fleet.make(CircuitPolicy.make(HealthModel.consecutive()))
 * } catch (error) {
 *   if (error instanceof InvalidOption.InvalidOption) message = error.message
 * }
 * message // => 'Fleet.make: model must be one that adds up what it is told (ledger, additive, cusum), got "consecutive"'
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <S>(policy: CircuitPolicy<S>, options: Options = {}): Policy<S> => {
  if (policy.model.isLinear !== true) {
    const rule = "one that adds up what it is told (ledger, additive, cusum)"
    throw new InvalidOption("Fleet.make", "model", rule, policy.model.name)
  }
  return { ...policy, witnesses: check("Fleet.make", "witnesses", options.witnesses, defaults.witnesses, count) }
}

/**
 * The judgement of a key that no process has told of: closed, with a score of 1.
 *
 * Its generations start from the store's time, so that those of a record that was lost do not come back.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty = <S>(policy: Policy<S>, seed: number, now: number): Shared<S> => ({
  circuit: {
    ...Circuit.make(policy, seed),
    state: { _tag: "Closed", since: now, ramp: undefined },
    generation: Math.max(0, Math.floor(now))
  },
  witnesses: []
})

/**
 * The judgement after one batch; at most one transition.
 *
 * The score moves by one step of the summed masses, which is the least suspicion any order of the attempts could leave, and below it by
 * at most min(F, rho V) / n. It opens when the model trips and enough processes have failed, or by a failure that `opens`. A batch of another generation, or one that
 * finds the circuit not Closed, leaves the same reference.
 *
 * **Example** (Two witnesses)
 *
 * ```ts
 * import { CircuitPolicy, Fleet, HealthModel } from "@truce/core"
 *
 * const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
 * const failed = (process: string) => ({ ...Fleet.batch(process, 0), failure: 9, raw: 9, attempts: 9 })
 * const one = Fleet.merge(policy, Fleet.empty(policy, 42, 0), failed("web-1"), 0)
 * const two = Fleet.merge(policy, one, failed("web-2"), 0)
 * const states = [one.circuit.state._tag, two.circuit.state._tag]
 * states // => ["Closed", "Open"]
 * ```
 *
 * @category transitions
 * @since 0.1.0
 */
export const merge = <S>(policy: Policy<S>, self: Shared<S>, batch: Batch, now: number): Shared<S> => {
  const { circuit } = self
  if (batch.generation !== undefined && batch.generation !== circuit.generation) return self
  if (batch.attempts === 0 || circuit.state._tag !== "Closed" || circuit.mode._tag !== "Automatic") return self
  const { model } = policy
  const traffic = Traffic.add(circuit.traffic, batch.attempts, batch.raw, now)
  const health = model.observe(circuit.health, batch, traffic, now)
  const score = model.score(health, now)
  const seen = batch.failure > 0 ? witnessed(policy, self.witnesses, batch.process) : self.witnesses
  const witnesses = score >= 1 - epsilon ? none : seen
  const next = { ...circuit, health, traffic }
  // A dependency that speaks for all callers needs no second witness.
  return batch.opens || (batch.failure > 0 && witnesses.length >= policy.witnesses && model.trips(health, now))
    ? {
        circuit: opened(policy, { ...next, state: circuit.state }, score, batch.retryAfterMillis, now),
        witnesses: none
      }
    : { circuit: next, witnesses }
}

/**
 * Asks to run one attempt of the whole fleet, as `Circuit.admit` decides: the permits of HalfOpen are the fleet's.
 *
 * @category transitions
 * @since 0.1.0
 */
export const lease = <S>(policy: Policy<S>, self: Shared<S>, now: number): readonly [Shared<S>, Circuit.Decision] => {
  const [circuit, decision] = Circuit.admit(policy, self.circuit, now)
  return [circuit === self.circuit ? self : { ...self, circuit }, decision]
}

/**
 * Records the outcome of a probe and gives its lease back; an ignored one gives it back alone.
 *
 * The same reference for a permit of another generation, for one whose lease is gone, and for one that is no probe: those come in
 * batches.
 *
 * @category transitions
 * @since 0.1.0
 */
export const settleProbe = <S>(
  policy: Policy<S>,
  self: Shared<S>,
  settled: Circuit.Settled,
  now: number
): Shared<S> => {
  if (settled.permit.probe === 0) return self
  const circuit = Circuit.settle(policy, self.circuit, settled, now)
  return circuit === self.circuit ? self : { ...self, circuit }
}

const none: ReadonlyArray<number> = []

// The smallest q of all hashes: whatever the order and however often, the same, and q of them exactly when q processes were seen.
const witnessed = <S>(policy: Policy<S>, known: ReadonlyArray<number>, process: string): ReadonlyArray<number> => {
  const own = hash(process)
  if (known.includes(own)) return known
  return [...known, own].sort((a, b) => a - b).slice(0, policy.witnesses)
}

/** 32 bits of FNV-1a over the UTF-16 units. */
const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
