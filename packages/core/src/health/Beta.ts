import { InvalidOption, check, positive, properFraction, names } from "../options/InvalidOption.ts"
import { type HealthModel, defaultProbation, epsilon, numbers } from "./Model.ts"

/**
 * The state of `beta`: discounted successes and failures as of `at`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Beta {
  readonly successes: number
  readonly failures: number
  readonly at: number
}

/**
 * The mean of a discounted Beta posterior of the success rate (Raj and Kalyani, arXiv:1707.09727), with `prior` successes assumed.
 *
 * Evidence halves in `halfLifeMillis` and never exceeds `cap` attempts; trips at or below `threshold`. Its state is two sums, which
 * merge by addition. Failures count undiscounted. One call bears `prior - 1` failed attempts at threshold 0.5: 7 with the defaults.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Reading the defaults)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.beta().parameters // => { halfLifeMillis: 60_000, cap: 40, prior: 8, threshold: 0.5 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const beta = (
  options: {
    /** Time in which evidence halves, in ms. Default: 60 000. */
    readonly halfLifeMillis?: number | undefined
    /** The most attempts remembered, at least 1. Default: 40. */
    readonly cap?: number | undefined
    /** Successes assumed before the first attempt. Default: 8. */
    readonly prior?: number | undefined
    /** Mean success rate that trips, at or below, in (0, 1). Default: 0.5. */
    readonly threshold?: number | undefined
  } = {}
): HealthModel<Beta> => {
  const owner = "HealthModel.beta"
  names(owner, options, ["halfLifeMillis", "cap", "prior", "threshold"])
  const halfLifeMillis = check(owner, "halfLifeMillis", options.halfLifeMillis, 60_000, positive)
  const cap = check(owner, "cap", options.cap, 40, {
    text: "a finite number of at least 1",
    holds: (n) => Number.isFinite(n) && n >= 1
  })
  const prior = check(owner, "prior", options.prior, 8, positive)
  const threshold = check(owner, "threshold", options.threshold, 0.5, properFraction)
  if (prior / (prior + cap) > threshold) {
    throw new InvalidOption(
      owner,
      "cap",
      `large enough that failures alone can trip: prior / (prior + cap) <= threshold (${threshold})`,
      cap
    )
  }
  const init: Beta = { successes: 0, failures: 0, at: 0 }
  const keptAt = (self: Beta, now: number): number => (now > self.at ? 2 ** ((self.at - now) / halfLifeMillis) : 1)
  const mean = (self: Beta, now: number): number => {
    const kept = keptAt(self, now)
    return (prior + self.successes * kept) / (prior + (self.successes + self.failures) * kept)
  }
  return {
    name: "beta",
    parameters: { halfLifeMillis, cap, prior, threshold },
    openBelow: threshold,
    discount: 1,
    probation: defaultProbation,
    init,
    observe: (self, mass, _, now) => {
      const kept = keptAt(self, now)
      const total = (self.successes + self.failures) * kept
      const room = Math.max(0, cap - mass.success - mass.failure)
      const scale = total > room ? (kept * room) / total : kept
      return {
        successes: self.successes * scale + mass.success,
        failures: self.failures * scale + mass.failure,
        at: Math.max(self.at, now)
      }
    },
    score: mean,
    trips: (self, now) => mean(self, now) <= threshold + epsilon,
    resume: (_, __, now) => ({ ...init, at: now }),
    encode: (self) => self,
    decode: (data, shift) => {
      const found = numbers(data, ["successes", "failures", "at"])
      return found && found.successes >= 0 && found.failures >= 0 ? { ...found, at: found.at + shift } : undefined
    }
  }
}
