import { InvalidOption } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { LayerOptions } from "../settings/CircuitOptions.ts"
import { lifetimeOf } from "../settings/lifetime.ts"
import type { InvalidPolicy } from "../../InvalidPolicy.ts"
import * as RetryBudget from "../services/RetryBudget.ts"
import * as RetryPolicy from "../services/RetryPolicy.ts"
import type { Options } from "../services/Truce.ts"
import { internals } from "../services/CircuitBreaker.ts"
import { checked } from "../settings/checked.ts"
import { issuesOf } from "../settings/issues.ts"
import { rulesByKey } from "../settings/retryRules.ts"
import { circuitOverrides, modelOf } from "../settings/Policies.ts"
import { counted } from "./several.ts"
import { Truce } from "../services/Truce.ts"

/** What of the options is the breaker's. */
export const circuitOptions = <R>({ circuit, overrides }: Pick<Options<R>, "circuit" | "overrides">): LayerOptions => ({
  ...circuit,
  overrides: mapped(overrides, ({ circuit: own, model }) => ({ ...own, model }))
})

/** What of the options is the retry's. */
export const retryOptions = <R>({ limits, overrides, retry }: Options<R>): RetryPolicy.LayerOptions<R> => ({
  ...retry,
  limits,
  overrides: mapped(overrides, ({ limits: over, retry: own }) => ({ ...own, limits: over }))
})

/** What of the options is the budget's. */
export const budgetOptions = <R>({ budget, maxKeys, overrides }: Options<R>): RetryBudget.Options => ({
  rule: budget,
  maxKeys,
  overrides: mapped(overrides, ({ budget: own }) => own)
})

const optionNames = ["model", "maxKeys", "ttl", "circuit", "retry", "limits", "budget", "overrides", "several"] as const
const overrideNames = ["model", "circuit", "retry", "limits", "budget"] as const

/** Throws `InvalidOption` for what is no option of a layer. */
export const checkNames = <R>(owner: string, options: Options<R>): void => {
  InvalidOption.names(owner, options, optionNames)
  for (const [pattern, own] of Object.entries(options.overrides ?? {})) {
    InvalidOption.inOverride(pattern, () => InvalidOption.names(owner, own, overrideNames))
  }
}

/** A layer whose options are looked at when it is built. */
export const checkedLayer = <R, A, E, R2>(
  options: Options<R>,
  layer: () => Layer.Layer<A, E, R2>
): Layer.Layer<A, E, R2> =>
  Layer.suspend(() => {
    checkNames("Truce.layer", options)
    return Layer.merge(layer(), Layer.scopedDiscard(counted(options.several === true)))
  })

/** All rules are checked before any is put in force, and all in one step, in which no fiber can register a key. */
export const reloading = <R>(options: Options<R>): Effect.Effect<void, InvalidPolicy, R | Truce> =>
  Effect.gen(function* () {
    const { breaker, budget, policy } = yield* Truce
    const context = yield* Effect.context<R>()
    const replace = () => {
      checkNames("Truce.reload", options)
      const circuit = circuitOptions(options)
      const rules = { model: modelOf(options), options: circuit, overrides: circuitOverrides(circuit) }
      const circuits = breaker[internals].replace(rules, lifetimeOf(options))
      const tokens = budget[RetryBudget.replace](budgetOptions(options))
      const retries = rulesByKey(retryOptions(options), context)
      circuits()
      tokens()
      policy[RetryPolicy.replace](retries)
    }
    yield* checked(replace, () => issuesOf(options, context))
  })

// A pattern that says nothing of one part says that it is as for all keys.
const mapped = <A, B>(
  values: { readonly [pattern: string]: A } | undefined,
  f: (value: A) => B
): { readonly [pattern: string]: B } =>
  Object.fromEntries(Object.entries(values ?? {}).map(([pattern, value]) => [pattern, f(value)]))
