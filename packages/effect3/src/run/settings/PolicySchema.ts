import { type Option, Tables } from "@truce/core"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { must, numberOrText, optionalKey } from "../../platform/Schema.ts"
import { isDuration } from "../../platform/Time.ts"

/** A duration as data. */
export type Span = Extract<Duration.DurationInput, number | string> | "infinity"

// What is wrong inside of it has a rule of its own; without this, a wrong value would be answered with the whole schema.
const part = must("be an object")

/** Milliseconds, a text such as "500 millis", or "infinity". */
const Span = numberOrText(
  (input): input is Span => input === "infinity" || isDuration(input),
  'be a duration such as "500 millis"'
)

// Data has no `undefined`, and without it an error names the fault alone.
const optional = optionalKey
const amount = optional(Schema.Number)
const span = optional(Span)

// An editor that knows the schema shows these.
const amountOf = (option: Option.Amount) => optional(Schema.Number.annotations(said(option)))
const spanOf = (option: Option.Time) => optional(Span.annotations(said(option)))
const spansOf = (option: Option.Times) => optional(Schema.Array(Span).annotations({ description: option.text }))

const said = ({ default: usual, rule, text }: Option.Amount | Option.Time) => ({
  description: `${text} Must be ${rule.text}.${usual === undefined || usual === Infinity ? "" : ` Default: ${usual}.`}`
})

/**
 * How outcomes move the score, by the name of the model and its parameters; `docs/health-score.md` has the defaults.
 *
 * @category models
 * @since 0.1.0
 */
export const Model = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("ledger"),
    tolerance: amount,
    minFailures: amount,
    guard: span,
    persistence: span,
    halfLife: span,
    discount: amount,
    openBelow: amount,
    allowSelfTrip: optional(Schema.Boolean)
  }),
  Schema.Struct({ type: Schema.Literal("consecutive"), failures: amount }),
  Schema.Struct({ type: Schema.Literal("countWindow"), size: amount, threshold: amount, min: amount }),
  Schema.Struct({ type: Schema.Literal("timeWindow"), window: span, threshold: amount, min: amount }),
  Schema.Struct({ type: Schema.Literal("additive"), down: amount, up: amount, openBelow: amount }),
  Schema.Struct({ type: Schema.Literal("ewma"), window: span, threshold: amount, min: amount }),
  Schema.Struct({ type: Schema.Literal("cusum"), p0: amount, p1: amount, arl: amount }),
  Schema.Struct({ type: Schema.Literal("beta"), halfLife: span, cap: amount, prior: amount, threshold: amount })
).annotations(part)

/**
 * The options of a circuit.
 *
 * @category models
 * @since 0.1.0
 */
export const Circuit = Schema.Struct({
  openFor: spanOf(Tables.circuit.openFor),
  openFactor: amountOf(Tables.circuit.openFactor),
  maxOpenFor: spanOf(Tables.circuit.maxOpenFor),
  openTimes: spansOf(Tables.circuit.openTimes),
  openJitter: amountOf(Tables.circuit.openJitter),
  maxRetryAfter: spanOf(Tables.circuit.maxRetryAfter),
  permits: amountOf(Tables.circuit.permits),
  lease: spanOf(Tables.circuit.lease),
  closeAt: amountOf(Tables.circuit.closeAt),
  reopenOn: optional(Schema.Literal("failure", "score").annotations({ description: Tables.circuit.reopenOn.text })),
  slowWeight: amountOf(Tables.circuit.slowWeight),
  slowStart: optional(
    Schema.Union(
      Schema.Boolean,
      Schema.Struct({
        within: spanOf(Tables.slowStart.within),
        rampFor: spanOf(Tables.slowStart.rampFor),
        maxRampFor: spanOf(Tables.slowStart.maxRampFor),
        initialShare: amountOf(Tables.slowStart.initialShare)
      })
    )
  )
}).annotations(part)

/**
 * The options of a retry.
 *
 * @category models
 * @since 0.1.0
 */
export const Retry = Schema.Struct({
  attempts: amountOf(Tables.call.attempts),
  base: spanOf(Tables.backoff.base),
  factor: amountOf(Tables.backoff.factor),
  cap: spanOf(Tables.backoff.cap),
  jitter: optional(
    Schema.Union(
      Schema.Literal("none", "full", "equal", "decorrelated"),
      Schema.Struct({ min: Schema.Number, max: Schema.Number })
    )
  ),
  deadline: spanOf(Tables.call.deadline),
  maxRetryAfter: spanOf(Tables.call.maxRetryAfter),
  whenOpen: optional(Schema.Literal("stop", "wait").annotations({ description: Tables.call.whenOpen.text }))
}).annotations(part)

/**
 * What any call may do at most, whatever the code asks for.
 *
 * @category models
 * @since 0.1.0
 */
export const Limits = Schema.Struct({ attempts: amount, deadline: span, maxRetryAfter: span }).annotations(part)

/**
 * How retries are priced, by the name of the rule and its parameters; `docs/retry.md` has the defaults.
 *
 * @category models
 * @since 0.1.0
 */
export const Budget = Schema.Union(
  Schema.Struct({
    type: Schema.Literal("saturation"),
    capacity: amount,
    fastFailureCost: amount,
    earn: amount,
    slowPenalty: amount
  }),
  Schema.Struct({ type: Schema.Literal("ratio"), ratio: amount, perSecond: amount, capacity: amount }),
  Schema.Struct({ type: Schema.Literal("grpc"), maxTokens: amount, tokenRatio: amount }),
  Schema.Struct({ type: Schema.Literal("aws"), capacity: amount, retryCost: amount, throttleCost: amount }),
  Schema.Struct({ type: Schema.Literal("unlimited") })
).annotations(part)

const parts = {
  model: optional(Model),
  circuit: optional(Circuit),
  retry: optional(Retry),
  limits: optional(Limits),
  budget: optional(Budget)
}

/**
 * What differs for the keys of a pattern.
 *
 * @category models
 * @since 0.1.0
 */
export const Override = Schema.Struct(parts).annotations(part)

/** The whole, before what its values must be together is looked at. */
export const Shape = Schema.Struct({
  ...parts,
  maxKeys: amount,
  ttl: span,
  overrides: optional(Schema.Record({ key: Schema.String, value: Override }).annotations(part))
}).annotations(part)
