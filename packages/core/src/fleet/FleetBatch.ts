/**
 * What one process has seen of a key since it last told the store: sums, however many attempts they are of.
 *
 * @since 0.1.0
 */
import type { CircuitPolicy } from "../circuit/CircuitPolicy.ts"
import type { Circuit, Settled } from "../circuit/CircuitState.ts"
import { epsilon } from "../health/Model.ts"
import { mass as massOf } from "../health/Outcome.ts"

/**
 * Sums over the attempts that ended since the last flush: their masses (`failure` after the discount, `raw` before it), the longest
 * `retryAfter` among them, 0 for none, and whether one of them `opens` by itself.
 *
 * `generation` is that of the shared circuit they belong to; `undefined` where the process has not read one yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch {
  readonly generation: number | undefined
  readonly process: string
  readonly failure: number
  readonly success: number
  readonly raw: number
  readonly attempts: number
  readonly retryAfterMillis: number
  readonly opens: boolean
}

/**
 * A batch of no attempts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const batch = (process: string, generation: number | undefined): Batch => ({
  generation,
  process,
  failure: 0,
  success: 0,
  raw: 0,
  attempts: 0,
  retryAfterMillis: 0,
  opens: false
})

/**
 * The batch with one more attempt; the same reference for one that is no evidence.
 *
 * Which attempts belong to the batch is the caller's to say: those whose permit the process's own circuit still knows.
 *
 * **Example** (Two attempts of one call)
 *
 * ```ts
 * import { CircuitPolicy, Fleet, HealthModel, Outcome } from "@truce/core"
 *
 * const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
 * const first = Fleet.add(policy, Fleet.batch("web-1", 0), { outcome: Outcome.failure(), failedBefore: 0 })
 * const second = Fleet.add(policy, first, { outcome: Outcome.failure(), failedBefore: 1 })
 * second.failure // => 1.5
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const add = <S>(
  policy: CircuitPolicy<S>,
  self: Batch,
  { failedBefore, outcome }: Pick<Settled, "outcome" | "failedBefore">
): Batch => {
  if (outcome._tag === "Ignored" || outcome._tag === "Answered") return self
  const mass = massOf(outcome, failedBefore, policy.model.discount, policy.slowWeight)
  // Field by field: a copy costs as much as all the rest, at every attempt.
  return {
    generation: self.generation,
    process: self.process,
    failure: self.failure + mass.failure,
    success: self.success + mass.success,
    raw: self.raw + mass.raw,
    attempts: self.attempts + 1,
    retryAfterMillis: Math.max(self.retryAfterMillis, outcome._tag === "Failure" ? (outcome.retryAfterMillis ?? 0) : 0),
    opens: self.opens || (outcome._tag === "Failure" && outcome.opens)
  }
}

/**
 * The batch after `count` fast successes more, as if they had been added one by one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const addSuccesses = (self: Batch, count: number): Batch =>
  count === 0 ? self : { ...self, success: self.success + count, attempts: self.attempts + count }

/**
 * Both batches of one process as one, for a flush that failed. Of two generations only the evidence of `that` counts, the later.
 *
 * @category combinators
 * @since 0.1.0
 */
export const combine = (self: Batch, that: Batch): Batch => {
  if (self.attempts === 0) return that
  if (self.generation !== that.generation && self.generation !== undefined) return that
  return {
    generation: that.generation,
    process: that.process,
    failure: self.failure + that.failure,
    success: self.success + that.success,
    raw: self.raw + that.raw,
    attempts: self.attempts + that.attempts,
    retryAfterMillis: Math.max(self.retryAfterMillis, that.retryAfterMillis),
    opens: self.opens || that.opens
  }
}

/** The share of what trips a healthy key that does not wait for the next flush. */
const urgentShare = 1 / 4

/**
 * Whether the batch should be flushed at once: it opens by itself, or its failures alone would take a healthy score a quarter of the way
 * to the trip.
 *
 * `local` is the process's own circuit; its traffic says how much one failure weighs.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isUrgent = <S>({ model }: CircuitPolicy<S>, local: Circuit<S>, self: Batch): boolean => {
  if (self.opens) return true
  if (self.failure === 0) return false
  const { at } = local.traffic
  const healthy = model.resume(model.init, 0, at)
  const after = model.observe(healthy, { failure: self.failure, success: 0, raw: self.raw }, local.traffic, at)
  return model.score(healthy, at) - model.score(after, at) >= urgentShare * (1 - model.openBelow) - epsilon
}
