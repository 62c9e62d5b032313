/**
 * The whole policy as plain data, so that it can live in a JSON or YAML file, in the environment or in a store, and change while the
 * program runs.
 *
 * @since 0.1.0
 */
import { Budget, Circuit, Limits, Model, Retry, Shape } from "./run/settings/PolicySchema.ts"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty, isObject } from "effect/Predicate"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Issue } from "./run/settings/Issue.ts"
import { checkPolicy, optionsOf } from "./run/settings/policy.ts"
import { policyConfig } from "./run/settings/policyConfig.ts"
import { InvalidPolicy } from "./InvalidPolicy.ts"
import { reader } from "./platform/Reading.ts"
import { judged } from "./platform/Schema.ts"
import * as Truce from "./Truce.ts"

export { Budget, Circuit, Limits, Model, Override, Retry } from "./run/settings/PolicySchema.ts"

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
export const toOptions: (policy: Policy) => Truce.Options = optionsOf

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
