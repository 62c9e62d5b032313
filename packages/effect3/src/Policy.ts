/**
 * The whole policy as plain data, so that it can live in a JSON or YAML file, in the environment or in a store, and change while the
 * program runs.
 *
 * @since 0.1.0
 */
import type { HealthModel } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty, isObject } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Issue } from "./internal/issues.ts"
import { type Span, checkPolicy, optionsOf } from "./internal/policy.ts"
import { policyConfig } from "./internal/policyConfig.ts"
import { InvalidPolicy } from "./InvalidPolicy.ts"
import { reader } from "./platform/Reading.ts"
import { judged, must, numberOrText, optionalKey } from "./platform/Schema.ts"
import { isDuration } from "./platform/Time.ts"
import * as Truce from "./Truce.ts"

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
const spans = optional(Schema.Array(Span))

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
  openFor: span,
  openFactor: amount,
  maxOpenFor: span,
  openTimes: spans,
  openJitter: amount,
  maxRetryAfter: span,
  permits: amount,
  lease: span,
  closeAt: amount,
  reopenOn: optional(Schema.Literal("failure", "score")),
  slowWeight: amount,
  slowStart: optional(
    Schema.Union(Schema.Boolean, Schema.Struct({ within: span, rampFor: span, maxRampFor: span, initialShare: amount }))
  )
}).annotations(part)

/**
 * The options of a retry.
 *
 * @category models
 * @since 0.1.0
 */
export const Retry = Schema.Struct({
  attempts: amount,
  base: span,
  factor: amount,
  cap: span,
  jitter: optional(
    Schema.Union(
      Schema.Literal("none", "full", "equal", "decorrelated"),
      Schema.Struct({ min: Schema.Number, max: Schema.Number })
    )
  ),
  deadline: span,
  maxRetryAfter: span,
  whenOpen: optional(Schema.Literal("stop", "wait"))
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

const Shape = Schema.Struct({
  ...parts,
  maxKeys: amount,
  ttl: span,
  overrides: optional(Schema.Record({ key: Schema.String, value: Override }).annotations(part))
}).annotations(part)

/**
 * The options of `Truce.layer` as data. Everything has a default; a value that its rule forbids is an error, and to `decode` (or with
 * `onExcessProperty: "error"`) what is not an option is one too.
 *
 * **Example** (A file with a fault in it)
 *
 * ```ts
 * import { Policy } from "@truce/effect3"
 * import { Effect } from "effect"
 *
 * const file = `{ "circuit": { "openFor": "1 second" }, "overrides": { "payments-*": { "retry": { "attempts": 0 } } } }`
 * const program = Effect.flip(Policy.decode(JSON.parse(file)))
 * const { message } = await Effect.runPromise(program)
 * message // => "overrides.payments-*.retry.attempts: must be a whole number of at least 1, got 0"
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Policy: Schema.Schema<Policy, typeof Shape.Encoded> = judged(Shape, "TrucePolicy", checkPolicy)

/**
 * The options of `Truce.layer` as data.
 *
 * @category models
 * @since 0.1.0
 */
export type Policy = typeof Shape.Type

/**
 * Reads a policy; fails with every fault at once, each with its path and rule.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (data: unknown): Effect.Effect<Policy, InvalidPolicy> =>
  Effect.suspend(() => {
    const reading = read(data)
    if (reading._tag === "Read") return Effect.succeed(reading.value)
    const [first, ...rest] = reading.issues
    return Effect.fail(new InvalidPolicy({ issues: [located(first), ...rest.map(located)] }))
  })

const readShape = reader(Policy, { isClosed: true })

// A schema's copy of the overrides has no place for it: unread, it would not be checked.
const read = (data: unknown): ReturnType<typeof readShape> =>
  hasProperty(data, "overrides") && isObject(data.overrides) && Object.hasOwn(data.overrides, "__proto__")
    ? {
        _tag: "Faulty",
        issues: [
          { path: ["overrides", "__proto__"], rule: "must be another pattern: this one is a word of the language" }
        ]
      }
    : readShape(data)

const located = ({ path, rule }: Issue) => ({ path: path.join("."), rule })

/**
 * The options that the data stands for.
 *
 * Throws `InvalidOption` where `decode` would fail.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toOptions: (policy: Policy) => Truce.Options<HealthModel.Opaque> = optionsOf

/**
 * Provides everything from a policy.
 *
 * **Example** (A policy in a file's words)
 *
 * ```ts
 * import { CircuitBreaker, Policy } from "@truce/effect3"
 * import { Effect } from "effect"
 *
 * const layer = Policy.layer({
 *   model: { type: "ledger", minFailures: 8 },
 *   circuit: { openFor: "1 second" },
 *   overrides: { "payments-*": { model: { type: "consecutive", failures: 3 }, circuit: { permits: 2 } } }
 * })
 * const program = Effect.map(CircuitBreaker.state("payments-visa"), ({ openBelow, permits }) => ({ openBelow, permits }))
 * await Effect.runPromise(Effect.provide(program, layer)) // => { openBelow: 0, permits: 2 }
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (policy: Policy): Layer.Layer<Truce.Services, InvalidPolicy> =>
  Layer.unwrapEffect(Effect.map(decode(policy), (valid) => Truce.layer(optionsOf(valid))))

const names = (
  members: ReadonlyArray<{ readonly fields: { readonly [name: string]: unknown } }>
): ReadonlyArray<string> => [...new Set(members.flatMap(({ fields }) => Object.keys(fields)))]

/**
 * The policy from a `ConfigProvider`: from the environment (`CIRCUIT_OPEN_FOR`, or `TRUCE_CIRCUIT_OPEN_FOR` under
 * `Config.nested("TRUCE")`) or from any other one (`circuit.openFor`).
 *
 * Every setting is read in either spelling; one that is not there is left to its default. `overrides` is JSON, as is a `jitter` of two
 * factors. What a rule forbids is a `ConfigError` with the setting's path.
 *
 * @category configuration
 * @since 0.1.0
 */
export const config: Config.Config<Policy> = policyConfig(
  {
    model: names(Model.members),
    circuit: Object.keys(Circuit.fields),
    retry: Object.keys(Retry.fields),
    limits: Object.keys(Limits.fields),
    budget: names(Budget.members)
  },
  read
)

/**
 * Provides everything from a `ConfigProvider`.
 *
 * **Example** (From the environment)
 *
 * ```ts
 * import { CircuitBreaker, Policy } from "@truce/effect3"
 * import { Config, ConfigProvider, Effect, Layer } from "effect"
 *
 * const environment = { TRUCE_CIRCUIT_PERMITS: "2", TRUCE_MODEL_TYPE: "consecutive" }
 * const layer = Policy.layerConfig(Config.nested(Policy.config, "TRUCE")).pipe(
 *   Layer.provide(
 *     Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)), { pathDelim: "_" }))
 *   )
 * )
 * const program = Effect.map(CircuitBreaker.state("users-api"), ({ openBelow, permits }) => ({ openBelow, permits }))
 * await Effect.runPromise(Effect.provide(program, layer)) // => { openBelow: 0, permits: 2 }
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  policy: Config.Config<Policy> = config
): Layer.Layer<Truce.Services, ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(policy, (valid) => Truce.layer(optionsOf(valid))))

/**
 * Puts another policy in force while the program runs (`Truce.reload`); on a fault nothing changes.
 *
 * @category reloading
 * @since 0.1.0
 */
export const reload = (data: unknown): Effect.Effect<void, InvalidPolicy, Truce.Truce> =>
  Effect.flatMap(decode(data), (policy) => Truce.reload(optionsOf(policy)))

/**
 * Puts every policy of a stream in force as it comes, as long as the layer lives: a file that is watched, a store that is polled.
 *
 * Each change is an info log; one with a fault, or an end of the stream by an error, is a warning, and what was in force stays.
 *
 * @category reloading
 * @since 0.1.0
 */
export const follow = <E, R>(policies: Stream.Stream<unknown, E, R>): Layer.Layer<never, never, R | Truce.Truce> =>
  Layer.scopedDiscard(
    policies.pipe(
      Stream.runForEach((data) =>
        Effect.matchEffect(reload(data), {
          onFailure: (error) => Effect.logWarning(`A new policy is not in force: ${error.message}`),
          onSuccess: () => Effect.logInfo("A new policy is in force.")
        })
      ),
      Effect.catchAllCause((cause) => Effect.logWarning("The policy is not followed any more.", cause)),
      Effect.forkScoped
    )
  )
