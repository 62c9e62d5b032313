import { HealthModel, RetryBudget } from "@truce/core"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import { lifetimeOf } from "./lifetime.ts"
import type { Model, Override, Shape, Span } from "./PolicySchema.ts"
import type { Options } from "../services/Truce.ts"
import type { Issue } from "./Issue.ts"
import { issue, partIssues, withPatterns } from "./issues.ts"
import { millis } from "./options.ts"

type Policy = typeof Shape.Type
type Part = typeof Override.Type

/** The options a policy stands for; throws `InvalidOption`. */
export const optionsOf = ({ maxKeys, overrides, ttl, ...part }: Policy): Options => ({
  ...partOf(part),
  maxKeys,
  ttl: span(ttl),
  overrides:
    overrides === undefined
      ? undefined
      : Object.fromEntries(Object.entries(overrides).map(([pattern, own]) => [pattern, partOf(own)]))
})

/** Every fault that the options' own rules find, with its path. */
export const checkPolicy = ({ overrides = {}, ...policy }: Policy): ReadonlyArray<Issue> =>
  withPatterns(
    [...faults([], {}, policy), ...issue([], () => lifetimeOf({ maxKeys: policy.maxKeys, ttl: span(policy.ttl) }))],
    Object.entries(overrides).flatMap(([pattern, own]) => faults(["overrides", pattern], policy, own))
  )

const faults = (path: ReadonlyArray<string>, base: Part, own: Part): ReadonlyArray<Issue> => {
  let model: HealthModel.HealthModel = HealthModel.ledger()
  const wrongModel = issue([...path, "model"], () => {
    const given = own.model ?? base.model
    if (given !== undefined) model = modelOf(given)
  })
  const from = { circuit: circuitOf(base.circuit), retry: retryOf(base.retry), limits: limitsOf(base.limits) }
  const to = { circuit: circuitOf(own.circuit), retry: retryOf(own.retry), limits: limitsOf(own.limits) }
  return [
    // In data a duration has no unit in its name.
    ...wrongModel.map(({ path, rule }) => ({ path: path.map((name) => name.replace(/Millis$/, "")), rule })),
    ...partIssues(path, model, from, to, Context.empty()),
    ...issue([...path, "budget"], () => own.budget === undefined || RetryBudget.fromData(own.budget))
  ]
}

const partOf = ({ budget, circuit, limits, model, retry }: Part) => ({
  model: model === undefined ? undefined : modelOf(model),
  circuit: circuitOf(circuit),
  retry: retryOf(retry),
  limits: limitsOf(limits),
  budget: budget === undefined ? undefined : RetryBudget.fromData(budget)
})

const circuitOf = ({
  lease,
  maxOpenFor,
  maxRetryAfter,
  openFor,
  openTimes,
  slowStart,
  ...rest
}: NonNullable<Part["circuit"]> = {}) => ({
  ...rest,
  slowStart:
    typeof slowStart !== "object"
      ? slowStart
      : {
          initialShare: slowStart.initialShare,
          within: span(slowStart.within),
          rampFor: span(slowStart.rampFor),
          maxRampFor: span(slowStart.maxRampFor)
        },
  lease: span(lease),
  maxOpenFor: span(maxOpenFor),
  maxRetryAfter: span(maxRetryAfter),
  openFor: span(openFor),
  openTimes: openTimes?.map(duration)
})

const limitsOf = ({ attempts, deadline, maxRetryAfter }: NonNullable<Part["limits"]> = {}) => ({
  attempts,
  deadline: span(deadline),
  maxRetryAfter: span(maxRetryAfter)
})

const retryOf = ({ base, cap, deadline, maxRetryAfter, ...rest }: NonNullable<Part["retry"]> = {}) => ({
  ...rest,
  base: span(base),
  cap: span(cap),
  deadline: span(deadline),
  maxRetryAfter: span(maxRetryAfter)
})

const modelOf = (model: typeof Model.Type): HealthModel.HealthModel =>
  HealthModel.fromData(model, (field, given: Span) => millis("Model", field, duration(given)) ?? NaN)

const span = (input: Span | undefined): Duration.DurationInput | undefined =>
  input === undefined ? undefined : duration(input)

const duration = (input: Span): Duration.DurationInput => (input === "infinity" ? Duration.infinity : input)
