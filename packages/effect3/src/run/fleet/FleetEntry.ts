import { type Circuit, Fleet, type HealthModel, InvalidOption } from "@truce/core"
import type * as Effect from "effect/Effect"
import type { Known } from "../keys/Entry.ts"
import type { FleetKey, Shareable } from "../keys/FleetKey.ts"
import type { Policy } from "../settings/Policies.ts"

export type FleetPolicy = Fleet.Policy<HealthModel.Opaque>
export type Shared = Fleet.Shared<HealthModel.Opaque>

/** What an entry asks of the fleet it is part of. */
export interface FleetContext {
  readonly process: string
  readonly witnesses: number
  /** Flushes an entry with the next ones, or at once. */
  readonly isDue: (entry: FleetEntry, isUrgent: boolean) => void
  readonly admit: (entry: FleetEntry, now: number) => Effect.Effect<Circuit.Decision>
  readonly settle: (entry: FleetEntry, settled: Circuit.Settled, now: number) => Effect.Effect<void>
  readonly left: (entry: FleetEntry) => void
}

/** A write that may have been done: what was there, what would be there, and what is to be done when it is known. */
export interface UncertainWrite {
  readonly expected: string | undefined
  readonly text: string
  readonly settle: (isDone: boolean | undefined) => void
}

/** What one process knows of one key of the fleet, and has not told it yet. */
export class FleetEntry implements FleetKey {
  readonly entry: Shareable
  private readonly fleet: FleetContext
  private policy: Policy | undefined = undefined
  private shareable: FleetPolicy | undefined = undefined
  link: Fleet.Link = Fleet.unlinked
  private gathered: Fleet.Batch
  /** Fast successes since: a healthy key counts, and builds a batch only to tell it. */
  private successes = 0
  isUrgent = false
  isFlushing = false
  /** Whether to flush again after the flush that is going on. */
  isAgain = false
  hasLeft = false
  /** The text last seen in the store; meaningless unless it `isSeen`. */
  text: string | undefined = undefined
  shared: Shared | undefined = undefined
  isSeen = false
  /** What is wrong with what is stored: as long as it is not ours to change, nothing of it is urgent. */
  fault: string | undefined = undefined
  doubts: ReadonlyArray<UncertainWrite> = []
  /** Probes that the store gave a lease, by the permit this process knows them under. */
  readonly probes = new Map<Circuit.Permit, Circuit.Permit>()
  /** Probes that this process has begun by its own rules. */
  readonly ownProbes = new Set<Circuit.Permit>()
  /** What came of probes whose leases the store still holds, for it could not be told; to tell it twice changes nothing. */
  unsettled: ReadonlyArray<Circuit.Settled> = []
  /** Ends when the store has answered who asked first. */
  asking: Effect.Effect<void> | undefined = undefined

  constructor(entry: Shareable, fleet: FleetContext) {
    this.entry = entry
    this.fleet = fleet
    this.gathered = Fleet.batch(fleet.process, undefined)
  }

  /** What is to be told. */
  get batch(): Fleet.Batch {
    if (this.successes > 0) this.batch = Fleet.addSuccesses(this.gathered, this.successes)
    return this.gathered
  }

  set batch(batch: Fleet.Batch) {
    this.gathered = batch
    this.successes = 0
  }

  /** The rules of the key, as far as they can be shared. */
  get rules(): FleetPolicy | undefined {
    const policy = this.entry.rules
    if (policy !== this.policy) {
      this.policy = policy
      // What was read by other rules is read again by these: it may be of another model.
      this.forget()
      this.shareable = policy === undefined ? undefined : shareable(policy, this.fleet.witnesses)
    }
    return this.shareable
  }

  isLed(circuit: Known): boolean {
    return circuit.mode._tag === "Automatic" && Fleet.isFollowing(circuit, this.link)
  }

  admit(now: number): Effect.Effect<Circuit.Decision> {
    return this.fleet.admit(this, now)
  }

  settle(circuit: Known, settled: Circuit.Settled, now: number): Effect.Effect<void> | undefined {
    const { outcome, permit } = settled
    if (permit.probe > 0) {
      this.ownProbes.delete(permit)
      if (this.probes.has(permit)) return this.fleet.settle(this, settled, now)
    }
    if (permit.generation !== circuit.generation || !permit.judged) return undefined
    // Not the first, so that it is due already; and no success is urgent.
    if (outcome._tag === "Success" && !outcome.slow && this.gathered.attempts > 0 && this.isSeen) {
      this.successes++
      return undefined
    }
    const { rules } = this
    if (rules === undefined) return undefined
    const batch = Fleet.add(rules, this.batch, settled)
    if (batch === this.batch) return undefined
    const isFirst = this.batch.attempts === 0
    this.batch = batch
    const isUrgent =
      !this.isUrgent && this.fault === undefined && (!this.isSeen || Fleet.isUrgent(rules, circuit, batch))
    if (isFirst || isUrgent) this.fleet.isDue(this, isUrgent)
    return undefined
  }

  leave(): void {
    this.hasLeft = true
    this.fleet.left(this)
  }

  /** Whether the store is to be asked although there is nothing to tell it: something may have happened to an opening. */
  isWatching(storeNow: number): boolean {
    const state = this.shared?.circuit.state
    return state !== undefined && (state._tag === "HalfOpen" || (state._tag === "Open" && state.until <= storeNow))
  }

  /** What was to be told; from now on another batch gathers. */
  take(): Fleet.Batch {
    const { batch } = this
    this.batch = Fleet.batch(this.fleet.process, this.link.shared)
    return batch
  }

  /** Takes a batch back that was not told. */
  giveBack(batch: Fleet.Batch): void {
    this.batch = Fleet.combine(batch, this.batch)
    if (this.batch.attempts > 0) this.fleet.isDue(this, false)
  }

  /** Tells of a probe with the next flush. */
  owe(probes: ReadonlyArray<Circuit.Settled>): void {
    if (probes.length === 0) return
    this.unsettled = [...this.unsettled, ...probes]
    this.fleet.isDue(this, false)
  }

  /**
   * What the store holds, and what that makes of the circuit here. `doubts` are those there were when it was asked: that a write of after
   * that is not there says nothing.
   */
  learn(
    rules: FleetPolicy,
    text: string | undefined,
    shared: Shared | undefined,
    offset: number,
    doubts: ReadonlyArray<UncertainWrite>
  ): Effect.Effect<void> {
    const { doubts: all, link } = this
    this.text = text
    this.shared = shared
    this.isSeen = true
    this.doubts = all.filter((uncertain) => text !== uncertain.text && !doubts.includes(uncertain))
    for (const uncertain of all) {
      if (text === uncertain.text) uncertain.settle(true)
      else if (doubts.includes(uncertain)) uncertain.settle(text === uncertain.expected ? false : undefined)
    }
    return this.entry.step((circuit) => {
      const [next, linked] = Fleet.follow(rules, circuit, link, shared, offset)
      this.link = linked
      // What was gathered before an opening, or a close, is of another story.
      const { attempts, generation } = this.batch
      const isOld =
        generation === undefined
          ? shared?.circuit.state._tag !== "Closed" && shared !== undefined
          : generation !== linked.shared
      if (isOld || attempts === 0) this.take()
      const isLost = shared === undefined && Fleet.isFollowing(circuit, link)
      return [undefined, isLost ? Fleet.orphaned(next, [...this.probes.keys(), ...this.ownProbes]) : next]
    })
  }

  forget(): void {
    this.isSeen = false
  }
}

const shareable = (policy: Policy, witnesses: number): FleetPolicy | undefined => {
  try {
    return Fleet.make(policy, { witnesses })
  } catch (error) {
    if (error instanceof InvalidOption.InvalidOption) return undefined
    throw error
  }
}
