import type { RetryBudget } from "@truce/core"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as STM from "effect/STM"
import { isAmbient, isComposed } from "../../platform/Ref.ts"
import { MirroredRef } from "./MirroredRef.ts"

/** The buckets of the keys that have spent: the others are all alike. */
export class TokenBuckets {
  private readonly buckets = new Map<string, TokenBucket>()

  get(key: string): TokenBucket | undefined {
    return this.buckets.get(key)
  }

  /** That of a key, full where it has none yet; the one kept longest makes room for it. */
  open(key: string, rule: RetryBudget.RetryBudget, maxKeys: number): TokenBucket {
    const { buckets } = this
    const known = buckets.get(key)
    if (known !== undefined) return known
    if (buckets.size >= maxKeys) {
      const [oldest] = buckets
      // One that a transaction has spent from is kept a while longer, as the newest.
      if (oldest?.[1].isUnderWay === true) {
        buckets.delete(oldest[0])
        buckets.set(...oldest)
      } else if (oldest !== undefined) this.drop(...oldest)
    }
    const bucket = new TokenBucket({ rule, held: rule.init })
    buckets.set(key, bucket)
    return bucket
  }

  /** Drops a bucket that is full again. */
  forget(
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    key: string,
    bucket: TokenBucket,
    rule: RetryBudget.RetryBudget
  ): void {
    // The transaction of the user's may have spent what is not committed yet.
    if (!isComposed(fiber) && bucket.isSpare(rule) && this.buckets.get(key) === bucket) this.drop(key, bucket)
  }

  private drop(key: string, bucket: TokenBucket): void {
    this.buckets.delete(key)
    bucket.drop()
  }
}

/** The tokens of a key, and the rule they are priced by. */
interface Held {
  readonly rule: RetryBudget.RetryBudget
  readonly held: RetryBudget.Tokens
}

export class TokenBucket extends MirroredRef<Held> {
  drop(): void {
    this.abandon()
  }

  heldTx(rule: RetryBudget.RetryBudget): Effect.Effect<RetryBudget.Tokens> {
    return this.look((value) => priced(value, rule))
  }

  /** What the bucket holds, where that is certain without a transaction. */
  known(rule: RetryBudget.RetryBudget): RetryBudget.Tokens | undefined {
    return isAmbient || this.value.rule !== rule ? undefined : this.value.held
  }

  get isUnderWay(): boolean {
    return isAmbient && this.isHeld
  }

  isSpare(rule: RetryBudget.RetryBudget): boolean {
    return !this.isHeld && this.value.rule === rule && this.value.held.tokens === rule.init.tokens
  }

  update<A>(
    rule: RetryBudget.RetryBudget,
    f: (held: RetryBudget.Tokens) => readonly [A, RetryBudget.Tokens]
  ): Effect.Effect<A> {
    return this.commit((value) => repriced(value, rule, f))
  }

  updateTx<A>(
    rule: RetryBudget.RetryBudget,
    f: (held: RetryBudget.Tokens) => readonly [A, RetryBudget.Tokens]
  ): STM.STM<A> {
    return this.changeTx((value) => repriced(value, rule, f))
  }
}

const repriced = <A>(
  value: Held,
  rule: RetryBudget.RetryBudget,
  f: (held: RetryBudget.Tokens) => readonly [A, RetryBudget.Tokens]
): readonly [A, Held] => {
  const [result, held] = f(priced(value, rule))
  return [result, held === value.held && value.rule === rule ? value : { rule, held }]
}

// Under another rule a key keeps the share of its tokens that it had.
const priced = ({ held, rule: from }: Held, rule: RetryBudget.RetryBudget): RetryBudget.Tokens => {
  if (from === rule) return held
  const tokens = (held.tokens / from.init.tokens) * rule.init.tokens
  return { tokens: Number.isNaN(tokens) ? rule.init.tokens : tokens, at: held.at }
}
