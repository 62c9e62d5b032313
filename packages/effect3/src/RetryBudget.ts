/**
 * The retry budget of each key, as a service: retries spend tokens, attempts earn them.
 *
 * It judges nothing and never waits: without a token the retry is not sent.
 *
 * @since 0.1.0
 */
import { type Attempt, type Options, RetryBudget, type Service, replace } from "./run/services/RetryBudget.ts"
import { KeyPattern, type Outcome, RetryBudget as Rule } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as STM from "effect/STM"
import { TokenBuckets } from "./run/keys/TokenBuckets.ts"
import { now } from "./platform/Monotonic.ts"
import { count } from "./run/settings/options.ts"

export { type Attempt, type Options, RetryBudget, type Service, replace } from "./run/services/RetryBudget.ts"

/**
 * Retries priced by saturation, the default; `docs/retry.md` compares the rules.
 *
 * @category rules
 * @since 0.1.0
 */
export const { aws, grpc, ratio, saturation, unlimited } = Rule

/**
 * Builds the service.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.sync(() => {
    let rules = rulesOf(options)
    const buckets = new TokenBuckets()
    return {
      tokens: (key) =>
        Effect.suspend(() => {
          const bucket = buckets.get(key)
          const rule = rules.of(key)
          if (bucket === undefined) return Effect.succeed(rule.init.tokens)
          return Effect.map(bucket.heldTx(rule), ({ tokens }) => tokens)
        }),
      withdraw: (key, failed) =>
        Effect.flatMap(now, (at) => {
          const rule = rules.of(key)
          return buckets.open(key, rule, rules.maxKeys).update(rule, (held) => withdrawn(rule, held, failed, at))
        }),
      withdrawSTM: (key, failed, at) =>
        STM.suspend(() => {
          const rule = rules.of(key)
          return buckets.open(key, rule, rules.maxKeys).updateTx(rule, (held) => withdrawn(rule, held, failed, at))
        }),
      refund: (key, cost) =>
        Effect.withFiberRuntime((fiber) => {
          const bucket = buckets.get(key)
          if (bucket === undefined || cost === 0) return Effect.void
          const rule = rules.of(key)
          return Effect.map(
            bucket.update(rule, (held) => [undefined, rule.refund(held, cost)]),
            () => buckets.forget(fiber, key, bucket, rule)
          )
        }),
      settle: (key, attempt, at) => {
        const rule = rules.of(key)
        const known = buckets.get(key)
        const before = known === undefined ? rule.init : known.known(rule)
        if (before !== undefined && rule.settle(before, attempt, at) === before) return Effect.void
        return Effect.withFiberRuntime((fiber) => {
          const bucket = buckets.open(key, rule, rules.maxKeys)
          return Effect.map(
            bucket.update(rule, (held) => [undefined, rule.settle(held, attempt, at)]),
            () => buckets.forget(fiber, key, bucket, rule)
          )
        })
      },
      [replace]: (next) => {
        const replaced = rulesOf(next)
        return () => {
          rules = replaced
        }
      }
    }
  })

/**
 * Provides the service.
 *
 * **Example** (A budget of one retry in five calls)
 *
 * ```ts
 * import { RetryBudget } from "@truce/effect3"
 * import { Effect } from "effect"
 *
 * const layer = RetryBudget.layer({ rule: RetryBudget.ratio({ ratio: 0.2 }) })
 * const tokens = await Effect.runPromise(Effect.provide(RetryBudget.tokens("users-api"), layer))
 * tokens // => 10
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<RetryBudget> =>
  Layer.effect(
    RetryBudget,
    Effect.suspend(() => make(options))
  )

/**
 * The tokens a key has left; all of them for one that has spent none.
 *
 * @category accessors
 * @since 0.1.0
 */
export const tokens = (key: string): Effect.Effect<number, never, RetryBudget> =>
  Effect.flatMap(RetryBudget, (service) => service.tokens(key))

/**
 * Pays for one retry after `failed`: what it cost, or none when it cannot be afforded.
 *
 * @category accessors
 * @since 0.1.0
 */
export const withdraw = (
  key: string,
  failed: Outcome.Outcome
): Effect.Effect<Option.Option<number>, never, RetryBudget> =>
  Effect.flatMap(RetryBudget, (service) => service.withdraw(key, failed))

/**
 * Gives the cost of a retry back that was not sent.
 *
 * @category accessors
 * @since 0.1.0
 */
export const refund = (key: string, cost: number): Effect.Effect<void, never, RetryBudget> =>
  Effect.flatMap(RetryBudget, (service) => service.refund(key, cost))

/**
 * Earns by what an attempt found.
 *
 * @category accessors
 * @since 0.1.0
 */
export const settle = (key: string, attempt: Attempt): Effect.Effect<void, never, RetryBudget> =>
  Effect.zipWith(RetryBudget, now, (service, at) => service.settle(key, attempt, at)).pipe(Effect.flatten)

const withdrawn = (
  rule: Rule.RetryBudget,
  tokens: Rule.Tokens,
  failed: Outcome.Outcome,
  at: number
): readonly [Option.Option<number>, Rule.Tokens] => {
  const paid = rule.withdraw(tokens, failed, at)
  return paid === undefined ? [Option.none(), tokens] : [Option.some(paid[1]), paid[0]]
}

const rulesOf = ({ maxKeys, overrides, rule = Rule.saturation() }: Options) => {
  const special = KeyPattern.KeyPattern.of(overrides)
  return {
    maxKeys: count("RetryBudget", "maxKeys", maxKeys, 10_000),
    of: (key: string): Rule.RetryBudget => special.find(key) ?? rule
  }
}
