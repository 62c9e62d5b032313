import { InvalidOption, check, properFraction, names } from "../options/InvalidOption.ts"
import type { Rule } from "../options/InvalidOption.ts"
import { type HealthModel, clamp01, defaultProbation, epsilon, numbers } from "./Model.ts"

/**
 * The state of `cusum`: the reflected sum of log-likelihood ratios.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cusum {
  readonly evidence: number
}

const runLength: Rule = { text: "a finite number greater than 1", holds: (n) => Number.isFinite(n) && n > 1 }

/**
 * Page's cumulative sum test of "attempts fail at rate p0" against "at rate p1".
 *
 * A failure adds ln(p1/p0), a success takes ln((1-p0)/(1-p1)), and the sum trips at ln(arl), which keeps the mean number of
 * attempts between false trips at `arl` or more (Lorden 1971). Failures count undiscounted. One call bears
 * `ceil(ln(arl) / ln(p1/p0)) - 1` failed attempts: 4 with the defaults.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Testing 1 % against 30 %)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.cusum({ p0: 0.01, p1: 0.3, arl: 1_000_000 }).name // => "cusum"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const cusum = (
  options: {
    /** Failure rate of a healthy dependency, in (0, 1). Default: 0.05. */
    readonly p0?: number | undefined
    /** Failure rate of a broken one, in (p0, 1). Default: 0.5. */
    readonly p1?: number | undefined
    /** Mean attempts between false trips, greater than 1. Default: e^10, about 22 000. */
    readonly arl?: number | undefined
  } = {}
): HealthModel<Cusum> => {
  const owner = "HealthModel.cusum"
  names(owner, options, ["p0", "p1", "arl"])
  const p0 = check(owner, "p0", options.p0, 0.05, properFraction)
  const p1 = check(owner, "p1", options.p1, 0.5, properFraction)
  const arl = check(owner, "arl", options.arl, Math.exp(10), runLength)
  if (p1 <= p0) throw new InvalidOption(owner, "p1", `greater than p0 (${p0})`, p1)
  const up = Math.log(p1 / p0)
  const down = Math.log((1 - p0) / (1 - p1))
  const limit = Math.log(arl)
  const init: Cusum = { evidence: 0 }
  return {
    name: "cusum",
    parameters: { p0, p1, arl },
    openBelow: 0,
    discount: 1,
    probation: defaultProbation,
    init,
    isLinear: true,
    isUnmoved: (self, mass) => self.evidence === 0 && mass.failure === 0,
    observe: (self, mass) => {
      const evidence = Math.max(0, self.evidence + up * mass.failure - down * mass.success)
      return evidence === self.evidence ? self : { evidence }
    },
    score: (self) => clamp01(1 - self.evidence / limit),
    trips: (self) => self.evidence >= limit - epsilon,
    resume: () => init,
    encode: (self) => self,
    decode: (data) => {
      const found = numbers(data, ["evidence"])
      return found && found.evidence >= 0 ? found : undefined
    }
  }
}
