/** A retry with a budget and no breaker. */
import type { Outcome, RetryBudget } from "@truce/core"
import * as Design from "../Design.ts"
import type { Call, Context, Next, Protection } from "../Design.ts"
import { Retries, TokenBucket } from "./Retries.ts"

export const make =
  (budget: RetryBudget.RetryBudget) =>
  (context: Context): Protection => {
    const bucket = new TokenBucket(budget)
    return {
      status: () => "Closed",
      score: () => 1,
      opens: () => 0,
      begin: (startedAt): Call => {
        const retries = new Retries(context, startedAt, bucket)
        return {
          admit: () => {
            retries.sent()
            return true
          },
          rejected: (now) => retries.rejected(now),
          settle: (outcome: Outcome.Outcome, now: number): Next => {
            retries.settled(outcome, now)
            return outcome._tag === "Success" ? Design.done : retries.after(outcome, now)
          }
        }
      }
    }
  }
