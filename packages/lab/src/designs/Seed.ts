/** The designs of the two seeds, as their texts give them. */
import { Outcome } from "@truce/core"
import * as Design from "../Design.ts"
import type { Call, Context, Next, Protection } from "../Design.ts"
import { Retries } from "./Retries.ts"
import * as SeedBreaker from "./SeedBreaker.ts"

/** How a seed design binds its retry to its breaker. */
interface Binding {
  /** Whether each attempt asks for admission, or only the call. */
  readonly asks: "call" | "attempt"
  /** What a refused attempt does: ends the call, or fails like any other and burns an attempt. */
  readonly refusal: "ends" | "retried"
  /** Whether the breaker hears of each failed attempt, or of the call's. */
  readonly failures: "call" | "attempt"
  /** Looks at the state between two attempts and gives up when it is OPEN. */
  readonly shouldAbort: boolean
  /** Whether HALF_OPEN begins with a failure count of 0. */
  readonly resets: boolean
}

class SeedCall implements Call {
  readonly binding: Binding
  readonly breaker: SeedBreaker.SeedBreaker
  readonly retries: Retries
  isAdmitted = false

  constructor(binding: Binding, breaker: SeedBreaker.SeedBreaker, context: Context, startedAt: number) {
    this.binding = binding
    this.breaker = breaker
    this.retries = new Retries(context, startedAt)
  }

  admit(now: number): boolean {
    if (this.isAdmitted && this.binding.asks === "call") return true
    return (this.isAdmitted = SeedBreaker.passes(this.breaker, now))
  }

  rejected(now: number): Next {
    if (this.binding.refusal === "ends") return Design.giveUp("circuit-open")
    return this.retries.after(Outcome.ignored, now)
  }

  settle(outcome: Outcome.Outcome, now: number): Next {
    const { binding, breaker, retries } = this
    if (outcome._tag === "Success") {
      SeedBreaker.onSuccess(breaker)
      return Design.done
    }
    if (binding.failures === "attempt") SeedBreaker.onFailure(breaker, now)
    const isLast = retries.failed + 1 >= retries.means.policy.attempts
    if (!isLast && !(binding.shouldAbort && breaker.state === "Open")) return retries.after(outcome, now)
    if (binding.failures === "call") SeedBreaker.onFailure(breaker, now)
    return Design.giveUp(isLast ? "attempts" : "aborted")
  }
}

const bound =
  (binding: Binding) =>
  (context: Context): Protection => {
    const breaker = SeedBreaker.make(binding.resets)
    return {
      status: () => breaker.state,
      score: () => SeedBreaker.score(breaker),
      opens: () => breaker.opens,
      begin: (now) => new SeedCall(binding, breaker, context, now)
    }
  }

const fused: Binding = { asks: "call", refusal: "ends", failures: "call", shouldAbort: false, resets: false }

const design = (name: string, title: string, description: string, binding: Binding): Design.Design => ({
  name,
  title,
  description,
  group: "seed",
  make: bound(binding)
})

export const original = design(
  "seed-fused",
  "Original class",
  "The retry is a private method of the breaker: 3 attempts count as one failure, 5 open for 30 s, and HALF_OPEN admits everybody.",
  fused
)

export const shouldAbort = design(
  "seed-should-abort",
  "Improvement 1: should_abort",
  "The retry looks at the state between its attempts and gives up when another call has opened the circuit.",
  { ...fused, shouldAbort: true }
)

export const independent = design(
  "seed-independent-retry",
  "Improvement 2: independent retry inside",
  "A retry policy of its own, called by the breaker: cleaner to read, and the breaker hears just as little.",
  fused
)

export const callback = design(
  "seed-callback",
  "Improvement 3: callbacks",
  "The retry tells the breaker of each failed attempt and asks it whether to go on; a success at the end still erases the count.",
  { asks: "call", refusal: "ends", failures: "attempt", shouldAbort: true, resets: false }
)

export const callbackReset = design(
  "seed-callback-reset",
  "Improvement 3, count reset in HALF_OPEN",
  "The callbacks with the obvious repair of the accidental reopening: HALF_OPEN starts counting anew.",
  { asks: "call", refusal: "ends", failures: "attempt", shouldAbort: true, resets: true }
)

export const optionA = design(
  "seed-option-a",
  "Option A: breaker around each attempt",
  "Each attempt asks and counts; a refusal ends the call.",
  { asks: "attempt", refusal: "ends", failures: "attempt", shouldAbort: false, resets: false }
)

export const optionB = design(
  "seed-option-b",
  "Option B: retry around the breaker",
  "Each attempt asks and counts; a refusal is one more failure to retry, and burns an attempt.",
  { asks: "attempt", refusal: "retried", failures: "attempt", shouldAbort: false, resets: false }
)

export const optionC = design(
  "seed-option-c",
  "Option C: count every attempt",
  "Only the call asks, as in the original, but each failed attempt counts.",
  { asks: "call", refusal: "ends", failures: "attempt", shouldAbort: false, resets: false }
)

export const all = [original, shouldAbort, independent, callback, callbackReset, optionA, optionB, optionC] as const
