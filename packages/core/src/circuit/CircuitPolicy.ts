/**
 * The fixed rules of a circuit: when it closes, how long it stays open, how many probes it admits.
 *
 * When it opens is the health model's business.
 *
 * @since 0.1.0
 */
import type { HealthModel } from "../health/HealthModel.ts"
import { Given, inCore } from "../options/Given.ts"
import { oneOf } from "../options/InvalidOption.ts"
import * as Tables from "../options/Tables.ts"
import * as SlowStart from "./SlowStart.ts"

/**
 * Options of a circuit. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The score at which HalfOpen closes, in (0, 1]; greater than openBelow of the model. Default: 0.5, two net successes. */
  readonly closeAt?: number | undefined
  /** Probes in flight at once in HalfOpen. Default: 1. */
  readonly permits?: number | undefined
  /** How long a probe may hold its permit, in ms. Default: 10 000. */
  readonly leaseMillis?: number | undefined
  /** The first open time, in ms. Default: 500. */
  readonly openMillis?: number | undefined
  /** The factor by which each further opening in a row is longer, at least 1. Default: 2. */
  readonly openFactor?: number | undefined
  /** The longest open time before jitter, in ms. Default: 5 000. */
  readonly maxOpenMillis?: number | undefined
  /** The open times of the first, second, ... opening in a row, in ms; the last for all after it. Instead of the three before. */
  readonly openTimesMillis?: ReadonlyArray<number> | undefined
  /** The open time is spread evenly over +- this share of itself, in [0, 1). Default: 0.2. */
  readonly openJitter?: number | undefined
  /** The longest open time a `retryAfter` can ask for, in ms. Default: 60 000. */
  readonly maxRetryAfterMillis?: number | undefined
  /** Whether one failed probe of weight >= 0.5 reopens ("failure") or only a score of 0 or below the model's trip ("score"). Default: "failure". */
  readonly reopenOn?: "failure" | "score" | undefined
  /** The share of a slow answer that counts as failure, in [0, 1]. Default: 0, as the retry budget prices slowness. */
  readonly slowWeight?: number | undefined
  /** Whether a close ramps up that follows a trip soon after a close; `true` for the defaults of `SlowStart`. Default: false. */
  readonly slowStart?: boolean | SlowStart.Options | undefined
}

/**
 * The validated rules of a circuit with the health model that judges it.
 *
 * @category models
 * @since 0.1.0
 */
export interface CircuitPolicy<S> {
  readonly model: HealthModel<S>
  readonly closeAt: number
  readonly permits: number
  readonly leaseMillis: number
  readonly openMillis: number
  readonly openFactor: number
  readonly maxOpenMillis: number
  readonly openTimesMillis: ReadonlyArray<number> | undefined
  readonly openJitter: number
  readonly maxRetryAfterMillis: number
  readonly reopenOn: "failure" | "score"
  readonly slowWeight: number
  readonly slowStart: SlowStart.SlowStart | false
}

/**
 * The defaults of the options.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  closeAt: Tables.circuit.closeAt.default,
  permits: Tables.circuit.permits.default,
  leaseMillis: Tables.circuit.lease.default,
  openMillis: Tables.circuit.openFor.default,
  openFactor: Tables.circuit.openFactor.default,
  maxOpenMillis: Tables.circuit.maxOpenFor.default,
  openJitter: Tables.circuit.openJitter.default,
  maxRetryAfterMillis: Tables.circuit.maxRetryAfter.default,
  reopenOn: Tables.circuit.reopenOn.choices[0],
  slowWeight: Tables.circuit.slowWeight.default,
  slowStart: false
} as const

/**
 * Builds a policy from a model and options.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Two probes at once, open for a second first)
 *
 * ```ts
 * import { CircuitPolicy, HealthModel } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.ledger(), { permits: 2, openMillis: 1_000 })
 * policy.maxOpenMillis // => 5_000
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <S>(model: HealthModel<S>, options: Options = {}): CircuitPolicy<S> =>
  read(model, new Given(inCore("CircuitPolicy.make"), Tables.circuit, options))

/**
 * The same of options as they were given, however they are written.
 *
 * Throws `InvalidOption`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = <S>(model: HealthModel<S>, given: Given<typeof Tables.circuit>): CircuitPolicy<S> => {
  const openMillis = given.number("openFor")
  const policy: CircuitPolicy<S> = {
    model,
    closeAt: given.number("closeAt"),
    permits: given.number("permits"),
    leaseMillis: given.number("lease"),
    openMillis,
    openFactor: given.number("openFactor"),
    maxOpenMillis: given.number("maxOpenFor", Math.max(openMillis, defaults.maxOpenMillis)),
    openTimesMillis: given.times("openTimes"),
    openJitter: given.number("openJitter"),
    maxRetryAfterMillis: given.number("maxRetryAfter"),
    reopenOn: oneOf(given.style.owner, "reopenOn", given.value("reopenOn"), Tables.circuit.reopenOn.choices),
    slowWeight: given.number("slowWeight"),
    slowStart: SlowStart.read(given)
  }
  if (policy.maxOpenMillis < openMillis) {
    given.refuse("maxOpenFor", `at least ${given.field("openFor")} (${openMillis})`)
  }
  if (model.score(model.resume(model.init, 1 - policy.closeAt, 0), 0) <= model.openBelow) {
    given.refuse("closeAt", `greater than openBelow of the model (${model.openBelow})`, policy.closeAt)
  }
  return policy
}

/**
 * The open time of the k-th opening in a row before jitter, in ms.
 *
 * @category getters
 * @since 0.1.0
 */
export const openMillis = <S>(self: CircuitPolicy<S>, k: number): number =>
  self.openTimesMillis?.[Math.min(k, self.openTimesMillis.length) - 1] ??
  Math.min(self.maxOpenMillis, self.openMillis * self.openFactor ** (k - 1))

/**
 * The longest open time there can be, jitter and a `retryAfter` included, in ms.
 *
 * @category getters
 * @since 0.1.0
 */
export const longestOpenMillis = <S>(self: CircuitPolicy<S>): number =>
  Math.max(
    self.maxRetryAfterMillis,
    (1 + self.openJitter) *
      (self.openTimesMillis === undefined ? self.maxOpenMillis : Math.max(...self.openTimesMillis))
  )

/**
 * Names the first setting in which two policies differ, with both values; `undefined` when they are the same.
 *
 * @category comparing
 * @since 0.1.0
 */
export const difference = <S, T>(
  self: CircuitPolicy<S>,
  that: CircuitPolicy<T>
): { readonly field: string; readonly left: unknown; readonly right: unknown } | undefined => {
  const left = flat(self)
  const right = flat(that)
  for (const field of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (!Object.is(left[field], right[field])) return { field, left: left[field], right: right[field] }
  }
  return undefined
}

const flat = <S>({ model, slowStart, ...rest }: CircuitPolicy<S>): Readonly<Record<string, unknown>> => ({
  model: model.name,
  ...under("model", model.parameters),
  ...rest,
  openTimesMillis: rest.openTimesMillis?.join(", "),
  slowStart: slowStart !== false,
  ...under("slowStart", slowStart === false ? {} : slowStart)
})

const under = (name: string, settings: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(settings).map(([field, value]) => [`${name}.${field}`, value]))
