import { check, count, names } from "../options/InvalidOption.ts"
import { type HealthModel, clamp01, defaultProbation, epsilon, numbers } from "./Model.ts"

/**
 * The state of `consecutive`: failed weight since the last success.
 *
 * @category models
 * @since 0.1.0
 */
export interface Consecutive {
  readonly failures: number
}

/**
 * Trips after failures in a row; any success forgets them all.
 *
 * Failures add their weight undiscounted. One call bears `failures - 1` failed attempts: with the default, a call of 5 attempts can
 * open a healthy circuit alone.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Counting to five)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.consecutive().parameters // => { failures: 5 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const consecutive = (
  options: {
    /** Failures in a row that trip, at least 1. Default: 5. */
    readonly failures?: number | undefined
  } = {}
): HealthModel<Consecutive> => {
  const owner = "HealthModel.consecutive"
  names(owner, options, ["failures"])
  const limit = check(owner, "failures", options.failures, 5, count)
  const init: Consecutive = { failures: 0 }
  return {
    name: "consecutive",
    parameters: { failures: limit },
    openBelow: 0,
    discount: 1,
    probation: defaultProbation,
    init,
    isUnmoved: (self, mass) => self.failures === 0 && mass.failure === 0,
    observe: (self, mass) =>
      mass.failure > 0 ? { failures: self.failures + mass.failure } : self.failures === 0 ? self : init,
    score: (self) => clamp01(1 - self.failures / limit),
    trips: (self) => self.failures >= limit - epsilon,
    resume: () => init,
    encode: (self) => self,
    decode: (data) => {
      const found = numbers(data, ["failures"])
      return found && found.failures >= 0 ? found : undefined
    }
  }
}
