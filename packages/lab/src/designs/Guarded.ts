/** The shipped core's circuit and budget around each attempt (retry outside), or around the whole call (retry inside). */
import { Circuit, type CircuitPolicy, Outcome, type RetryBudget } from "@truce/core"
import * as Design from "../Design.ts"
import type { Call, Context, Next, Protection } from "../Design.ts"
import { Retries, TokenBucket } from "./Retries.ts"

export interface Options<S> {
  readonly policy: CircuitPolicy.CircuitPolicy<S>
  readonly budget: RetryBudget.RetryBudget
  /** The lowest score at which a call is retried. Default: any. */
  readonly retriesFrom?: number
  /** Another breaker than one of its own. */
  readonly breaker?: (policy: CircuitPolicy.CircuitPolicy<S>, context: Context) => Breaker<S>
}

/** One circuit of the core, with the openings counted. */
export class Breaker<S> {
  readonly policy: CircuitPolicy.CircuitPolicy<S>
  circuit: Circuit.Circuit<S>
  opens = 0

  constructor(policy: CircuitPolicy.CircuitPolicy<S>, seed: number) {
    this.policy = policy
    this.circuit = Circuit.make(policy, seed)
  }

  /** The circuit as it is known now. */
  at(_now: number): Circuit.Circuit<S> {
    return this.circuit
  }

  admit(now: number, lent?: Circuit.Permit): Circuit.Permit | undefined {
    const passing = Circuit.standing(this.circuit)
    if (passing !== undefined) return passing
    const [next, decision] = Circuit.admit(this.policy, this.circuit, now, lent)
    this.circuit = next
    return decision._tag === "Admitted" ? decision.permit : undefined
  }

  settle(settled: Circuit.Settled, now: number): void {
    const before = this.circuit.state._tag
    this.circuit = Circuit.settle(this.policy, this.circuit, settled, now)
    const after = this.circuit.state._tag
    if (after === "Open" && before !== "Open") this.opens++
  }
}

/** What guards a dependency: one circuit and one budget. */
export abstract class Guard<S> implements Protection {
  readonly breaker: Breaker<S>
  readonly bucket: TokenBucket
  readonly context: Context
  readonly retriesFrom: number

  constructor({ breaker, budget, policy, retriesFrom = 0 }: Options<S>, context: Context) {
    this.breaker = breaker?.(policy, context) ?? new Breaker(policy, context.seed)
    this.bucket = new TokenBucket(budget)
    this.context = context
    this.retriesFrom = retriesFrom
  }

  status = (now: number): Design.Status => this.breaker.at(now).state._tag
  score = (now: number): number => Circuit.score(this.breaker.policy, this.breaker.at(now), now)
  opens = (): number => this.breaker.opens

  abstract begin(now: number): Call
}

class Outside<S> extends Guard<S> {
  begin(now: number): Call {
    return new OutsideCall(this, now)
  }
}

/** As the shipped bindings do: a call that waits ends when the circuit opens. */
class Shipped<S> extends Guard<S> {
  begin(now: number): Call {
    return new NoticingCall(this, now)
  }

  isPointless = (now: number): boolean => {
    const { policy } = this.breaker
    const circuit = this.breaker.at(now)
    return Circuit.isRejecting(circuit) && Circuit.nextAdmission(policy, circuit, now) !== undefined
  }
}

/** Each attempt asks for its own admission and is settled on its own. */
class OutsideCall<S> implements Call {
  readonly guard: Guard<S>
  readonly startedAt: number
  readonly retries: Retries
  permit: Circuit.Permit | undefined = undefined

  constructor(guard: Guard<S>, startedAt: number) {
    this.guard = guard
    this.startedAt = startedAt
    this.retries = new Retries(guard.context, startedAt, guard.bucket)
  }

  admit(now: number): boolean {
    this.permit = this.guard.breaker.admit(now)
    if (this.permit === undefined) return false
    this.retries.sent()
    return true
  }

  rejected(now: number): Next {
    return this.retries.rejected(now)
  }

  hungUp(now: number, startedAt: number): void {
    if (this.permit === undefined) return
    const settled = { permit: this.permit, outcome: Outcome.ignored, failedBefore: 0, startedAt }
    this.guard.breaker.settle(settled, now)
  }

  settle(outcome: Outcome.Outcome, now: number, startedAt: number): Next {
    const { guard, permit, retries } = this
    const { failed } = retries
    if (permit !== undefined) guard.breaker.settle({ permit, outcome, failedBefore: failed, startedAt }, now)
    retries.settled(outcome, now)
    if (outcome._tag === "Success") return Design.done
    if (guard.retriesFrom > 0 && guard.score(now) < guard.retriesFrom) return Design.giveUp("budget")
    return retries.after(outcome, now)
  }
}

/** The same, where the interruption of an attempt is noticed and judged. */
class NoticingCall<S> extends OutsideCall<S> {
  override hungUp(now: number, sentAt: number): void {
    const { permit, retries } = this
    const { breaker } = this.guard
    if (permit === undefined) return
    const outcome = Circuit.interrupted(breaker.circuit.traffic, sentAt, now)
    breaker.settle({ permit, outcome, failedBefore: retries.failed, startedAt: sentAt }, now)
    retries.settled(outcome, now)
  }
}

class Inside<S> extends Guard<S> {
  begin(now: number): Call {
    return new InsideCall(this, now)
  }
}

/** The call asks once, and the circuit hears only how it ended. */
class InsideCall<S> extends OutsideCall<S> {
  override admit(now: number): boolean {
    if (this.permit === undefined) return super.admit(now)
    this.retries.sent()
    return true
  }

  override settle(outcome: Outcome.Outcome, now: number, sentAt: number): Next {
    const { guard, permit, startedAt } = this
    this.permit = undefined
    const next = super.settle(outcome, now, sentAt)
    this.permit = permit
    if (next._tag !== "RetryAfter" && permit !== undefined) {
      guard.breaker.settle({ permit, outcome, failedBefore: 0, startedAt }, now)
    }
    return next
  }
}

/** Retry around the breaker. A call that waits asks when its retry is due. */
export const outside =
  <S>(options: Options<S>) =>
  (context: Context): Guard<S> =>
    new Outside(options, context)

/** Retry around the breaker as the Effect bindings run it. */
export const shipped =
  <S>(options: Options<S>) =>
  (context: Context): Guard<S> =>
    new Shipped(options, context)

/** The breaker around the retry. */
export const inside =
  <S>(options: Options<S>) =>
  (context: Context): Guard<S> =>
    new Inside(options, context)
