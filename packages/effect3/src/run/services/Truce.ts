import type { HealthModel, RetryBudget as Rule } from "@truce/core"
import * as Context from "effect/Context"
import type { Options as ScoreOptions, Service as HealthScore } from "./HealthScore.ts"
import type { Service as RetryBudget } from "./RetryBudget.ts"
import type { Again, CallOptions, Limits, Options as RetryOptions, Service as RetryPolicy } from "./RetryPolicy.ts"
import type { ExecuteOptions, Options as CircuitOptions } from "../settings/CircuitOptions.ts"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import type { RetryExhausted } from "../../RetryExhausted.ts"
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
export interface Options<S = HealthModel.Ledger, R = never> extends ScoreOptions<S> {
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
  /** Made by `HealthModel.opaque`, as models differ in type. */
  readonly model?: HealthModel.HealthModel<HealthModel.Opaque> | undefined
  readonly circuit?: CircuitOptions | undefined
  readonly retry?: RetryOptions<R> | undefined
  readonly limits?: Limits | undefined
  readonly budget?: Rule.RetryBudget | undefined
}

/**
 * How one effect is protected.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProtectOptions<
  E,
  ER extends E,
  EP extends E,
  RetryTimeouts extends boolean = boolean
> extends ExecuteOptions<E, ER, EP> {
  /** Options of the retry for this effect alone: field by field over those of the key's override and of the layer, within the limits. */
  readonly retry?: CallOptions<RetryTimeouts> | undefined
}

/**
 * The error channel of a protected effect: permanent errors as they were, retriable ones inside `RetryExhausted`, and the
 * rejection of a call that made no attempt.
 *
 * An error that the types call neither, or both, is in both places: none is lost.
 *
 * @category models
 * @since 0.1.0
 */
export type Protected<E, ER, EP, Timeout = never, RetryTimeouts extends boolean = true> = {
  // A property, as its type has no name: an editor shows the errors instead.
  readonly error:
    | Exclude<E, ER>
    | Extract<E, EP>
    | CircuitOpen
    | Unless<RetryTimeouts, Timeout>
    | ([Again<E, ER, EP> | If<RetryTimeouts, Timeout>] extends [never]
        ? never
        : RetryExhausted<Again<E, ER, EP> | If<RetryTimeouts, Timeout>>)
}["error"]

export type If<Condition extends boolean, A> = true extends Condition ? A : never

export type Unless<Condition extends boolean, A> = false extends Condition ? A : never
