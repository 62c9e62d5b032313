/**
 * The retry budget of each key, as a service: retries spend tokens, attempts earn them.
 *
 * It judges nothing and never waits: without a token the retry is not sent.
 *
 * @since 0.1.0
 */
import { type Attempt, type Options, RetryBudget, type Service, replace } from "./run/services/RetryBudget.ts"
import { KeyPattern, type Outcome, RetryBudget as Rule } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as STM from "effect/STM"
import { MirroredRef } from "./run/keys/MirroredRef.ts"
import { now } from "./platform/Monotonic.ts"
import { count, configured } from "./run/settings/options.ts"
import { isAmbient, isComposed } from "./platform/Ref.ts"

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
    // Only keys that have spent: the others are all alike.
    const buckets = new Map<string, TokenBucket>()
    const drop = (key: string, bucket: TokenBucket): void => {
      buckets.delete(key)
      bucket.drop()
    }
    const open = (key: string, rule: Rule.RetryBudget): TokenBucket => {
      const known = buckets.get(key)
      if (known !== undefined) return known
      if (buckets.size >= rules.maxKeys) {
        const [oldest] = buckets
        // One that a transaction has spent from is kept a while longer, as the newest.
        if (oldest?.[1].isUnderWay === true) {
          buckets.delete(oldest[0])
          buckets.set(...oldest)
        } else if (oldest !== undefined) drop(...oldest)
      }
      const bucket = new TokenBucket({ rule, held: rule.init })
      buckets.set(key, bucket)
      return bucket
    }
    const forget = (
      fiber: Fiber.RuntimeFiber<unknown, unknown>,
      key: string,
      bucket: TokenBucket,
      rule: Rule.RetryBudget
    ): void => {
      // The transaction of the user's may have spent what is not committed yet.
      if (!isComposed(fiber) && bucket.isSpare(rule) && buckets.get(key) === bucket) drop(key, bucket)
    }
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
          return open(key, rule).update(rule, (held) => withdrawn(rule, held, failed, at))
        }),
      withdrawSTM: (key, failed, at) =>
        STM.suspend(() => {
          const rule = rules.of(key)
          return open(key, rule).updateTx(rule, (held) => withdrawn(rule, held, failed, at))
        }),
      refund: (key, cost) =>
        Effect.withFiberRuntime((fiber) => {
          const bucket = buckets.get(key)
          if (bucket === undefined || cost === 0) return Effect.void
          const rule = rules.of(key)
          return Effect.map(
            bucket.update(rule, (held) => [undefined, rule.refund(held, cost)]),
            () => forget(fiber, key, bucket, rule)
          )
        }),
      settle: (key, attempt, at) => {
        const rule = rules.of(key)
        const known = buckets.get(key)
        const before = known === undefined ? rule.init : known.known(rule)
        if (before !== undefined && rule.settle(before, attempt, at) === before) return Effect.void
        return Effect.withFiberRuntime((fiber) => {
          const bucket = open(key, rule)
          return Effect.map(
            bucket.update(rule, (held) => [undefined, rule.settle(held, attempt, at)]),
            () => forget(fiber, key, bucket, rule)
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
 * Provides the service from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Config.Config.Wrap<Options>): Layer.Layer<RetryBudget, ConfigError.ConfigError> =>
  configured(options, (unwrapped) => layer(unwrapped))

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

/** The tokens of a key, and the rule they are priced by. */
interface Held {
  readonly rule: Rule.RetryBudget
  readonly held: Rule.Tokens
}

class TokenBucket extends MirroredRef<Held> {
  drop(): void {
    this.abandon()
  }

  heldTx(rule: Rule.RetryBudget): Effect.Effect<Rule.Tokens> {
    return this.look((value) => priced(value, rule))
  }

  /** What the bucket holds, where that is certain without a transaction. */
  known(rule: Rule.RetryBudget): Rule.Tokens | undefined {
    return isAmbient || this.value.rule !== rule ? undefined : this.value.held
  }

  get isUnderWay(): boolean {
    return isAmbient && this.isHeld
  }

  isSpare(rule: Rule.RetryBudget): boolean {
    return !this.isHeld && this.value.rule === rule && this.value.held.tokens === rule.init.tokens
  }

  update<A>(rule: Rule.RetryBudget, f: (held: Rule.Tokens) => readonly [A, Rule.Tokens]): Effect.Effect<A> {
    return this.commit((value) => repriced(value, rule, f))
  }

  updateTx<A>(rule: Rule.RetryBudget, f: (held: Rule.Tokens) => readonly [A, Rule.Tokens]): STM.STM<A> {
    return this.changeTx((value) => repriced(value, rule, f))
  }
}

const repriced = <A>(
  value: Held,
  rule: Rule.RetryBudget,
  f: (held: Rule.Tokens) => readonly [A, Rule.Tokens]
): readonly [A, Held] => {
  const [result, held] = f(priced(value, rule))
  return [result, held === value.held && value.rule === rule ? value : { rule, held }]
}

// Under another rule a key keeps the share of its tokens that it had.
const priced = ({ held, rule: from }: Held, rule: Rule.RetryBudget): Rule.Tokens => {
  if (from === rule) return held
  const tokens = (held.tokens / from.init.tokens) * rule.init.tokens
  return { tokens: Number.isNaN(tokens) ? rule.init.tokens : tokens, at: held.at }
}
