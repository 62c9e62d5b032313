import type { HealthModel, RetryBudget as Rule } from "@truce/core"
import * as Context from "effect/Context"
import type { Options as ScoreOptions, Service as HealthScore } from "./HealthScore.ts"
import type { Service as RetryBudget } from "./RetryBudget.ts"
import type { Limits, Options as RetryOptions, Service as RetryPolicy } from "./RetryPolicy.ts"
import type { Options as CircuitOptions } from "../settings/CircuitOptions.ts"
import type { Service as CircuitBreaker } from "./CircuitBreaker.ts"

/**
 * The four services that `protect` works with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly score: HealthScore
  readonly breaker: CircuitBreaker
  readonly policy: RetryPolicy
  readonly budget: RetryBudget
}

/**
 * Retry around breaker, in agreement.
 *
 * @category tags
 * @since 0.1.0
 */
export class Truce extends Context.Tag("@truce/effect3/Truce")<Truce, Service>() {}

/**
 * Options of the layer. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<R = never> extends ScoreOptions {
  readonly circuit?: CircuitOptions | undefined
  readonly retry?: RetryOptions<R> | undefined
  /** What any call may do at most, whatever the code asks for. Default: no limits. */
  readonly limits?: Limits | undefined
  /** How retries are priced. Default: `RetryBudget.saturation()`. */
  readonly budget?: Rule.RetryBudget | undefined
  /** Whether more than one layer is meant to be in use in a process: they share nothing, and the second logs a line. Default: false. */
  readonly several?: boolean | undefined
  /** Options for keys of a pattern, over the others: `*` stands for any characters, the most exact pattern counts alone. */
  readonly overrides?: { readonly [pattern: string]: Override<R> } | undefined
}

/**
 * Options for the keys of a pattern.
 *
 * @category models
 * @since 0.1.0
 */
export interface Override<R = never> {
  /** How outcomes move the score of these keys. Default: the model of the others. */
  readonly model?: HealthModel.HealthModel | undefined
  readonly circuit?: CircuitOptions | undefined
  readonly retry?: RetryOptions<R> | undefined
  readonly limits?: Limits | undefined
  readonly budget?: Rule.RetryBudget | undefined
}
