import { InvalidOption, belowOne, check, share, names } from "../options/InvalidOption.ts"
import { type HealthModel, clamp01, defaultProbation, epsilon, numbers } from "./Model.ts"

/**
 * The state of `additive`: the score itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Additive {
  readonly score: number
}

/**
 * Steps of fixed size: a failure takes `down` from the score, a success gives `up`, whatever the traffic and the time.
 *
 * The defaults are those of the analysis this library grew from. Failures count undiscounted. One call bears
 * `ceil((1 - openBelow) / down) - 1` failed attempts: 3 with the defaults.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Reading the defaults)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.additive().parameters // => { down: 0.3, up: 0.5, openBelow: 0 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const additive = (
  options: {
    /** What a failure of weight 1 takes, in (0, 1]. Default: 0.3. */
    readonly down?: number | undefined
    /** What a success gives, in (0, 1]. Default: 0.5. */
    readonly up?: number | undefined
    /** The score that trips, at or below, in [0, 1). Default: 0. */
    readonly openBelow?: number | undefined
  } = {}
): HealthModel<Additive> => {
  const owner = "HealthModel.additive"
  names(owner, options, ["down", "up", "openBelow"])
  const down = check(owner, "down", options.down, 0.3, share)
  const up = check(owner, "up", options.up, 0.5, share)
  const openBelow = check(owner, "openBelow", options.openBelow, 0, belowOne)
  if (1 - down <= openBelow && openBelow > 0) {
    throw new InvalidOption(
      owner,
      "openBelow",
      `less than 1 - down (${1 - down}), or one failure opens the circuit`,
      openBelow
    )
  }
  const init: Additive = { score: 1 }
  return {
    name: "additive",
    parameters: { down, up, openBelow },
    openBelow,
    discount: 1,
    probation: defaultProbation,
    init,
    isLinear: true,
    isUnmoved: (self, mass) => self.score === 1 && mass.failure === 0,
    observe: (self, mass) => {
      const score = clamp01(self.score - down * mass.failure + up * mass.success)
      return score === self.score ? self : { score }
    },
    score: (self) => self.score,
    trips: (self) => self.score <= openBelow + epsilon,
    resume: () => init,
    encode: (self) => self,
    decode: (data) => {
      const found = numbers(data, ["score"])
      return found && found.score >= 0 && found.score <= 1 ? found : undefined
    }
  }
}
