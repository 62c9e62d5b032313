/** Whole calls with retries on the pure core: retry around the circuit and the budget, one event after the other. */
import { Call, Caller, Circuit, type HealthModel, Outcome, RetryBudget, Trail } from "@truce/core"
import { interrupted, outcomeOf, rejectionOf } from "./CoreSession.ts"
import { type KeyRules, rulesOf } from "./Policy.ts"
import type { CallSeen, Plan, Result, Script, Seen, Trailed, Transition } from "./Subject.ts"

/** The key of a call that names none. */
export const usualKey = "service"

interface Key {
  readonly key: string
  readonly rules: KeyRules
  circuit: Circuit.Circuit<HealthModel.Opaque>
  tokens: RetryBudget.Tokens
  readonly asleep: Set<OnItsWay>
}

interface OnItsWay {
  readonly index: number
  readonly script: Script
  readonly of: Key
  readonly sent: Array<number>
  readonly trail: Array<Trailed>
  call: Call.Call<unknown, number>
  permit: Circuit.Permit | undefined
  isAsleep: boolean
}

type Input = Call.Input<unknown, number, Result, Circuit.Rejected>

interface Event {
  readonly at: number
  readonly run: () => void
}

export const run = (plan: Plan): Seen => {
  const { draws = [0.5], order = "protect", slowAfterMillis } = plan
  const isFused = order === "fused"
  const rules = rulesOf(plan.policy)
  const keys = new Map<string, Key>()
  const transitions: Array<Transition> = []
  const seen: Array<CallSeen> = []
  const queue: Array<Event> = []
  let drawn = 0
  let now = 0

  const keyOf = (key: string): Key => {
    const known = keys.get(key)
    if (known !== undefined) return known
    const of = rules(key, undefined, plan.retry)
    const circuit = Circuit.make(of.circuit, 0)
    const made: Key = { key, rules: of, circuit, tokens: of.budget.init, asleep: new Set() }
    keys.set(key, made)
    return made
  }

  const later = (millis: number, what: () => void): void => {
    const at = now + millis
    const index = queue.findIndex((event) => event.at > at)
    queue.splice(index < 0 ? queue.length : index, 0, { at, run: what })
  }

  const put = (of: Key, after: Key["circuit"]): void => {
    const transition = Circuit.transition(of.rules.circuit, of.circuit, after)
    of.circuit = after
    if (transition === undefined) return
    transitions.push({ key: of.key, ...transition })
    // Who made it open decides about its own retry first.
    if (Circuit.isRejecting(after)) later(0, () => of.asleep.forEach(awake))
  }

  const end = (of: OnItsWay, result: Result, more: Partial<CallSeen> = {}): void => {
    seen[of.index] = { result, endedAt: now, sent: of.sent, ...more }
    const next = plan.calls[of.index + 1]
    if (next !== undefined && next.at === undefined) later(0, () => begin(of.index + 1, next))
  }

  /** Tells the call what has happened, and does what it decides. */
  const tell = (of: OnItsWay, input: Input): void => {
    const { budget, retry } = of.of.rules
    const means = { policy: retry, budget: isFused ? RetryBudget.unlimited() : budget, random }
    const [after, next] = Caller.step(means, { call: of.call, tokens: of.of.tokens }, input, now)
    of.call = after.call
    of.of.tokens = after.tokens
    switch (next._tag) {
      case "Ask":
        return ask(of)
      case "Sleep":
        return sleep(of, next.delayMillis)
      case "AwaitAdmission": {
        const { rejection, withinMillis } = next
        const waitMillis = rejection.until - now
        return waitMillis > withinMillis
          ? tell(of, { _tag: "Late", rejection })
          : later(waitMillis, () => tell(of, { _tag: "Woken", by: "admission" }))
      }
      case "Return":
        return end(of, next.result)
      case "Refuse":
        return end(of, "CircuitOpen", { rejected: rejectionOf(of.of.key, next.rejection, now) })
      case "Stop":
        if (isFused) judge(of, after.call.outcome, after.call.begunAt, 0)
        return end(of, next.reason, { trail: of.trail })
    }
  }

  const random = (): number => draws[drawn++ % draws.length] ?? 0

  /** A wait for a retry that became pointless. */
  const awake = (of: OnItsWay): void => {
    if (!of.isAsleep) return
    of.isAsleep = false
    of.of.asleep.delete(of)
    tell(of, { _tag: "Woken", by: "opening" })
  }

  const sleep = (of: OnItsWay, delayMillis: number): void => {
    of.isAsleep = true
    if (!isFused && of.of.rules.retry.whenOpen === "stop") of.of.asleep.add(of)
    // An open time that has ended rejects no more: the retry is a probe.
    const { circuit, rules } = of.of
    const next = Circuit.nextAdmission(rules.circuit, circuit, now)
    if (of.of.asleep.has(of) && Circuit.isRejecting(circuit) && next !== undefined) return awake(of)
    later(delayMillis, () => {
      if (!of.isAsleep) return
      of.isAsleep = false
      of.of.asleep.delete(of)
      tell(of, { _tag: "Woken", by: "time" })
    })
  }

  const begin = (index: number, script: Script): void =>
    ask({
      index,
      script,
      of: keyOf(script.key ?? usualKey),
      sent: [],
      trail: [],
      call: Call.make(now),
      permit: undefined,
      isAsleep: false
    })

  const ask = (of: OnItsWay): void => {
    const { circuit, rules } = of.of
    if (!isFused || of.permit === undefined) {
      const [after, decision] = Circuit.admit(rules.circuit, circuit, now)
      put(of.of, after)
      if (decision._tag === "Rejected") return tell(of, { _tag: "Rejected", rejection: decision })
      of.permit = decision.permit
    }
    of.call = Call.sent(of.call)
    const replies = of.script.attempts
    const { ends, millis = 0 } = replies[of.sent.length] ?? replies.at(-1) ?? replies[0]
    const sentAt = now
    of.sent.push(now)
    if (millis === 0) return settle(of, ends, sentAt)
    later(millis, () => settle(of, ends, sentAt))
  }

  const isTimed = !isFused || slowAfterMillis !== undefined

  const judge = ({ of, permit }: OnItsWay, outcome: Outcome.Outcome, startedAt: number, failedBefore: number): void => {
    if (permit === undefined) return
    const settled = { permit, outcome, failedBefore, startedAt: isTimed ? startedAt : undefined }
    put(of, Circuit.settle(of.rules.circuit, of.circuit, settled, now))
  }

  const settle = (of: OnItsWay, ends: Script["attempts"][0]["ends"], sentAt: number): void => {
    const { call, trail } = of
    const { key, rules } = of.of
    const startedAt = isFused ? call.begunAt : sentAt
    const said =
      ends === "interrupt" && isTimed ? interrupted([of.of.circuit.traffic], startedAt, now) : outcomeOf(ends)
    const outcome = Outcome.timed(said, now - startedAt, slowAfterMillis ?? Infinity)
    if (!isFused) {
      const failedBefore = Trail.failed(
        trail.map(({ outcome }) => ({ key, outcome })),
        key
      )
      judge(of, outcome, startedAt, failedBefore)
      const attempt = { cost: call.paid ?? 0, retry: of.sent.length > 1, outcome }
      of.of.tokens = rules.budget.settle(of.of.tokens, attempt, now)
    }
    remember(of, outcome, sentAt)
    const result = typeof ends === "string" ? ends : outcome._tag === "Success" ? "success" : undefined
    if (result === undefined) return tell(of, { _tag: "Failed", attempt: undefined, outcome })
    if (isFused) judge(of, outcome, startedAt, 0)
    tell(of, { _tag: "Finished", result })
  }

  const remember = ({ call, of, trail }: OnItsWay, outcome: Outcome.Outcome, sentAt: number): void => {
    const last = trail.at(-1)
    const place = Trail.place(
      { count: trail.length, last: last && { startMillis: last.start, durationMillis: last.duration } },
      call.begunAt,
      { startedAt: sentAt, endedAt: now }
    )
    trail.push({
      number: place.number,
      start: place.startMillis,
      duration: place.durationMillis,
      delay: place.delayMillis,
      outcome: outcome._tag,
      state: Circuit.status(of.circuit),
      score: Circuit.score(of.rules.circuit, of.circuit, now)
    })
  }

  for (const [index, script] of plan.calls.entries()) {
    if (script.at !== undefined) later(script.at, () => begin(index, script))
    else if (index === 0) later(0, () => begin(index, script))
  }
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
    now = Math.max(now, event.at)
    event.run()
  }
  return {
    calls: seen,
    transitions: transitions.map(({ at, from, key, score, to }) => ({ key, at, from, to, score })),
    tokens: Object.fromEntries(Array.from(keys.values(), ({ key, tokens }) => [key, tokens.tokens])),
    traffic: Object.fromEntries(Array.from(keys.values(), ({ circuit, key }) => [key, circuit.traffic]))
  }
}
