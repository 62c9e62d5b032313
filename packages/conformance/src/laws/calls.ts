/** Laws of whole calls: what a caller gets, what is sent, and what the budget allows. */
import { Outcome } from "@truce/core"
import * as CoreCalls from "../CoreCalls.ts"
import { outcomeOf } from "../CoreSession.ts"
import { Disagreement, hold } from "../Difference.ts"
import { type KeyRules, rulesOf } from "../Policy.ts"
import { callDifferences } from "../Scenario.ts"
import type { Kind } from "./plans.ts"
import type { CallSeen, Plan, Reply, Script, Seen, Subject } from "../Subject.ts"

export interface CallLaw {
  readonly name: string
  readonly of: Kind | "lone"
  readonly holds: (plan: Plan, seen: Seen, subject: Subject) => void
}

const rules = ({ policy, retry }: Plan): KeyRules => rulesOf(policy)(CoreCalls.usualKey, undefined, retry)

const replyOf = ({ attempts }: Script, number: number): Reply => attempts[number] ?? attempts.at(-1) ?? attempts[0]

/** The calls with their scripts. */
const paired = ({ calls }: Plan, seen: Seen): ReadonlyArray<readonly [Script, CallSeen]> =>
  calls.map((script, index) => {
    const call = seen.calls[index]
    if (call === undefined) throw new Disagreement(`call ${index} has not ended`)
    return [script, call]
  })

const evidence: CallLaw = {
  name: "Evidence events = settled attempts with weight. A call's end, a rejection, a denied retry and an early interruption emit none",
  of: "at once",
  holds: (plan, seen) => {
    const traffic = seen.traffic[CoreCalls.usualKey]
    if (traffic === undefined) throw new Disagreement("no traffic is shown")
    // Every attempt is settled when it is sent, and fades from then on.
    let attempts = 0
    for (const [script, { sent }] of paired(plan, seen)) {
      for (const [number, at] of sent.entries()) {
        const isEvidence = ["Success", "Failure"].includes(outcomeOf(replyOf(script, number).ends)._tag)
        if (isEvidence) attempts += Math.exp((at - traffic.at) / 60_000)
      }
    }
    hold(
      Math.abs(attempts - traffic.attempts) < 1e-6,
      "attempts that are evidence:",
      attempts,
      "counted:",
      traffic,
      seen
    )
  }
}

const alone: CallLaw = {
  name: "A call alone on a healthy circuit can never open it, whatever its number of attempts",
  of: "lone",
  holds: (plan, { calls, transitions }) => {
    hold(transitions.length === 0, "a lone call moved its circuit:", transitions)
    const sent = calls[0]?.sent.length
    hold(sent === rules(plan).retry.attempts, "attempts sent:", sent)
  }
}

const results: CallLaw = {
  name: "The result of a call is the result of its last attempt, or a rejection, or the reason its retries ended",
  of: "all",
  holds: (plan, seen) => {
    const { attempts } = rules(plan).retry
    for (const [script, call] of paired(plan, seen)) {
      const { result, sent } = call
      hold(sent.length <= attempts, "more attempts than allowed:", call)
      hold((result === "CircuitOpen") === (sent.length === 0), "a rejection of a call that was attempted:", call)
      if (sent.length === 0) continue
      const { ends } = replyOf(script, sent.length - 1)
      if (typeof ends === "string") hold(result === ends, "the last attempt was", ends, "the result:", call)
      else if (ends._tag === "Success") hold(result === "success", "the last attempt worked:", call)
      else {
        const all = sent.length === attempts
        hold(all === (result === "attempts"), "attempts were left, or were not:", call)
        hold(["attempts", "deadline", "budget", "circuit-open"].includes(result), "no reason:", call)
      }
      if (call.trail !== undefined)
        hold(call.trail.length === sent.length, "a trail that is not of all attempts:", call)
    }
  }
}

const openTime: CallLaw = {
  name: "Nothing is admitted before the open time ends, on the monotonic clock",
  of: "all",
  holds: (plan, seen) => {
    const sent = seen.calls.flatMap((call) => call.sent)
    const { openMillis } = rules(plan).circuit
    for (const [index, { at, to }] of seen.transitions.entries()) {
      if (to !== "Open") continue
      const next = seen.transitions[index + 1]
      const until = next?.at ?? Infinity
      hold(next === undefined || (next.to === "HalfOpen" && until >= at + openMillis), "opened, and then:", next)
      const early = sent.filter((time) => time > at && time < until)
      hold(early.length === 0, "sent while open from", at, "until", until, early)
    }
  }
}

const edges: CallLaw = {
  name: "Closed opens only by a failure with h < openBelow, or one that `opens`; HalfOpen reopens on one failed probe and closes only by a success (an `Answered` probe is one) with h >= closeAt; one settle makes at most one transition",
  of: "all",
  holds: (plan, { transitions }) => {
    const { model, closeAt } = rules(plan).circuit
    let state = "Closed"
    for (const { from, score, to } of transitions) {
      const edge = `${from} -> ${to}`
      hold(from === state, "a transition is missing before", edge, transitions)
      state = to
      const isEdge = ["Closed -> Open", "Open -> HalfOpen", "HalfOpen -> Open", "HalfOpen -> Closed"].includes(edge)
      hold(isEdge, "no edge:", edge, transitions)
      if (from === "Closed") hold(score <= model.openBelow + 1e-9, "opened above openBelow:", transitions)
      if (to === "HalfOpen") hold(score === 0, "half-open does not start at 0:", transitions)
      const isTooSoon = to === "Closed" && plan.policy.model?.type === "ledger" && score < closeAt - 1e-9
      hold(!isTooSoon, "closed below closeAt:", transitions)
    }
  }
}

const budget: CallLaw = {
  name: "Retries sent never exceed what the budget allows",
  of: "all",
  holds: (plan, seen) => {
    const spent = { saturated: 0, failed: 0, sent: 0 }
    const earned = { fast: 0, first: 0 }
    for (const [script, { sent }] of paired(plan, seen)) {
      for (const number of sent.keys()) {
        const { ends, millis = 0 } = replyOf(script, number)
        const outcome = Outcome.timed(outcomeOf(ends), millis, plan.slowAfterMillis ?? Infinity)
        const isSaturated = Outcome.isSaturated(outcome)
        if (number === 0) {
          earned.first++
          if (outcome._tag === "Success" && !isSaturated) earned.fast++
        } else {
          spent.sent++
          if (isSaturated) spent.saturated++
          else if (outcome._tag === "Failure" || outcome._tag === "Ignored") spent.failed++
        }
      }
    }
    const left = seen.tokens[CoreCalls.usualKey]
    const of = plan.policy.budget ?? { type: "saturation" }
    if (of.type === "saturation") {
      const { capacity = 10 } = of
      const cost = spent.saturated + 0.1 * spent.failed
      hold(cost <= capacity + 0.1 * earned.fast + 1e-9, "retries cost", cost, "earned:", earned)
      hold(left === undefined || (left >= 0 && left <= capacity), "tokens left:", left)
    }
    if (of.type === "ratio") {
      const { capacity = 10, ratio = 0.2 } = of
      hold(spent.sent <= capacity + ratio * earned.first + 1e-9, "retries:", spent.sent, "calls:", earned.first)
    }
  }
}

const limits: CallLaw = {
  name: "No option, at any level, lets a call make more attempts, wait longer or go on later than `limits` allow",
  of: "all",
  holds: ({ calls, policy: { limits = {} } }, seen) => {
    const { attempts = Infinity, deadline = "infinity", maxRetryAfter = "infinity" } = limits
    for (const [index, { sent }] of seen.calls.entries()) {
      hold(sent.length <= attempts, "more attempts than the limits allow:", sent)
      const last = sent.at(-1) ?? 0
      const begunAt = calls[index]?.at ?? sent[0] ?? 0
      const isRetried = sent.length > 1
      hold(!isRetried || deadline === "infinity" || last - begunAt <= deadline, "a retry after the deadline:", sent)
      for (const [number, at] of sent.entries()) {
        const wait = at - (sent[number - 1] ?? at)
        const wish = 20 * 64
        hold(maxRetryAfter === "infinity" || maxRetryAfter >= wish || wait < wish, "a longer wait:", wait, sent)
      }
    }
  }
}

const likeTheCore: CallLaw = {
  name: "The same scenario gives the same transitions in the pure core, in the Effect 3 and Effect 4 bindings under TestClock, and in the lab",
  of: "all",
  holds: (plan, seen, { name }) => {
    const lines = callDifferences(CoreCalls.run(plan), seen)
    if (lines.length > 0) throw new Disagreement([`${name} and the core:`, ...lines].join("\n  "))
  }
}

export const callLaws: ReadonlyArray<CallLaw> = [
  evidence,
  alone,
  edges,
  openTime,
  results,
  budget,
  limits,
  likeTheCore,
  { ...results, of: "together" },
  { ...budget, of: "together" }
]
