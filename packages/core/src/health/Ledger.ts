import {
  InvalidOption,
  check,
  fraction,
  nonNegative,
  positive,
  positiveOrInfinity,
  properFraction,
  names
} from "../options/InvalidOption.ts"
import type { Mass } from "./Outcome.ts"
import { memoryMillis } from "./Traffic.ts"
import { type HealthModel, clamp01, epsilon, numbers } from "./Model.ts"

/**
 * The state of the ledger: `suspicion` (1 - score) as of `at`, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ledger {
  readonly suspicion: number
  readonly at: number
}

/**
 * Options of the ledger.
 *
 * @category models
 * @since 0.1.0
 */
export interface LedgerOptions {
  /** The share of failing attempts at which the score neither falls nor heals, in (0, 1). Default: 2/3. */
  readonly tolerance?: number | undefined
  /** Excess failures that take a healthy score to 0 at little traffic. Default: 5. */
  readonly minFailures?: number | undefined
  /** Mean time between false trips at an error rate of 3/4 of the tolerance, in ms; 0 keeps `minFailures` at any traffic. Default: 300 000. */
  readonly guardMillis?: number | undefined
  /** Traffic time that must fail before a trip, in ms: rides out blips at high rates. Default: 0. */
  readonly persistenceMillis?: number | undefined
  /** Time in which suspicion halves without events, in ms; Infinity for never. Default: 600 000. */
  readonly halfLifeMillis?: number | undefined
  /** The j-th failed attempt of one call weighs `discount ** j`, in [0, 1]. Default: 0.5. */
  readonly discount?: number | undefined
  /** The score below which a failure opens the circuit, in (0, 1). Default: 0.1. */
  readonly openBelow?: number | undefined
  /** Accept parameters with which one call alone can open a healthy circuit. Default: false. */
  readonly allowSelfTrip?: boolean | undefined
}

/**
 * The defaults of `ledger`; `docs/health-score.md` says why each is what it is.
 *
 * @category constants
 * @since 0.1.0
 */
export const ledgerDefaults = {
  tolerance: 2 / 3,
  minFailures: 5,
  guardMillis: 300_000,
  persistenceMillis: 0,
  halfLifeMillis: 600_000,
  discount: 0.5,
  openBelow: 0.1
} as const

/**
 * The default model: a clamped walk whose step shrinks with the logarithm of the traffic.
 *
 * A failure of mass w takes w/n from the score, a success gives rho/n, with rho = tolerance / (1 - tolerance) and
 * n = max(minFailures, ln(guard attempts) / kappa). It is Page's reflected walk (1954), which detects a change as fast as any test
 * with the same rate of false trips. A call alone can never open it.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Watching the score of five failures)
 *
 * ```ts
 * import { HealthModel, Outcome, Traffic } from "@truce/core"
 *
 * const model = HealthModel.ledger({ guardMillis: 0 })
 * const failed = Outcome.mass(Outcome.failure(), 0, model.discount, 0)
 * const after = model.observe(model.init, failed, Traffic.add(Traffic.none, 1, 1, 0), 0)
 * model.score(after, 0) // => 0.8
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ledger = (options: LedgerOptions = {}): HealthModel<Ledger> => {
  const parameters = checked(options)
  const { discount, guardMillis, halfLifeMillis, minFailures: n, openBelow, persistenceMillis, tolerance } = parameters
  const rho = tolerance / (1 - tolerance)
  const kappa = falseTripExponent(0.75 * tolerance, rho)
  const guardMinutes = guardMillis / memoryMillis
  const persistenceShare = persistenceMillis / memoryMillis

  const effectiveN = (attempts: number): number =>
    Math.max(n, Math.log(guardMinutes * attempts) / kappa, attempts * persistenceShare)
  const suspicionAt = (self: Ledger, now: number): number =>
    self.suspicion === 0 || now <= self.at || halfLifeMillis === Infinity
      ? self.suspicion
      : self.suspicion * 2 ** ((self.at - now) / halfLifeMillis)

  const isUnmoved = (self: Ledger, mass: Mass): boolean => self.suspicion === 0 && mass.failure === 0

  return {
    name: "ledger",
    parameters,
    openBelow,
    discount,
    probation: { n, rho },
    init: { suspicion: 0, at: 0 },
    isLinear: true,
    isUnmoved,
    observe: (self, mass, traffic, now) => {
      // A healthy key needs no logarithm to stay one.
      if (isUnmoved(self, mass)) return self
      const suspicion = clamp01(
        suspicionAt(self, now) + (mass.failure - rho * mass.success) / effectiveN(traffic.attempts)
      )
      return suspicion === 0 && self.suspicion === 0 ? self : { suspicion, at: Math.max(self.at, now) }
    },
    score: (self, now) => 1 - suspicionAt(self, now),
    trips: (self, now) => 1 - suspicionAt(self, now) < openBelow - epsilon,
    resume: (_, suspicion, now) => ({ suspicion, at: now }),
    encode: (self) => self,
    decode: (data, shift) => {
      const found = numbers(data, ["suspicion", "at"])
      return found && found.suspicion >= 0 && found.suspicion <= 1
        ? { suspicion: found.suspicion, at: found.at + shift }
        : undefined
    }
  }
}

const checked = (options: LedgerOptions) => {
  const owner = "HealthModel.ledger"
  names(owner, options, [...Object.keys(ledgerDefaults), "allowSelfTrip"])
  const tolerance = check(owner, "tolerance", options.tolerance, ledgerDefaults.tolerance, properFraction)
  const minFailures = check(owner, "minFailures", options.minFailures, ledgerDefaults.minFailures, positive)
  const guardMillis = check(owner, "guardMillis", options.guardMillis, ledgerDefaults.guardMillis, nonNegative)
  const persistenceMillis = check(
    owner,
    "persistenceMillis",
    options.persistenceMillis,
    ledgerDefaults.persistenceMillis,
    nonNegative
  )
  const halfLifeMillis = check(
    owner,
    "halfLifeMillis",
    options.halfLifeMillis,
    ledgerDefaults.halfLifeMillis,
    positiveOrInfinity
  )
  const discount = check(owner, "discount", options.discount, ledgerDefaults.discount, fraction)
  const openBelow = check(owner, "openBelow", options.openBelow, ledgerDefaults.openBelow, properFraction)
  const { allowSelfTrip = false } = options
  if (typeof allowSelfTrip !== "boolean") {
    throw new InvalidOption(owner, "allowSelfTrip", "true or false", allowSelfTrip)
  }
  // The failed attempts of one call sum to less than 1 / (1 - discount); the score has n (1 - openBelow) to lose.
  if (!allowSelfTrip && !(minFailures * (1 - openBelow) * (1 - discount) > 1 - epsilon)) {
    throw new InvalidOption(
      owner,
      "discount",
      `small enough that one call alone cannot open the circuit: minFailures * (1 - openBelow) > 1 / (1 - discount) (or set allowSelfTrip)`,
      discount
    )
  }
  return {
    tolerance,
    minFailures,
    guardMillis,
    persistenceMillis,
    halfLifeMillis,
    discount,
    openBelow,
    allowSelfTrip
  }
}

/**
 * The positive root k of p e^k + (1 - p) e^(-rho k) = 1: each further unit of n multiplies the mean time between false trips at the
 * error rate p by e^k. For p = 1/2 and rho = 2 it is the logarithm of the golden ratio. 0 where there is none: p at the tolerance or
 * above, where the score falls by itself.
 *
 * @category formulas
 * @since 0.1.0
 */
export const falseTripExponent = (p: number, rho: number): number => {
  const excess = (k: number): number => p * Math.expm1(k) + (1 - p) * Math.expm1(-rho * k)
  let high = 1
  while (excess(high) < 0) high *= 2
  // The excess is 0 at k = 0 and negative up to the root, so a positive lower end is needed to find the other root.
  let low = high
  while (low > 0 && excess(low) >= 0) low /= 2
  if (low === 0) return 0
  for (let step = 0; step < 200 && high - low > Number.EPSILON * high; step++) {
    const middle = (low + high) / 2
    if (excess(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
