/**
 * Fault injection: marked points of a program fail, hang, die or slow down by seeded rules, in a test or in staging.
 *
 * A point does nothing unless `Faults.layer` is provided. It belongs inside the protected effect, so that what it injects is evidence.
 *
 * @since 0.1.0
 */
import { InvalidOption, KeyPattern } from "@truce/core"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { checked } from "./run/settings/checked.ts"
import { type Fault, injected } from "./run/faults/point.ts"
import { type Checked, type Injection, Rule, check, draw } from "./run/faults/rule.ts"
import { configured } from "./run/settings/options.ts"
import type { InvalidPolicy } from "./InvalidPolicy.ts"
import { jsonConfig } from "./platform/Config.ts"

export { type Fault, InjectedDefect } from "./run/faults/point.ts"
export { type Injection, Rule } from "./run/faults/rule.ts"

/**
 * Rules by key, where a `*` stands for any run of characters. The exact key comes first, then the pattern with the most characters
 * that are not `*`, then the one written first.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  readonly [pattern: string]: Rule
}

/**
 * `Rules` as data, for a file or a variable of the environment; a field that no rule has is an error to `config`, and to who decodes
 * with `onExcessProperty: "error"`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Rules = Schema.Record({ key: Schema.String, value: Rule }).annotations({ identifier: "Faults.Rules" })

/**
 * Options of the layer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default: no rule, nothing is injected. */
  readonly rules?: Rules | undefined
  /** A whole number: the same seed gives the same faults at each key, whatever happens at other keys. Default: drawn from `Random`. */
  readonly seed?: number | undefined
  /** Whether it starts switched on. Default: true. */
  readonly enabled?: boolean | undefined
}

/**
 * What was injected at one key; `executions` counts those under a rule, the ones left alone included.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counts {
  readonly executions: number
  readonly errors: number
  readonly defects: number
  readonly hangs: number
  readonly delays: number
}

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly seed: number
  readonly isEnabled: Effect.Effect<boolean>
  readonly setEnabled: (enabled: boolean) => Effect.Effect<void>
  readonly rules: Effect.Effect<Rules>
  readonly setRules: (rules: Rules) => Effect.Effect<void, InvalidPolicy>
  readonly counts: Effect.Effect<{ readonly [key: string]: Counts }>
  /** Draws and counts what happens to the next execution at a key; `undefined` for nothing. */
  readonly unsafeNext: (key: string) => (Injection & Fault) | undefined
}

/**
 * The faults to inject.
 *
 * @category tags
 * @since 0.1.0
 */
export class Faults extends Context.Tag("@truce/effect3/Faults")<Faults, Service>() {}

/**
 * Builds the service.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.map(Random.nextIntBetween(-(2 ** 31), 2 ** 31), (drawn) => {
    const seed = InvalidOption.check("Faults", "seed", options.seed, drawn, aWholeNumber)
    let isEnabled = options.enabled ?? true
    let rules = options.rules ?? {}
    let patterns = patternsOf(rules)
    const tallies = new Map<string, Tally>()
    const tallyOf = (key: string): Tally => {
      const known = tallies.get(key)
      if (known !== undefined) return known
      const tally = { executions: 0, errors: 0, defects: 0, hangs: 0, delays: 0 }
      tallies.set(key, tally)
      return tally
    }
    return {
      seed,
      isEnabled: Effect.sync(() => isEnabled),
      setEnabled: (enabled) => Effect.sync(() => void (isEnabled = enabled)),
      rules: Effect.sync(() => rules),
      setRules: (next) =>
        Effect.map(
          checked(() => patternsOf(next)),
          (found) => {
            patterns = found
            rules = next
          }
        ),
      counts: Effect.sync(() => Object.fromEntries(Array.from(tallies, ([key, tally]) => [key, { ...tally }]))),
      unsafeNext: (key) => {
        const rule = isEnabled ? patterns.find(key) : undefined
        if (rule === undefined) return undefined
        const tally = tallyOf(key)
        const execution = tally.executions++
        const injection = draw(rule, (seed + Hash.string(key)) | 0, execution)
        if (injection.delayMillis > 0) tally.delays++
        if (injection.fault !== "none") tally[counterOf[injection.fault]]++
        return { key, execution, ...injection }
      }
    }
  })

/**
 * Provides faults.
 *
 * Dies with `InvalidOption` when built with an impossible option, which it names as in `rules["users-api"].errorRate`.
 *
 * **Example** (Three executions in ten fail)
 *
 * ```ts
 * import { Classifier, Faults, Truce } from "@truce/effect3"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const getName = Effect.succeed("Ada").pipe(
 *   Faults.point("users-api", { error: () => new Timeout() }),
 *   Truce.protect({ key: "users-api", classify, retry: { base: "1 millis" } })
 * )
 * const program = Effect.gen(function* () {
 *   const name = yield* getName
 *   const counts = yield* Faults.counts
 *   return [name, counts["users-api"]?.errors]
 * })
 * const faults = Faults.layer({ seed: 4, rules: { "users-*": { errorRate: 0.3 } } })
 * await Effect.runPromise(Effect.provide(program, Layer.merge(Truce.layer(), faults))) // => ["Ada", 1]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Faults> =>
  Layer.effect(
    Faults,
    Effect.suspend(() => make(options))
  )

/**
 * Provides faults from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * **Example** (Switched on in staging only)
 *
 * ```ts
 * import { Faults } from "@truce/effect3"
 * import { ConfigProvider, Effect, Layer } from "effect"
 *
 * const environment = {
 *   FAULTS_ENABLED: "true",
 *   FAULTS_RULES: '{ "payments-*": { "errorRate": 0.05, "latency": { "min": "20 millis", "max": "200 millis" } } }'
 * }
 * const layer = Faults.layerConfig(Faults.config()).pipe(
 *   Layer.provide(
 *     Layer.setConfigProvider(
 *       ConfigProvider.fromMap(new Map(Object.entries(environment)), { pathDelim: "_", seqDelim: "," })
 *     )
 *   )
 * )
 * const rules = await Effect.runPromise(Effect.provide(Faults.rules, layer))
 * rules["payments-*"]?.errorRate // => 0.05
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Config.Config.Wrap<Options>): Layer.Layer<Faults, ConfigError.ConfigError> =>
  configured(options, layer)

/**
 * The options from `<name>_ENABLED` (default: false), `<name>_SEED` and `<name>_RULES`, the rules as JSON.
 *
 * @category config
 * @since 0.1.0
 */
export const config = (name = "FAULTS"): Config.Config<Options> =>
  Config.nested(
    Config.all({
      enabled: Config.withDefault(Config.boolean("ENABLED"), false),
      seed: Config.map(Config.option(Config.integer("SEED")), Option.getOrUndefined),
      rules: Config.withDefault(jsonConfig(name, "RULES", Rules), {})
    }),
    name
  )

/**
 * How a point fails.
 *
 * @category models
 * @since 0.1.0
 */
export interface PointOptions<F> {
  /** The error of an execution that was made to fail. */
  readonly error: (fault: Fault) => F
}

/**
 * Marks an effect as a point where faults can be injected.
 *
 * Without the layer, switched off or under no rule the effect runs as it is. Put it inside the protection, `Truce.protect` after it in
 * the pipe: outside, the circuit would see none of the faults and no retry would answer them.
 *
 * **Example** (The order)
 *
 * ```ts
 * import { Classifier, Faults, HealthScore, Truce } from "@truce/effect3"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 * const once = Truce.protect({ key: "users-api", classify, retry: { attempts: 1 } })
 * const point = Faults.point("users-api", { error: () => new Timeout() })
 *
 * const scoreAfter = (call: Effect.Effect<string, unknown, Truce.Truce>) =>
 *   Effect.ignore(call).pipe(
 *     Effect.zipRight(HealthScore.get("users-api")),
 *     Effect.map(({ score }) => score.toFixed(2)),
 *     Effect.provide(Layer.merge(Truce.layer(), Faults.layer({ rules: { "users-api": { errorRate: 1 } } })))
 *   )
 * await Effect.runPromise(scoreAfter(Effect.succeed("Ada").pipe(point, once))) // => "0.80"
 * await Effect.runPromise(scoreAfter(Effect.succeed("Ada").pipe(once, point))) // => "1.00"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function point<F>(
  key: string,
  options: PointOptions<F>
): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | F, R>
export function point<A, E, R, F>(
  self: Effect.Effect<A, E, R>,
  key: string,
  options: PointOptions<F>
): Effect.Effect<A, E | F, R>
export function point<A, E, R, F>(
  ...args: readonly [string, PointOptions<F>] | readonly [Effect.Effect<A, E, R>, string, PointOptions<F>]
) {
  return args.length === 2
    ? (self: Effect.Effect<A, E, R>) => injecting(self, args[0], args[1])
    : injecting(args[0], args[1], args[2])
}

/**
 * What was injected, by key.
 *
 * @category accessors
 * @since 0.1.0
 */
export const counts: Effect.Effect<{ readonly [key: string]: Counts }, never, Faults> = Effect.flatMap(
  Faults,
  (service) => service.counts
)

/**
 * The rules in force.
 *
 * @category accessors
 * @since 0.1.0
 */
export const rules: Effect.Effect<Rules, never, Faults> = Effect.flatMap(Faults, (service) => service.rules)

/**
 * The seed, for repeating what was seen.
 *
 * @category accessors
 * @since 0.1.0
 */
export const seed: Effect.Effect<number, never, Faults> = Effect.map(Faults, (service) => service.seed)

/**
 * Whether faults are injected.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isEnabled: Effect.Effect<boolean, never, Faults> = Effect.flatMap(Faults, (service) => service.isEnabled)

/**
 * Switches the injection on or off; executions that hang already are left to hang.
 *
 * @category control
 * @since 0.1.0
 */
export const setEnabled = (enabled: boolean): Effect.Effect<void, never, Faults> =>
  Effect.flatMap(Faults, (service) => service.setEnabled(enabled))

/**
 * Replaces all rules from the next execution on, the counts and each key's draws go on; an impossible rule fails with
 * `InvalidPolicy`, and the rules stay as they were.
 *
 * @category control
 * @since 0.1.0
 */
export const setRules = (rules: Rules): Effect.Effect<void, InvalidPolicy, Faults> =>
  Effect.flatMap(Faults, (service) => service.setRules(rules))

type Tally = { -readonly [K in keyof Counts]: Counts[K] }

const counterOf = { error: "errors", defect: "defects", hang: "hangs" } as const

const aWholeNumber: InvalidOption.Rule = { text: "a whole number", holds: Number.isSafeInteger }

const patternsOf = (rules: Rules): KeyPattern.KeyPattern<Checked> =>
  KeyPattern.KeyPattern.of(rules).map((rule, pattern) => check(pattern, rule))

const injecting = <A, E, R, F>(
  self: Effect.Effect<A, E, R>,
  key: string,
  options: PointOptions<F>
): Effect.Effect<A, E | F, R> =>
  Effect.withFiberRuntime<A, E | F, R>((fiber) => {
    const service = Context.getOrElse(fiber.currentContext, Faults, () => undefined)
    const next = service?.unsafeNext(key)
    return next === undefined ? self : injected(self, next, options.error)
  })
