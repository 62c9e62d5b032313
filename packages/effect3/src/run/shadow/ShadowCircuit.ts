import { Circuit, type Event, type Outcome } from "@truce/core"
import type { Known } from "../keys/Entry.ts"
import type { Policy } from "../settings/Policies.ts"

/**
 * What the policy would have done with one key.
 *
 * Of `attempts` that were made it would have admitted `admitted`; of the others `spared` failed (the dependency would have been spared
 * them) and `lost` succeeded (a caller would have lost an answer). `untried` were rejected by the policy in force and would have been
 * admitted: nobody knows what would have come of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyReport {
  readonly key: string
  readonly attempts: number
  readonly admitted: number
  readonly spared: number
  readonly lost: number
  readonly untried: number
  readonly openings: number
  /** Openings under the policy in force. */
  readonly openingsInForce: number
  readonly openMillis: number
  readonly status: Circuit.Status
  readonly score: number
  /** The last outcomes that moved its score. */
  readonly moves: ReadonlyArray<Circuit.Move>
}

/** One key under a policy that is not in force: asked whenever the one in force was, and told what came of it. */
export class ShadowCircuit {
  private readonly key: string
  private readonly policy: Policy
  private circuit: Known
  /** Attempts on their way, with the permit they would have had. */
  private readonly running = new Map<number, Circuit.Permit | undefined>()
  private readonly counts = { success: 0, failure: 0, ignored: 0, lost: 0, spared: 0, pointless: 0, untried: 0 }
  private openings = 0
  private openingsInForce = 0
  private openMillis = 0

  constructor(key: string, policy: Policy, seed: number) {
    this.key = key
    this.policy = policy
    this.circuit = Circuit.make(policy, seed)
  }

  hear(event: Event.Event): void {
    switch (event._tag) {
      case "Admitted":
        this.running.set(event.attempt, this.ask(event.at))
        return
      case "Settled": {
        // One that began before the shadow did is nobody's.
        if (!this.running.has(event.attempt)) return
        const permit = this.running.get(event.attempt)
        this.running.delete(event.attempt)
        this.count(event.outcome._tag, permit !== undefined)
        if (permit === undefined) return
        const { failedBefore, outcome } = event
        return this.become(Circuit.settle(this.policy, this.circuit, { permit, outcome, failedBefore }, event.at))
      }
      case "Rejected": {
        // Nobody knows what would have come of it.
        const permit = this.ask(event.at)
        if (permit === undefined) return
        this.counts.untried++
        return this.become(Circuit.release(this.policy, this.circuit, permit, event.at))
      }
      case "Observed":
        return this.become(Circuit.record(this.policy, this.circuit, event.outcome, event.at))
      case "Transitioned":
        if (event.to === "Open") this.openingsInForce++
        return
      case "Retried":
      case "Called":
        return
    }
  }

  report(now: number): KeyReport {
    const { failure, ignored, lost, pointless, spared, success, untried } = this.counts
    const view = Circuit.view(this.policy, this.circuit, now)
    return {
      key: this.key,
      attempts: success + failure + ignored + lost + spared + pointless,
      admitted: success + failure + ignored,
      lost,
      spared,
      untried,
      openings: this.openings,
      openingsInForce: this.openingsInForce,
      openMillis: this.openMillis + this.sinceOpened(this.circuit, now),
      status: view.status,
      score: view.score,
      moves: view.moves
    }
  }

  private ask(at: number): Circuit.Permit | undefined {
    const [next, decision] = Circuit.admit(this.policy, this.circuit, at)
    this.become(next)
    return decision._tag === "Admitted" ? decision.permit : undefined
  }

  private become(next: Known): void {
    const { state } = next
    if (state._tag === "Open" && state !== this.circuit.state) this.openings++
    if (state !== this.circuit.state) this.openMillis += this.sinceOpened(this.circuit, state.since)
    this.circuit = next
  }

  private sinceOpened({ state }: Known, now: number): number {
    return state._tag === "Open" ? Math.max(0, now - state.since) : 0
  }

  private count(outcome: Outcome.Outcome["_tag"], isAdmitted: boolean): void {
    const { counts } = this
    switch (outcome) {
      case "Success":
      case "Answered":
        if (isAdmitted) counts.success++
        else counts.lost++
        return
      case "Failure":
        if (isAdmitted) counts.failure++
        else counts.spared++
        return
      case "Ignored":
        if (isAdmitted) counts.ignored++
        else counts.pointless++
    }
  }
}
