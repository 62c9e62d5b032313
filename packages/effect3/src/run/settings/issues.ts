import { type HealthModel, InvalidOption, Limits } from "@truce/core"
import type { Issue } from "./Issue.ts"
import type * as Context from "effect/Context"
import { toPolicy } from "./CircuitOptions.ts"
import { lifetimeOf } from "./lifetime.ts"
import type { Options } from "../services/Truce.ts"
import { limitsOver, rulesOver } from "./retryRules.ts"
import { modelOf } from "./Policies.ts"

/** The part of the options that has rules of its own; models and budgets are checked where they are made. */
type Part<R> = Pick<Options<R>, "circuit" | "limits" | "retry">

/** Every fault of the options of all keys and of each pattern; what `Truce.layer` would take has none. */
export const issuesOf = <R>(
  { overrides = {}, ...base }: Options<R>,
  context: Context.Context<R>
): ReadonlyArray<Issue> => {
  const shared = modelOf(base)
  const all = [...partIssues([], shared, {}, base, context), ...issue([], () => lifetimeOf(base))]
  const some = Object.entries(overrides).flatMap(([pattern, own]) =>
    partIssues(["overrides", pattern], own.model ?? shared, base, own, context)
  )
  return withPatterns(all, some)
}

/** A fault of all keys is none of each pattern. */
export const withPatterns = (all: ReadonlyArray<Issue>, some: ReadonlyArray<Issue>): ReadonlyArray<Issue> => [
  ...all,
  ...some.filter(
    ({ path: [, , ...path], rule }) => !all.some((one) => one.rule === rule && one.path.join() === path.join())
  )
]

export const partIssues = <R>(
  path: ReadonlyArray<string>,
  model: HealthModel.HealthModel,
  base: Part<R>,
  own: Part<R>,
  context: Context.Context<R>
): ReadonlyArray<Issue> => [
  ...issue([...path, "circuit"], () => toPolicy(model, base.circuit ?? {}, own.circuit)),
  ...issue([...path, "retry"], () => rulesOver({ ...base.retry }, { ...own.retry }, context)),
  ...issue([...path, "limits"], () => limitsOver(Limits.unlimited, own.limits ?? base.limits))
]

/** The fault that building throws, if it does. */
export const issue = (path: ReadonlyArray<string>, build: () => unknown): ReadonlyArray<Issue> => {
  try {
    build()
    return []
  } catch (error) {
    if (!(error instanceof InvalidOption.InvalidOption)) throw error
    return [issueOf(error, path)]
  }
}

export const issueOf = (
  { field, message, owner }: InvalidOption.InvalidOption,
  path: ReadonlyArray<string> = []
): Issue => ({ path: [...path, field], rule: message.slice(`${owner}: ${field} `.length) })
