import { check, count, positive, properFraction, names } from "../options/InvalidOption.ts"
import { type HealthModel, defaultProbation, numbers } from "./Model.ts"

/**
 * The state of `ewma`: the mean as of `at`, and how many attempts were seen, up to `min`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ewma {
  readonly mean: number
  readonly seen: number
  readonly at: number
}

/**
 * A mean of successes that forgets exponentially in time; trips below `threshold` once `min` attempts were seen.
 *
 * The weight of an attempt is 1 - exp(-dt / window), dt the time since the attempt before: of several at one instant only the first
 * counts, and after a pause longer than the window ONE failure trips. Failures count undiscounted. One call bears any number of
 * failed attempts within the first `window * ln(1 / threshold)` (6.7 s with the defaults) after a healthy stream, and none after a
 * pause.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Reading the defaults)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.ewma().parameters // => { windowMillis: 30_000, threshold: 0.8, min: 5 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ewma = (
  options: {
    /** Time constant, in ms. Default: 30 000. */
    readonly windowMillis?: number | undefined
    /** Success rate below which it trips, in (0, 1). Default: 0.8. */
    readonly threshold?: number | undefined
    /** Attempts seen before it may trip. Default: 5. */
    readonly min?: number | undefined
  } = {}
): HealthModel<Ewma> => {
  const owner = "HealthModel.ewma"
  names(owner, options, ["windowMillis", "threshold", "min"])
  const windowMillis = check(owner, "windowMillis", options.windowMillis, 30_000, positive)
  const threshold = check(owner, "threshold", options.threshold, 0.8, properFraction)
  const min = check(owner, "min", options.min, 5, count)
  const init: Ewma = { mean: 1, seen: 0, at: 0 }
  return {
    name: "ewma",
    parameters: { windowMillis, threshold, min },
    openBelow: threshold,
    discount: 1,
    probation: defaultProbation,
    init,
    observe: (self, mass, _, now) => {
      const gain = self.seen === 0 ? 1 : now > self.at ? 1 - Math.exp((self.at - now) / windowMillis) : 0
      const mean = self.mean + gain * (mass.success * (1 - self.mean) - mass.failure * self.mean)
      return { mean, seen: Math.min(min, self.seen + 1), at: Math.max(self.at, now) }
    },
    score: (self) => self.mean,
    trips: (self) => self.seen >= min && self.mean < threshold,
    resume: (_, __, now) => ({ ...init, at: now }),
    encode: (self) => self,
    decode: (data, shift) => {
      const found = numbers(data, ["mean", "seen", "at"])
      return found && found.mean >= 0 && found.mean <= 1 && found.seen >= 0
        ? { ...found, at: found.at + shift }
        : undefined
    }
  }
}
