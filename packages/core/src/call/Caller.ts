/**
 * A call whose schedule is a backoff and whose budget is a rule, as simulations and replays have them: between two waits nothing is asked
 * of anybody.
 *
 * @since 0.1.0
 */
import * as Backoff from "./Backoff.ts"
import * as Call from "./Call.ts"
import type { CallPolicy } from "./CallPolicy.ts"
import type { RetryBudget, Tokens } from "./RetryBudget.ts"

/**
 * What a call works with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Means {
  readonly policy: CallPolicy
  readonly budget: RetryBudget
  /** A uniform draw in [0, 1), once for each retry that is planned. */
  readonly random: () => number
}

/**
 * A call, and the tokens of its key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Caller<Attempt> {
  readonly call: Call.Call<Attempt, number>
  readonly tokens: Tokens
}

/**
 * What a call does next that others must do, or wait for.
 *
 * @category models
 * @since 0.1.0
 */
export type Next<Attempt, Result, Rejection> = Exclude<
  Call.Next<Attempt, Result, Rejection>,
  { readonly _tag: "Plan" | "Pay" }
>

/**
 * The attempt was admitted and is sent.
 *
 * @category transitions
 * @since 0.1.0
 */
export const sent = <Attempt>({ call, tokens }: Caller<Attempt>): Caller<Attempt> => ({ call: Call.sent(call), tokens })

/**
 * Puts in what has happened, plans and pays, and gives back at the end what was paid for nothing.
 *
 * **Example** (The second retry of a call)
 *
 * ```ts
 * import { Call, CallPolicy, Caller, Outcome, RetryBudget } from "@truce/core"
 *
 * const budget = RetryBudget.saturation()
 * const means = { policy: CallPolicy.make({ backoff: { jitter: "none" } }), budget, random: () => 0.5 }
 * const failed = { _tag: "Failed", attempt: "timeout", outcome: Outcome.failure() } as const
 * const [once] = Caller.step(means, { call: Call.make<string, number>(0), tokens: budget.init }, failed, 10)
 * const [, next] = Caller.step(means, once, failed, 150)
 * next // => { _tag: "Sleep", delayMillis: 200 }
 * ```
 *
 * @category transitions
 * @since 0.1.0
 */
export const step = <Attempt, Result, Rejection>(
  means: Means,
  { call, tokens }: Caller<Attempt>,
  input: Call.Input<Attempt, number, Result, Rejection>,
  now: number
): readonly [Caller<Attempt>, Next<Attempt, Result, Rejection>] => {
  const { budget, policy } = means
  const [after, next] = Call.step(policy, call, input, now)
  const put = (tokens: Tokens, answer: Call.Input<Attempt, number, Result, Rejection>) =>
    step<Attempt, Result, Rejection>(means, { call: after, tokens }, answer, now)
  switch (next._tag) {
    case "Plan": {
      const at = { retry: next.failed - 1, previousMillis: after.delayMillis }
      return put(tokens, { _tag: "Planned", delayMillis: Backoff.delay(policy.backoff, at, means.random()) })
    }
    case "Pay": {
      const paid = budget.withdraw(tokens, next.failed, now)
      return paid === undefined ? put(tokens, { _tag: "Unpaid" }) : put(paid[0], { _tag: "Paid", cost: paid[1] })
    }
    case "Return":
    case "Refuse":
    case "Stop": {
      const owed = Call.owed(after)
      return [{ call: after, tokens: owed === undefined ? tokens : budget.refund(tokens, owed) }, next]
    }
    default:
      return [{ call: after, tokens }, next]
  }
}
