/**
 * Slow start: a circuit that opened again soon after it had closed admits a growing share of the attempts when it closes next.
 *
 * A dependency that recovers with an empty cache or a cold pool falls over again under all of its traffic at once. A first trip costs
 * nothing: only a second one in short order shows that recovering is not enough.
 *
 * @since 0.1.0
 */
import type { Closed, Openings, Ramp } from "./CircuitState.ts"
import { epsilon } from "../health/Model.ts"
import type { Given } from "../options/Given.ts"
import * as Tables from "../options/Tables.ts"
import { draw } from "./Jitter.ts"

/**
 * Options of a slow start. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** A trip this soon after a close, in ms, makes the next close ramp up; so does one on the ramp. Default: 10 000. */
  readonly withinMillis?: number | undefined
  /** How long the first ramp takes, in ms; each further one in a row takes twice as long. Default: 10 000. */
  readonly rampMillis?: number | undefined
  /** The longest ramp, in ms; at least `rampMillis`. Default: 40 000. */
  readonly maxRampMillis?: number | undefined
  /** The share of the attempts admitted at first, in (0, 1]. Default: 0.1. */
  readonly initialShare?: number | undefined
}

/**
 * The validated rules of a slow start.
 *
 * @category models
 * @since 0.1.0
 */
export interface SlowStart {
  readonly withinMillis: number
  readonly rampMillis: number
  readonly maxRampMillis: number
  readonly initialShare: number
}

/**
 * The defaults of the options.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  withinMillis: Tables.slowStart.within.default,
  rampMillis: Tables.slowStart.rampFor.default,
  maxRampMillis: Tables.slowStart.maxRampFor.default,
  initialShare: Tables.slowStart.initialShare.default
} as const

/**
 * The rules of an option: `true` for the defaults, `false` for none.
 *
 * Throws `InvalidOption` with the fields as `slowStart.initialShare`.
 *
 * **Example** (A shorter ramp)
 *
 * ```ts
 * import { CircuitPolicy, HealthModel } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.ledger(), { slowStart: { rampMillis: 5_000 } })
 * policy.slowStart // => { withinMillis: 10_000, rampMillis: 5_000, maxRampMillis: 40_000, initialShare: 0.1 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (circuit: Given<typeof Tables.circuit>): SlowStart | false => {
  const option = circuit.value("slowStart")
  if (option === undefined || option === false) return false
  if (option !== true && (typeof option !== "object" || option === null)) {
    circuit.refuse("slowStart", "true, false or its options")
  }
  const given = circuit.nested("slowStart", Tables.slowStart, typeof option === "object" ? option : {})
  const rampMillis = given.number("rampFor")
  const maxRampMillis = given.number("maxRampFor", Math.max(rampMillis, defaults.maxRampMillis))
  if (maxRampMillis < rampMillis) given.refuse("maxRampFor", `at least ${given.field("rampFor")} (${rampMillis})`)
  return {
    withinMillis: given.number("within"),
    rampMillis,
    maxRampMillis,
    initialShare: given.number("initialShare")
  }
}

/**
 * How long the next close will ramp up, in ms, after a trip from Closed; 0 for not at all.
 *
 * @category transitions
 * @since 0.1.0
 */
export const afterTrip = (self: SlowStart | false, openings: Openings, from: Closed, now: number): number => {
  if (self === false || openings.inARow === 0) return 0
  const isAgain = now - from.since < Math.max(self.withinMillis, openings.rampMillis)
  return isAgain ? Math.min(self.maxRampMillis, Math.max(self.rampMillis, 2 * openings.rampMillis)) : 0
}

/**
 * The ramp of a circuit that closes at `now`; `undefined` where it has none. The first credit is drawn, so that circuits that close
 * together do not admit in step.
 *
 * @category constructors
 * @since 0.1.0
 */
export const begin = (
  self: SlowStart | false,
  circuit: { readonly openings: Openings; readonly seed: number; readonly generation: number },
  now: number
): Ramp | undefined =>
  self === false || circuit.openings.rampMillis === 0
    ? undefined
    : { until: now + circuit.openings.rampMillis, credit: draw(circuit.seed, circuit.generation) }

/**
 * The share of the attempts that the ramp of a closed circuit admits at `now`, in (0, 1]; 1 without one.
 *
 * @category getters
 * @since 0.1.0
 */
export const share = (self: SlowStart | false, { ramp, since }: Closed, now: number): number =>
  self === false || ramp === undefined || now >= ramp.until
    ? 1
    : Math.max(self.initialShare, (now - since) / (ramp.until - since))

/**
 * When an attempt is admitted that nobody else comes before; `undefined` for now.
 *
 * Those who are told spread evenly over the rest of the ramp.
 *
 * @category getters
 * @since 0.1.0
 */
export const nextAdmission = (self: SlowStart | false, closed: Closed, now: number): number | undefined => {
  const { ramp, since } = closed
  return ramp === undefined || ramp.credit + share(self, closed, now) >= 1 - epsilon
    ? undefined
    : since + (1 - ramp.credit) * (ramp.until - since)
}

/**
 * The closed circuit after one more attempt asked: each brings the share as a credit, and one is admitted for a whole one. A ramp that
 * has ended is gone.
 *
 * @category transitions
 * @since 0.1.0
 */
export const asked = (self: SlowStart | false, closed: Closed, now: number): Closed => {
  const { ramp } = closed
  if (ramp === undefined) return closed
  if (self === false || now >= ramp.until) return { ...closed, ramp: undefined }
  const credit = ramp.credit + share(self, closed, now)
  const isAdmitted = nextAdmission(self, closed, now) === undefined
  return { ...closed, ramp: { ...ramp, credit: isAdmitted ? Math.max(0, credit - 1) : credit } }
}
