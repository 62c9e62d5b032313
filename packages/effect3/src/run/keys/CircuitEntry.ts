import {
  Circuit,
  CircuitPolicy,
  CircuitSnapshot,
  type Describe,
  type EventLog,
  type Outcome,
  Waiters
} from "@truce/core"
import * as Effect from "effect/Effect"
import * as STM from "effect/STM"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import { type Transaction, isComposed } from "../../platform/Ref.ts"
import type { Blame, Entry, Command, Known, Listener, Proposal } from "./Entry.ts"
import { Counter } from "./Counter.ts"
import type { FleetKey, Shareable } from "./FleetKey.ts"
import { MirroredRef } from "./MirroredRef.ts"
import { type Rejection, refused } from "./Rejection.ts"
import type { Policy, Policies } from "../settings/Policies.ts"

export type Difference = ReturnType<typeof CircuitPolicy.difference>

const historyKept = 10

/** Suspicion that halves with time is never quite gone. */
const remembered = 0.01

const none: ReadonlyArray<never> = []

/** Ways in which probes ended, each told of once: a message that is another each time must not fill the memory. */
const kindsKept = 10

const outcomes = { Success: "succeeded", Answered: "answered", Failure: "failed", Ignored: "ignored" } as const

interface Blamed {
  readonly generation: number
  readonly openedBy: string | undefined
  readonly probed: Map<string, number>
}

const pass = ({ generation }: Known): Circuit.Permit => ({ generation, probe: 0, judged: true })

export class CircuitEntry extends MirroredRef<Known> implements Entry, Shareable {
  readonly key: string
  private policy: Policy
  /** Who laid the policy down; without a breaker on the key outcomes move the score and open nothing. */
  private policies: Policies | undefined
  /** A restored circuit is there before the dependency whose policy it will have: until it is used it takes any. */
  private readonly restored: Known | undefined
  /** Whether another model left the state of the score. */
  private isForeign = false
  /** The traffic since the circuit was last read by anybody. */
  private counter: Counter | undefined = undefined
  private usedSeconds: number
  private listener: Listener | undefined
  private waiting: Waiters.Waiters | undefined = undefined
  /** Its part in a fleet, if it is shared with other processes. */
  private fleetKey: FleetKey | undefined = undefined
  private history: ReadonlyArray<Circuit.Transition> = none
  /** What its openings and probes were about, of the generation it is in. */
  private blamed: Blamed | undefined = undefined
  private rejection: Rejection | undefined

  constructor(
    key: string,
    policy: Policy,
    start: {
      readonly circuit: Known
      readonly isRestored: boolean
      readonly policies: Policies | undefined
      readonly now: number
    },
    listener: Listener
  ) {
    super(start.circuit)
    this.key = key
    this.policy = policy
    this.policies = start.policies
    this.restored = start.isRestored ? start.circuit : undefined
    this.usedSeconds = Math.floor(start.now / 1_000)
    this.listener = listener
  }

  /** Whether these rules are already obeyed. */
  obeys(policies: Policies): boolean {
    return this.policies === policies
  }

  /** Puts the key under rules; the difference, if it is under those of another breaker, which say otherwise. */
  rule(policies: Policies): Difference {
    const policy = policies.of(this.key)
    const isOwn = this.policies === undefined || this.policies.owner === policies.owner
    const difference = isOwn ? undefined : CircuitPolicy.difference(this.policy, policy)
    if (difference === undefined) {
      this.isForeign = this.isForeign || this.policy.model !== policy.model
      this.policy = policy
      this.policies = policies
    }
    return difference
  }

  /** The same, under the policies in force, but where another breaker holds it. */
  under(policies: Policies | undefined): this {
    if (policies !== undefined && !this.obeys(policies)) this.rule(policies)
    return this
  }

  /** What of a policy differs from the one the key is under, if a breaker put it under one. */
  differsFrom(policy: Policy): Difference {
    return this.policies === undefined || this.isUnused ? undefined : CircuitPolicy.difference(this.policy, policy)
  }

  /** Whether it was restored and nothing has changed it since. */
  get isUnused(): boolean {
    return this.counter === undefined && this.value === this.restored
  }

  get usedAt(): number {
    return Math.max(this.usedSeconds, Math.floor((this.counter ?? this.value.traffic).at / 1_000))
  }

  get status(): Circuit.Status {
    return Circuit.status(this.value)
  }

  get isRejecting(): boolean {
    return Circuit.isRejecting(this.value)
  }

  get log(): EventLog.EventLog | undefined {
    const log = this.listener?.log
    return log !== undefined && log.isOn ? log : undefined
  }

  passing(): Circuit.Permit | undefined {
    return Circuit.standing(this.value)
  }

  peek(now: number): Circuit.Decision | undefined {
    if (this.isForeign) this.adopt(now)
    const { value } = this
    const [next, decision] = Circuit.admit(this.policy, value, now)
    return next === value ? decision : undefined
  }

  join(fleetKey: FleetKey | undefined): void {
    this.fleetKey = fleetKey
  }

  get rules(): Policy | undefined {
    return this.policies === undefined ? undefined : this.policy
  }

  step<A>(f: (circuit: Known) => readonly [A, Known]): Effect.Effect<A> {
    return this.commit(f)
  }

  admit(now: number): Effect.Effect<Circuit.Decision> {
    const { fleetKey } = this
    if (fleetKey === undefined || !fleetKey.isLed(this.value)) return this.admitAlone(now)
    // What a transaction of the user's takes back, or does again, is nothing to tell others: there this process judges alone.
    return Effect.withFiberRuntime((fiber) => (isComposed(fiber) ? this.admitAlone(now) : fleetKey.admit(now)))
  }

  holds(permit: Circuit.Permit, now: number): Effect.Effect<boolean> {
    return this.look((circuit) => Circuit.isHeld(circuit, permit, now))
  }

  interrupted(startedAt: number | undefined, now: number, abandonedAfterMillis: number | undefined): Outcome.Outcome {
    return Circuit.interrupted(this.counter ?? this.value.traffic, startedAt, now, abandonedAfterMillis)
  }

  get isClosing(): boolean {
    return this.listener?.isClosing === true
  }

  admitAlone(now: number): Effect.Effect<Circuit.Decision> {
    return this.commit((circuit) => {
      const [next, decision] = Circuit.admit(this.policy, circuit, now)
      return [decision, next]
    })
  }

  refuse(rejected: Circuit.Rejected, now: number): CircuitOpen {
    const { generation, score, status, until } = rejected
    this.log?.tell({ _tag: "Rejected", key: this.key, at: now, state: status, until, score, generation })
    const rejection = refused(this.key, rejected, now, this.rejection, this.inForce()?.openedBy)
    this.rejection = rejection
    return rejection.error
  }

  proposeTx(now: number): STM.STM<Proposal> {
    return STM.map(this.readTx(), (circuit) => {
      const [next, decision] = Circuit.admit(this.policy, circuit, now)
      const openedBy = this.inForce(circuit)?.openedBy
      return { decision, openedBy, write: next === circuit ? STM.void : this.writeTx(next) }
    })
  }

  settle(settled: Circuit.Settled, now: number): Effect.Effect<void> | undefined {
    const shared = this.fleetKey?.settle(this.value, settled, now)
    if (shared !== undefined) return shared
    if (this.isForeign) this.adopt(now)
    const traffic = Circuit.counted(this.policy, this.value, settled, this.counter ?? this.value.traffic, now)
    if (traffic !== undefined) {
      const counter = (this.counter ??= new Counter())
      counter.become(traffic)
      return undefined
    }
    const before = this.present()
    const next = this.settled(before, settled, now)
    if (next === before) return undefined
    if (Circuit.sameJudgement(before, next)) {
      this.note(next)
      return undefined
    }
    return this.replace(next)
      ? undefined
      : this.commit((circuit) => [undefined, circuit === before ? next : this.settled(circuit, settled, now)])
  }

  settleAlone(settled: Circuit.Settled, now: number): Effect.Effect<void> {
    return this.commit((circuit) => [undefined, this.settled(circuit, settled, now)])
  }

  settleTx(settled: Circuit.Settled, now: number): STM.STM<void> {
    return this.changeTx((circuit) => [undefined, this.settled(circuit, settled, now)])
  }

  record(outcome: Outcome.Outcome, now: number): Effect.Effect<void> {
    return Effect.withFiberRuntime((fiber) => {
      if (!isComposed(fiber)) {
        this.fleetKey?.settle(this.value, { permit: pass(this.value), outcome, failedBefore: 0 }, now)
      }
      return this.commit((circuit) => [
        undefined,
        this.policies !== undefined
          ? Circuit.record(this.policy, circuit, outcome, now)
          : Circuit.scoreOnly(this.policy, circuit, outcome, now)
      ])
    })
  }

  control(command: Command, now: number): Effect.Effect<void> {
    return this.commit((circuit) => [undefined, this.commanded(circuit, command, now)])
  }

  view(now: number): Circuit.View {
    if (this.isForeign) this.adopt(now)
    return Circuit.view(this.policy, this.present(), now)
  }

  get behind(): Describe.Behind {
    const blamed = this.inForce()
    return {
      transitions: this.history,
      isOfFleet: this.fleetKey?.isLed(this.value) === true,
      openedBy: blamed?.openedBy,
      probed: blamed?.probed
    }
  }

  /** What was remembered of the opening that goes on, or of the probes after it. */
  private inForce({ generation, state }: Known = this.value): Blamed | undefined {
    const { blamed } = this
    if (blamed === undefined || state._tag === "Closed") return undefined
    return blamed.generation === generation || (state._tag === "HalfOpen" && blamed.generation === generation - 1)
      ? blamed
      : undefined
  }

  blame(permit: Circuit.Permit, { error, outcome }: Blame): void {
    const { generation, state } = this.value
    if (state._tag === "Open" && permit.generation === generation - 1) {
      if (this.blamed?.generation !== generation)
        this.blamed = { generation, openedBy: error() ?? "", probed: new Map() }
    } else if (state._tag === "HalfOpen" && permit.generation === generation && permit.probe > 0) {
      const known = this.inForce()
      const probed = known?.generation === generation ? known.probed : new Map<string, number>()
      const name = `${outcomes[outcome._tag]} ${error() ?? ""}`.trimEnd()
      if (probed.size < kindsKept || probed.has(name)) probed.set(name, (probed.get(name) ?? 0) + 1)
      this.blamed = { generation, openedBy: known?.openedBy, probed }
    }
  }

  viewTx(now: number): Effect.Effect<Circuit.View> {
    if (this.isForeign) this.adopt(now)
    return this.look((circuit) => Circuit.view(this.policy, circuit, now))
  }

  snapshotTx(now: number): Effect.Effect<CircuitSnapshot.Snapshot> {
    if (this.isForeign) this.adopt(now)
    return this.look((circuit) => CircuitSnapshot.take(this.policy, circuit, now))
  }

  isIdle(): boolean {
    // In a transaction that may have changed it the value must not be asked for.
    return this.isUnwatched && Circuit.isIdle(this.value)
  }

  /** Whether it is closed, and remembers failures. */
  isFailing(now: number): boolean {
    return this.value.state._tag === "Closed" && Circuit.score(this.policy, this.value, now) < 1 - remembered
  }

  isSpent(before: number): boolean {
    return this.isUnwatched && Circuit.isSpent(this.value, before)
  }

  /** Converts the score once, where a model of another kind would have to at every look. */
  private adopt(now: number): void {
    this.isForeign = false
    this.note(Circuit.adopt(this.policy, this.present(), now))
  }

  /** The counter becomes the traffic of the circuit and is never written again. */
  protected override gathered(mirror: Known): Known {
    const { counter } = this
    if (counter === undefined) return mirror
    this.counter = undefined
    return { ...mirror, traffic: counter }
  }

  private get isUnwatched(): boolean {
    return (this.waiting === undefined || this.waiting.isEmpty) && !this.isHeld
  }

  onChange(callback: () => void): () => void {
    return (this.waiting ??= new Waiters.Waiters()).add(callback)
  }

  onTurn(ticket: Waiters.Ticket, callback: () => void): () => void {
    return (this.waiting ??= new Waiters.Waiters()).queue(ticket, callback)
  }

  claim(ticket: Waiters.Ticket, now: number): boolean {
    return (this.waiting ??= new Waiters.Waiters()).claim(ticket, this.free(now))
  }

  wake(): void {
    this.waiting?.wake()
  }

  wakeNext(now: number): void {
    this.waiting?.wakeNext(this.free(now))
  }

  private free(now: number): number {
    const { state } = this.value
    return state._tag === "HalfOpen" ? this.policy.permits - Circuit.heldLeases(state, now).length : 0
  }

  /** The key has another entry now, or none: what attempts on their way still do to this one is told nobody. */
  retire(): void {
    this.listener = undefined
    this.abandon()
    this.fleetKey?.leave()
    this.wake()
  }

  protected override touched(transaction: Transaction): void {
    this.listener?.touch(this, transaction)
  }

  protected override changed(before: Known, after: Known): void {
    const { listener } = this
    if (after.moves !== before.moves && listener?.isWatched() === true) {
      const move = after.moves.at(-1)
      if (move !== undefined) {
        listener.change({ key: this.key, ...move, strain: Circuit.view(this.policy, after, move.at).strain })
      }
    }
    const transition = Circuit.transition(this.policy, before, after)
    if (transition !== undefined) {
      this.history = [...this.history.slice(1 - historyKept), transition]
      listener?.transition({ key: this.key, ...transition })
      this.wake()
    } else this.wakeNext(-Infinity)
  }

  private settled(circuit: Known, settled: Circuit.Settled, now: number): Known {
    return Circuit.settle(this.policy, circuit, settled, now)
  }

  private commanded(circuit: Known, { _tag, reason }: Command, now: number): Known {
    switch (_tag) {
      case "isolate":
        return Circuit.isolate(circuit, reason, now)
      case "disable":
        return Circuit.disable(circuit, reason, now)
      case "observe":
        return Circuit.observe(circuit, reason, now)
      case "reset":
        return Circuit.reset(this.policy, circuit, reason, now)
    }
  }
}
