/**
 * How long to wait before a retry: exponential, capped, spread.
 *
 * @since 0.1.0
 */
import { Given, inCore } from "../options/Given.ts"
import { InvalidOption, check, names, nonNegative } from "../options/InvalidOption.ts"
import * as Tables from "../options/Tables.ts"

/**
 * How a delay d is spread with a uniform draw u in [0, 1).
 *
 * | jitter | delay |
 * |---|---|
 * | `none` | d |
 * | `full` | u d |
 * | `equal` | d/2 + u d/2 |
 * | `decorrelated` | base + u (3 previous - base), capped; the exponent is not used |
 * | `{ min, max }` | (min + u (max - min)) d |
 *
 * The first three are named as in M. Brooker, "Exponential Backoff and Jitter" (2015).
 *
 * @category models
 * @since 0.1.0
 */
export type Jitter = "none" | "full" | "equal" | "decorrelated" | { readonly min: number; readonly max: number }

/**
 * Options of a backoff.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The delay before the first retry, in ms. Default: 100. */
  readonly baseMillis?: number | undefined
  /** The factor from one retry to the next, at least 1. Default: 2. */
  readonly factor?: number | undefined
  /** The longest delay before jitter, in ms. Default: 2 000. */
  readonly capMillis?: number | undefined
  /** The spread. Default: `{ min: 0.5, max: 1.5 }`. */
  readonly jitter?: Jitter | undefined
}

/**
 * A validated backoff.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  readonly baseMillis: number
  readonly factor: number
  readonly capMillis: number
  readonly jitter: Jitter
}

/**
 * The defaults of the options.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults: Backoff = {
  baseMillis: Tables.backoff.base.default,
  factor: Tables.backoff.factor.default,
  capMillis: Tables.backoff.cap.default,
  jitter: { min: 0.5, max: 1.5 }
}

/**
 * Builds a backoff.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Three delays without spread)
 *
 * ```ts
 * import { Backoff } from "@truce/core"
 *
 * const backoff = Backoff.make({ baseMillis: 100, capMillis: 300, jitter: "none" })
 * const delays = [0, 1, 2].map((retry) => Backoff.delay(backoff, { retry, previousMillis: 0 }, 0.5))
 * delays // => [100, 200, 300]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Backoff => {
  const given = new Given(inCore("Backoff.make"), Tables.backoff, options, ["jitter"])
  return read(given, options.jitter)
}

/**
 * The same of options as they were given, however they are written.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (given: Given<typeof Tables.backoff>, jitter: Jitter = defaults.jitter): Backoff => {
  const { owner } = given.style
  const baseMillis = given.number("base")
  const capMillis = given.number("cap", Math.max(baseMillis, defaults.capMillis))
  if (capMillis < baseMillis) given.refuse("cap", `at least ${given.field("base")} (${baseMillis})`)
  if (typeof jitter === "object") {
    names(owner, jitter, ["min", "max"], "jitter")
    check(owner, "jitter.min", jitter.min, 0, nonNegative)
    check(owner, "jitter.max", jitter.max, 0, nonNegative)
    if (!(jitter.max >= jitter.min)) {
      throw new InvalidOption(owner, "jitter.max", `at least jitter.min (${jitter.min})`, jitter.max)
    }
  } else if (!["none", "full", "equal", "decorrelated"].includes(jitter)) {
    throw new InvalidOption(owner, "jitter", `"none", "full", "equal", "decorrelated" or { min, max }`, jitter)
  }
  return { baseMillis, factor: given.number("factor"), capMillis, jitter }
}

/**
 * The delay before retry number `retry` (from 0), in ms, with a uniform draw `u` in [0, 1).
 *
 * `previousMillis` is the delay before the retry before, used by `decorrelated` alone.
 *
 * @category getters
 * @since 0.1.0
 */
export const delay = (
  self: Backoff,
  at: { readonly retry: number; readonly previousMillis: number },
  u: number
): number => {
  const { baseMillis, capMillis, jitter } = self
  if (jitter === "decorrelated") {
    const previous = Math.max(baseMillis, at.previousMillis)
    return Math.min(capMillis, baseMillis + u * (3 * previous - baseMillis))
  }
  const plain = baseMillis === 0 ? 0 : Math.min(capMillis, baseMillis * self.factor ** at.retry)
  switch (jitter) {
    case "none":
      return plain
    case "full":
      return u * plain
    case "equal":
      return plain / 2 + (u * plain) / 2
    default:
      return plain * (jitter.min + u * (jitter.max - jitter.min))
  }
}
