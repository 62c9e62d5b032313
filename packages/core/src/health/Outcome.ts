/**
 * What one attempt says about the dependency.
 *
 * An outcome never says whether the caller may try again: that is the classifier's and the retry's business.
 *
 * @since 0.1.0
 */
import { InvalidOption, check, fraction, nonNegative } from "../options/InvalidOption.ts"

/**
 * The attempt was answered; `slow` when the answer took longer than the slow threshold.
 *
 * @category models
 * @since 0.1.0
 */
export interface Success {
  readonly _tag: "Success"
  readonly slow: boolean
}

/**
 * The dependency answered, and its answer is no: a permanent error, a 404.
 *
 * A closed circuit learns nothing of it: it heals nothing and resets nothing. For a probe it is a success: what answers is up.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answered {
  readonly _tag: "Answered"
}

/**
 * The attempt failed in a way that speaks about the dependency.
 *
 * `weight` in (0, 1]: 1 for an error, a refused connection or a timeout, 0.35 for a throttle. `saturated` when load is the
 * likely cause (a timeout, an overload, a throttle): the retry budget prices such a retry at a full token.
 * `retryAfterMillis` is the dependency's own wish. `opens` where it speaks for all callers, as a quota that they share: the circuit
 * opens at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  readonly _tag: "Failure"
  readonly weight: number
  readonly saturated: boolean
  readonly retryAfterMillis: number | undefined
  readonly opens: boolean
}

/**
 * The attempt says nothing about the dependency: it was never asked, or nobody waited for what it would have said.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ignored {
  readonly _tag: "Ignored"
}

/**
 * What one attempt says about the dependency.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = Success | Answered | Failure | Ignored

/**
 * An outcome as numbers: `failure` mass (after the discount for failed attempts of the same call), `success` mass, and the
 * failure's weight before the discount.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mass {
  readonly failure: number
  readonly success: number
  readonly raw: number
}

/**
 * A fast answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const success: Success = { _tag: "Success", slow: false }

/**
 * An answer that took longer than the slow threshold.
 *
 * @category constructors
 * @since 0.1.0
 */
export const slowSuccess: Success = { _tag: "Success", slow: true }

/**
 * An answer that is no.
 *
 * @category constructors
 * @since 0.1.0
 */
export const answered: Answered = { _tag: "Answered" }

/**
 * No evidence.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ignored: Ignored = { _tag: "Ignored" }

/**
 * The weight of a throttled attempt ("slow down", not "broken"): 0.35, the price of a throttle over that of an error in the
 * AWS SDK's retry quota (5/14).
 *
 * @category constants
 * @since 0.1.0
 */
export const throttleWeight = 0.35

/**
 * A failure of weight 1, not saturated, that does not open by itself, unless the options say otherwise.
 *
 * Throws `InvalidOption` for a weight outside (0, 1] or a negative `retryAfterMillis`.
 *
 * **Example** (Weighing a throttle)
 *
 * ```ts
 * import { Outcome } from "@truce/core"
 *
 * const throttled = Outcome.failure({ weight: Outcome.throttleWeight, saturated: true, retryAfterMillis: 2_000 })
 * throttled.weight // => 0.35
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const failure = (options?: {
  readonly weight?: number | undefined
  readonly saturated?: boolean | undefined
  readonly retryAfterMillis?: number | undefined
  readonly opens?: boolean | undefined
}): Failure => {
  const weight = check("Outcome.failure", "weight", options?.weight, 1, fraction)
  if (weight === 0) throw new InvalidOption("Outcome.failure", "weight", "greater than 0 and at most 1", weight)
  const retryAfterMillis = options?.retryAfterMillis
  if (retryAfterMillis !== undefined) {
    check("Outcome.failure", "retryAfterMillis", retryAfterMillis, 0, nonNegative)
  }
  return {
    _tag: "Failure",
    weight,
    saturated: options?.saturated ?? false,
    retryAfterMillis,
    opens: options?.opens ?? false
  }
}

/**
 * A timeout: a saturated failure of weight 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const timedOut: Failure = failure({ saturated: true })

/**
 * Whether the end of an attempt was noticed so late that the process itself had stalled: past its time limit by more than half of it, and
 * by more than 50 ms. What such an attempt seems to say, its dependency did not say.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isStalled = (durationMillis: number, limitMillis: number): boolean =>
  durationMillis - limitMillis > Math.max(limitMillis / 2, 50)

/**
 * Whether load is the likely cause: a slow answer or a saturated failure.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSaturated = (outcome: Outcome): boolean => {
  switch (outcome._tag) {
    case "Success":
      return outcome.slow
    case "Failure":
      return outcome.saturated
    case "Answered":
    case "Ignored":
      return false
  }
}

/**
 * The outcome once its duration is known: an answer or failure slower than the threshold counts as slow or saturated.
 *
 * @category combinators
 * @since 0.1.0
 */
export const timed = (outcome: Outcome, durationMillis: number, slowAfterMillis: number): Outcome => {
  if (durationMillis <= slowAfterMillis || isSaturated(outcome)) return outcome
  switch (outcome._tag) {
    case "Success":
      return slowSuccess
    case "Failure":
      return { ...outcome, saturated: true }
    case "Answered":
    case "Ignored":
      return outcome
  }
}

const none: Mass = { failure: 0, success: 0, raw: 0 }
const full: Mass = { failure: 0, success: 1, raw: 0 }

/**
 * The masses of an outcome: the j-th failed attempt of one call weighs `discount ** j`, a slow success is `slowWeight` failure and
 * `1 - slowWeight` success, an answer is a success (of a probe; elsewhere nobody asks).
 *
 * The discount is the effective sample size of correlated attempts: a call that fails is over-sampled by its own retries.
 *
 * @category combinators
 * @since 0.1.0
 */
export const mass = (outcome: Outcome, failedBefore: number, discount: number, slowWeight: number): Mass => {
  switch (outcome._tag) {
    case "Success":
      return outcome.slow && slowWeight > 0 ? { failure: slowWeight, success: 1 - slowWeight, raw: slowWeight } : full
    case "Failure":
      return { failure: outcome.weight * discount ** failedBefore, success: 0, raw: outcome.weight }
    case "Answered":
      return full
    case "Ignored":
      return none
  }
}
