/** The retries of a call, which the core decides for every design: the designs differ in what they ask and in what they learn. */
import { Call, Caller, type Outcome, RetryBudget } from "@truce/core"
import * as Design from "../Design.ts"
import type { Context, Next } from "../Design.ts"

/** The budget of a key, and what is left of it. */
export class TokenBucket {
  readonly budget: RetryBudget.RetryBudget
  tokens: RetryBudget.Tokens

  constructor(budget: RetryBudget.RetryBudget) {
    this.budget = budget
    this.tokens = budget.init
  }
}

const unlimited = RetryBudget.unlimited()

export class Retries {
  readonly bucket: TokenBucket
  readonly means: Caller.Means
  call: Call.Call<undefined, number>

  constructor({ random, retry }: Context, startedAt: number, bucket: TokenBucket = new TokenBucket(unlimited)) {
    this.bucket = bucket
    this.means = { policy: retry, budget: bucket.budget, random }
    this.call = Call.make(startedAt)
  }

  get failed(): number {
    return this.call.trail.length
  }

  sent(): void {
    this.call = Call.sent(this.call)
  }

  /** The attempt that was sent is over: the budget hears of it. */
  settled(outcome: Outcome.Outcome, now: number): void {
    const { bucket, call } = this
    const attempt = { cost: call.paid ?? 0, retry: this.failed > 0, outcome }
    bucket.tokens = bucket.budget.settle(bucket.tokens, attempt, now)
  }

  /** What follows a failed attempt. */
  after(outcome: Outcome.Outcome, now: number): Next {
    return this.step({ _tag: "Failed", attempt: undefined, outcome }, now)
  }

  /** What follows where the next attempt is not admitted. */
  rejected(now: number): Next {
    return this.step({ _tag: "Rejected", rejection: undefined }, now)
  }

  step(input: Call.Input<undefined, number, undefined, undefined>, now: number): Next {
    const { bucket, call } = this
    const [after, next] = Caller.step(this.means, { call, tokens: bucket.tokens }, input, now)
    this.call = after.call
    bucket.tokens = after.tokens
    switch (next._tag) {
      case "Sleep":
        return Design.retryAfter(next.delayMillis)
      case "Stop":
        return Design.giveUp(next.reason)
      default:
        return Design.giveUp("circuit-open")
    }
  }
}
