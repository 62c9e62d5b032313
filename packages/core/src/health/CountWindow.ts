import { InvalidOption, check, count, share, names } from "../options/InvalidOption.ts"
import { type HealthModel, defaultProbation, epsilon } from "./Model.ts"
import * as BitQueue from "./BitQueue.ts"

/**
 * The state of `countWindow`: the last attempts as bits, and how many of them failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface CountWindow {
  readonly bits: BitQueue.BitQueue
  readonly failures: number
}

/**
 * The failure rate over the last `size` attempts; trips at `threshold` once `min` attempts are in the window.
 *
 * One bit an attempt, O(1) an update whatever the size. A failure of weight 0.5 or more counts as one, a lighter one (a throttle) is
 * not counted. Failures count undiscounted. One call bears any number of failed attempts below `threshold * size` (50 with the
 * defaults).
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Reading the defaults)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.countWindow().parameters // => { size: 100, threshold: 0.5, min: 100 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const countWindow = (
  options: {
    /** Attempts in the window. Default: 100. */
    readonly size?: number | undefined
    /** Failure rate that trips, at or above, in (0, 1]. Default: 0.5. */
    readonly threshold?: number | undefined
    /** Attempts in the window before it may trip, at most `size`. Default: `size`. */
    readonly min?: number | undefined
  } = {}
): HealthModel<CountWindow> => {
  const owner = "HealthModel.countWindow"
  names(owner, options, ["size", "threshold", "min"])
  const size = check(owner, "size", options.size, 100, count)
  const threshold = check(owner, "threshold", options.threshold, 0.5, share)
  const min = check(owner, "min", options.min, size, count)
  if (min > size) throw new InvalidOption(owner, "min", `at most size (${size})`, min)
  const init: CountWindow = { bits: BitQueue.empty, failures: 0 }
  const rate = (self: CountWindow): number => self.failures / Math.max(min, self.bits.length)
  return {
    name: "countWindow",
    parameters: { size, threshold, min },
    openBelow: 1 - threshold,
    discount: 1,
    probation: defaultProbation,
    init,
    observe: (self, mass) => {
      if (mass.success === 0 && mass.raw < 0.5) return self
      const bit = mass.raw >= 0.5 ? 1 : 0
      const grown = BitQueue.push(self.bits, bit)
      if (grown.length <= size) return { bits: grown, failures: self.failures + bit }
      const [oldest, bits] = BitQueue.pop(grown)
      return { bits, failures: self.failures + bit - oldest }
    },
    score: (self) => 1 - rate(self),
    trips: (self) => self.bits.length >= min && rate(self) >= threshold - epsilon,
    resume: () => init,
    encode: (self) => BitQueue.toString(self.bits),
    decode: (data) => {
      if (typeof data !== "string" || !/^[01]*$/.test(data)) return undefined
      // The last attempts of a wider window are those of this one.
      const last = data.slice(-size)
      return { bits: BitQueue.fromString(last), failures: last.split("1").length - 1 }
    }
  }
}
