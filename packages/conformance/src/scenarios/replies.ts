/** What attempts come to, and the policy they are usually sent under. */
import { Outcome } from "@truce/core"
import type { Policy } from "../Policy.ts"
import type { Reply } from "../Subject.ts"
import { fixed } from "./vectors.ts"

export const fails: Reply = { ends: Outcome.failure() }
export const works: Reply = { ends: Outcome.success }
export const throttled: Reply = { ends: Outcome.failure({ weight: Outcome.throttleWeight, saturated: true }) }
export const asks = (retryAfterMillis: number): Reply => ({ ends: Outcome.failure({ retryAfterMillis }) })

export const retry = (options: Policy["retry"], more: Policy = {}): Policy => ({
  model: fixed,
  circuit: { openJitter: 0 },
  ...more,
  retry: { jitter: "none", ...options }
})
