/** A retry with a budget and no breaker. */
import { type Outcome, Retry, type RetryBudget } from "@truce/core"
import * as Design from "../Design.ts"
import type { Call, Context, Next, Protection } from "../Design.ts"

export const make =
  (budget: RetryBudget.RetryBudget) =>
  (context: Context): Protection => {
    let tokens = budget.init
    return {
      status: () => "Closed",
      score: () => 1,
      opens: () => 0,
      begin: (startedAt): Call => {
        let failed = 0
        let cost = 0
        let previousMillis = 0
        return {
          admit: () => true,
          rejected: () => Design.giveUp("circuit-open"),
          settle: (outcome: Outcome.Outcome, now: number): Next => {
            tokens = budget.settle(tokens, { cost, retry: failed > 0, outcome }, now)
            if (outcome._tag === "Success") return Design.done
            failed++
            const call = { failed, outcome, elapsedMillis: now - startedAt, previousMillis }
            const decision = Retry.decide(context.retry, budget, tokens, call, now, context.random())
            if (decision._tag === "GiveUp") return decision
            tokens = decision.tokens
            cost = decision.cost
            previousMillis = decision.delayMillis
            return decision
          }
        }
      }
    }
  }
