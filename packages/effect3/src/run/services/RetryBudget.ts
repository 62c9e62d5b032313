import type { Outcome, RetryBudget as Rule } from "@truce/core"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as STM from "effect/STM"

/**
 * Options of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How retries are priced: `saturation`, `ratio`, `grpc`, `aws` or `unlimited`. Default: `saturation()`. */
  readonly rule?: Rule.RetryBudget | undefined
  /** Rules for keys of a pattern: `*` stands for any characters, the most exact pattern counts. */
  readonly overrides?: { readonly [pattern: string]: Rule.RetryBudget | undefined } | undefined
  /** The most keys kept; the one kept longest is forgiven first. A key with all its tokens is not kept. Default: 10 000. */
  readonly maxKeys?: number | undefined
}

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly tokens: (key: string) => Effect.Effect<number>
  readonly withdraw: (key: string, failed: Outcome.Outcome) => Effect.Effect<Option.Option<number>>
  readonly withdrawSTM: (key: string, failed: Outcome.Outcome, now: number) => STM.STM<Option.Option<number>>
  readonly refund: (key: string, cost: number) => Effect.Effect<void>
  readonly settle: (key: string, attempt: Attempt, now: number) => Effect.Effect<void>
  /** For `Truce.reload`: checks other rules; run, the result puts them in force. Throws `InvalidOption`. */
  readonly [replace]: (options: Options) => () => void
}

/**
 * The key under which a budget can be replaced.
 *
 * @category symbols
 * @since 0.1.0
 */
export const replace: unique symbol = Symbol.for("@truce/effect3/RetryBudget/replace")

/**
 * One attempt as the budget sees it; `cost` is what its retry paid, 0 for a first attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt {
  readonly cost: number
  readonly retry: boolean
  readonly outcome: Outcome.Outcome
}

/**
 * The retry budget of each key.
 *
 * @category tags
 * @since 0.1.0
 */
export class RetryBudget extends Context.Tag("@truce/effect3/RetryBudget")<RetryBudget, Service>() {}
