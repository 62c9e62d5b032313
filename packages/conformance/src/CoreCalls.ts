/** Whole calls with retries on the pure core: retry around the circuit and the budget, one event after the other. */
import { Circuit, type HealthModel, Outcome, Retry, type RetryBudget } from "@truce/core"
import { interrupted, outcomeOf, rejectionOf } from "./CoreSession.ts"
import { type Rules, rulesOf } from "./Policy.ts"
import type { CallSeen, Plan, Result, Script, Seen, Trailed, Transition } from "./Subject.ts"

/** The key of a call that names none. */
export const usualKey = "service"

interface Key {
  readonly key: string
  readonly rules: Rules
  circuit: Circuit.Circuit<HealthModel.Opaque>
  tokens: RetryBudget.Tokens
  readonly asleep: Set<Call>
}

interface Call {
  readonly index: number
  readonly script: Script
  readonly of: Key
  readonly begunAt: number
  readonly sent: Array<number>
  readonly trail: Array<Trailed>
  failed: number
  /** Those of them that were evidence: what the next one is discounted by. */
  evident: number
  cost: number
  previousMillis: number
  permit: Circuit.Permit | undefined
  isAsleep: boolean
}

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

  const end = (call: Call, result: Result, more: Partial<CallSeen> = {}): void => {
    const trail = result === "attempts" || result === "deadline" || result === "budget" || result === "circuit-open"
    seen[call.index] = { result, endedAt: now, sent: call.sent, ...(trail ? { trail: call.trail } : {}), ...more }
    const next = plan.calls[call.index + 1]
    if (next !== undefined && next.at === undefined) later(0, () => begin(call.index + 1, next))
  }

  const refund = (call: Call): void => {
    call.of.tokens = call.of.rules.budget.refund(call.of.tokens, call.cost)
  }

  /** A wait for a retry that became pointless. */
  const awake = (call: Call): void => {
    if (!call.isAsleep) return
    call.isAsleep = false
    call.of.asleep.delete(call)
    refund(call)
    end(call, "circuit-open")
  }

  const begin = (index: number, script: Script): void =>
    ask({
      index,
      script,
      of: keyOf(script.key ?? usualKey),
      begunAt: now,
      sent: [],
      trail: [],
      failed: 0,
      evident: 0,
      cost: 0,
      previousMillis: 0,
      permit: undefined,
      isAsleep: false
    })

  const ask = (call: Call): void => {
    const { of } = call
    if (!isFused || call.permit === undefined) {
      const [after, decision] = Circuit.admit(of.rules.circuit, of.circuit, now)
      put(of, after)
      if (decision._tag === "Rejected") return reject(call, decision)
      call.permit = decision.permit
    }
    const replies = call.script.attempts
    const reply = replies[call.sent.length] ?? replies.at(-1) ?? replies[0]
    const sentAt = now
    call.sent.push(now)
    const { millis = 0 } = reply
    if (millis === 0) return settle(call, reply.ends, sentAt)
    later(millis, () => settle(call, reply.ends, sentAt))
  }

  const reject = (call: Call, decision: Circuit.Rejected): void => {
    const { of, sent } = call
    const waitMillis = decision.until - now
    if (of.rules.whenOpen === "wait" && now - call.begunAt + waitMillis <= of.rules.retry.deadlineMillis) {
      return later(waitMillis, () => ask(call))
    }
    if (sent.length === 0) return end(call, "CircuitOpen", { rejected: rejectionOf(of.key, decision, now) })
    refund(call)
    end(call, "circuit-open")
  }

  const settle = (call: Call, ends: Script["attempts"][0]["ends"], sentAt: number): void => {
    const { of, permit } = call
    const startedAt = isFused ? call.begunAt : sentAt
    const isTimed = !isFused || slowAfterMillis !== undefined
    const said = ends === "interrupt" && isTimed ? interrupted([of.circuit.traffic], startedAt, now) : outcomeOf(ends)
    const outcome = Outcome.timed(said, now - startedAt, slowAfterMillis ?? Infinity)
    const judge = (failedBefore: number): void => {
      if (permit === undefined) return
      const settled = { permit, outcome, failedBefore, startedAt: isTimed ? startedAt : undefined }
      put(of, Circuit.settle(of.rules.circuit, of.circuit, settled, now))
    }
    const isRetry = call.sent.length > 1
    if (!isFused) {
      judge(call.evident)
      of.tokens = of.rules.budget.settle(of.tokens, { cost: call.cost, retry: isRetry, outcome }, now)
    }
    remember(call, outcome, sentAt)
    const finish = (result: Result): void => {
      if (isFused) judge(0)
      end(call, result)
    }
    if (typeof ends === "string") return finish(ends)
    if (outcome._tag === "Success") return finish("success")
    call.failed++
    if (outcome._tag === "Failure") call.evident++
    const decision = decide(call, outcome)
    if (decision._tag === "GiveUp") return finish(decision.reason)
    call.previousMillis = decision.delayMillis
    if (!isFused) {
      call.cost = decision.cost
      of.tokens = decision.tokens
      call.isAsleep = of.rules.whenOpen === "stop"
      if (call.isAsleep) of.asleep.add(call)
      // An open time that has ended rejects no more: the retry is a probe.
      const next = Circuit.nextAdmission(of.rules.circuit, of.circuit, now)
      if (Circuit.isRejecting(of.circuit) && next !== undefined) awake(call)
      if (seen[call.index] !== undefined) return
    }
    later(decision.delayMillis, () => {
      if (seen[call.index] !== undefined) return
      call.isAsleep = false
      of.asleep.delete(call)
      ask(call)
    })
  }

  const decide = (call: Call, outcome: Outcome.Outcome) => {
    const { failed, of, previousMillis } = call
    const budget = isFused ? rulesOf({ budget: { type: "unlimited" } })("").budget : of.rules.budget
    const u = draws[drawn++ % draws.length] ?? 0
    const behind = { failed, outcome, elapsedMillis: now - call.begunAt, previousMillis }
    return Retry.decide(of.rules.retry, budget, isFused ? budget.init : of.tokens, behind, now, u)
  }

  const remember = (call: Call, outcome: Outcome.Outcome, sentAt: number): void => {
    const { begunAt, of, trail } = call
    const previous = trail.at(-1)
    const start = sentAt - begunAt
    trail.push({
      number: trail.length,
      start,
      duration: now - sentAt,
      delay: previous === undefined ? 0 : start - previous.start - previous.duration,
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
