/**
 * The options of a policy, each once.
 *
 * @since 0.1.0
 */
import {
  belowOne,
  count,
  fraction,
  nonNegative,
  positive,
  positiveOrInfinity,
  share,
  type Rule
} from "./InvalidOption.ts"
import type { Table } from "./Option.ts"

const factor: Rule = { text: "a finite number of at least 1", holds: (n) => Number.isFinite(n) && n >= 1 }

/**
 * Those of a slow start.
 *
 * @category constants
 * @since 0.1.0
 */
export const slowStart = {
  within: {
    kind: "time",
    millis: "withinMillis",
    default: 10_000,
    rule: positive,
    text: "A trip this soon after a close makes the next close ramp up; so does one on the ramp."
  },
  rampFor: {
    kind: "time",
    millis: "rampMillis",
    default: 10_000,
    rule: positive,
    text: "How long the first ramp takes; each further one in a row takes twice as long."
  },
  maxRampFor: {
    kind: "time",
    millis: "maxRampMillis",
    default: 40_000,
    rule: positive,
    text: "The longest ramp; at least `rampFor`."
  },
  initialShare: { kind: "amount", default: 0.1, rule: share, text: "The share of the attempts admitted at first." }
} as const satisfies Table

/**
 * Those of a circuit.
 *
 * @category constants
 * @since 0.1.0
 */
export const circuit = {
  openFor: { kind: "time", millis: "openMillis", default: 500, rule: positive, text: "The first open time." },
  openFactor: {
    kind: "amount",
    default: 2,
    rule: factor,
    text: "The factor by which each further opening in a row is longer."
  },
  maxOpenFor: {
    kind: "time",
    millis: "maxOpenMillis",
    default: 5_000,
    rule: positive,
    text: "The longest open time before jitter; at least `openFor`."
  },
  openTimes: {
    kind: "times",
    millis: "openTimesMillis",
    rule: positive,
    text: "The open times of the first, second, ... opening in a row, the last for all after it. Instead of the three before."
  },
  openJitter: {
    kind: "amount",
    default: 0.2,
    rule: belowOne,
    text: "The open time is spread evenly over +- this share of itself."
  },
  maxRetryAfter: {
    kind: "time",
    millis: "maxRetryAfterMillis",
    default: 60_000,
    rule: nonNegative,
    text: "The longest open time a `retryAfter` can ask for."
  },
  permits: { kind: "amount", default: 1, rule: count, text: "Probes in flight at once in HalfOpen." },
  lease: {
    kind: "time",
    millis: "leaseMillis",
    default: 10_000,
    rule: positive,
    text: "How long a probe may hold its permit."
  },
  closeAt: {
    kind: "amount",
    default: 0.5,
    rule: share,
    text: "The score at which HalfOpen closes; greater than `openBelow` of the model."
  },
  reopenOn: {
    kind: "choice",
    choices: ["failure", "score"],
    text: "Whether one failed probe of weight 0.5 or more reopens, or only a score of 0 or below the model's `openBelow`."
  },
  slowWeight: {
    kind: "amount",
    default: 0,
    rule: fraction,
    text: "The share of a slow answer that counts as failure."
  },
  slowStart: {
    kind: "switch",
    options: slowStart,
    text: "Whether a close that follows a trip soon after a close ramps up."
  }
} as const satisfies Table

/**
 * Those of a backoff. The spread has a form of its own.
 *
 * @category constants
 * @since 0.1.0
 */
export const backoff = {
  base: {
    kind: "time",
    millis: "baseMillis",
    default: 100,
    rule: nonNegative,
    text: "The delay before the first retry."
  },
  factor: { kind: "amount", default: 2, rule: factor, text: "The factor from one retry to the next." },
  cap: {
    kind: "time",
    millis: "capMillis",
    default: 2_000,
    rule: nonNegative,
    text: "The longest delay before jitter; at least `base`."
  }
} as const satisfies Table

/**
 * Those of a call, without its backoff.
 *
 * @category constants
 * @since 0.1.0
 */
export const call = {
  attempts: { kind: "amount", default: 3, rule: count, text: "Attempts in all, the first included." },
  deadline: {
    kind: "time",
    millis: "deadlineMillis",
    default: Infinity,
    rule: positiveOrInfinity,
    text: "No retry starts, and no admission is waited for, later than this after the call began; a running attempt is not cut."
  },
  maxRetryAfter: {
    kind: "time",
    millis: "maxRetryAfterMillis",
    default: 5_000,
    rule: positiveOrInfinity,
    text: "The longest `Retry-After` that is waited for; a longer one ends the call."
  },
  whenOpen: {
    kind: "choice",
    choices: ["stop", "wait"],
    text: "Whether a rejection by the circuit ends the call or waits, inside the deadline, for the next admission."
  }
} as const satisfies Table

/**
 * The name that an option of a circuit has in a binding and in data, by that of its setting in a policy.
 *
 * **Example** (A time, whose setting has its unit in its name)
 *
 * ```ts
 * import { Tables } from "@truce/core"
 *
 * Tables.nameOf("leaseMillis") // => "lease"
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const nameOf = (setting: string): string => names[setting] ?? setting

const namesIn = (table: Table, prefix: string): ReadonlyArray<readonly [setting: string, name: string]> =>
  Object.entries(table).flatMap(([name, option]) => {
    if (option.kind === "switch") return namesIn(option.options, `${name}.`)
    return "millis" in option ? [[`${prefix}${option.millis}`, `${prefix}${name}`] as const] : []
  })

const names: Readonly<Record<string, string>> = Object.fromEntries(namesIn(circuit, ""))
