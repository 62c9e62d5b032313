import { type Given, type HealthModel, InvalidOption } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import { configError } from "../../platform/Config.ts"
import { isDuration, isTime } from "../../platform/Time.ts"
import type { Issue } from "./Issue.ts"

/** Milliseconds of a duration option; throws `InvalidOption` for what is not one. */
export const millis = (owner: string, field: string, input: Duration.DurationInput | undefined): number | undefined => {
  if (input === undefined) return undefined
  if (!isDuration(input) || !isTime(input)) {
    throw new InvalidOption.InvalidOption(owner, field, `a duration such as "500 millis"`, shown(input))
  }
  return Duration.toMillis(Duration.decode(input))
}

/** As users of the binding write options: lengths of time are durations. */
export const style = (owner: string): Given.Style => ({
  owner,
  hasUnits: false,
  millis: (of, field, value) => {
    if (isDuration(value) && isTime(value)) return Duration.toMillis(Duration.decode(value))
    throw new InvalidOption.InvalidOption(of, field, `a duration such as "500 millis"`, shown(value))
  },
  shown
})

export const positiveDuration = (
  owner: string,
  field: string,
  input: Duration.DurationInput | undefined,
  fallback: Duration.DurationInput
): number => {
  const value = millis(owner, field, input ?? fallback)
  return renamed(owner, {}, { [field]: input }, () =>
    InvalidOption.check(owner, field, value, 0, InvalidOption.positiveOrInfinity)
  )
}

export const count = (owner: string, field: string, value: number | undefined, fallback: number): number =>
  InvalidOption.check(owner, field, value, fallback, InvalidOption.count)

/** The options that were given a value. */
export const given = <Options extends object>(options: Options): Partial<Options> => {
  const result = { ...options }
  for (const field in result) if (result[field] === undefined) delete result[field]
  return result
}

/** A layer from configs; what the options' rules reject is a `ConfigError` at the option's name, or at the paths that `locate` finds. */
export const configured = <Options, A, R>(
  configs: Config.Config.Wrap<Options>,
  layer: (options: Options) => Layer.Layer<A, never, R>,
  locate: (options: Options, context: Context.Context<R>) => ReadonlyArray<Issue> = () => []
): Layer.Layer<A, ConfigError.ConfigError, R> =>
  Layer.unwrapEffect(
    Effect.zipWith(Config.unwrap(configs), Effect.context<R>(), (options, context) =>
      Layer.catchAllCause(layer(options), (cause) => {
        const defect = Cause.squash(cause)
        if (!(defect instanceof InvalidOption.InvalidOption)) return Layer.effectContext(Effect.failCause(cause))
        const [first = { path: [defect.field], rule: defect.message }, ...rest] = locate(options, context)
        return Layer.effectContext(Effect.fail(configError([first, ...rest])))
      })
    )
  )

/** Runs the core's own checks under the names and with the values that the user gave. */
export const renamed = <A>(
  owner: string,
  names: { readonly [coreField: string]: string },
  given: { readonly [field: string]: unknown },
  f: () => A
): A => {
  try {
    return f()
  } catch (error) {
    if (!(error instanceof InvalidOption.InvalidOption)) throw error
    const field = names[error.field] ?? error.field
    const rule = Object.entries(names).reduce((text, [core, own]) => text.replaceAll(core, own), error.rule)
    throw new InvalidOption.InvalidOption(owner, field, rule, shown(given[field] ?? error.value))
  }
}

const shown = (value: unknown): unknown => (Duration.isDuration(value) ? Duration.format(value) : value)

/** Throws `InvalidOption` for what is no model, such as the name of one. */
export const checkedModel = (model: HealthModel.HealthModel): HealthModel.HealthModel => {
  if (hasProperty(model, "observe") && typeof model.observe === "function") return model
  throw new InvalidOption.InvalidOption(
    "HealthScore",
    "model",
    "a health model, as HealthModel.ledger() makes one",
    model
  )
}
