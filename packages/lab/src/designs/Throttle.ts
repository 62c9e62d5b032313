/**
 * Adaptive throttling at the client, as in "Handling Overload" of Google's SRE book: an attempt is refused with probability
 * (requests - K accepts) / (requests + 1) over a window. The window decays exponentially here; it does not slide.
 */
import type { Outcome } from "@truce/core"
import * as Design from "../Design.ts"
import type { Call, Context, Next, Protection } from "../Design.ts"
import { Retries } from "./Retries.ts"

interface Window {
  requests: number
  accepts: number
  at: number
}

export const make =
  (options: { readonly k: number; readonly windowMillis: number }) =>
  (context: Context): Protection => {
    const window: Window = { requests: 0, accepts: 0, at: 0 }
    const decay = (now: number): void => {
      const kept = Math.exp((window.at - now) / options.windowMillis)
      window.requests *= kept
      window.accepts *= kept
      window.at = now
    }
    const refusal = (): number => Math.max(0, (window.requests - options.k * window.accepts) / (window.requests + 1))
    return {
      status: () => "Closed",
      score: (now) => {
        decay(now)
        return 1 - refusal()
      },
      opens: () => 0,
      begin: (startedAt): Call => {
        const retries = new Retries(context, startedAt)
        return {
          admit: (now) => {
            decay(now)
            const isAdmitted = context.random() >= refusal()
            // What is refused here counts as a request, or the share that is let through would never fall.
            window.requests++
            return isAdmitted
          },
          rejected: () => Design.giveUp("throttled"),
          settle: (outcome: Outcome.Outcome, now: number): Next => {
            decay(now)
            if (outcome._tag === "Success") {
              window.accepts++
              return Design.done
            }
            return retries.after(outcome, now)
          }
        }
      }
    }
  }
