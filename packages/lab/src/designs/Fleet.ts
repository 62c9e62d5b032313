/** Truce in several processes that share a judgement: a store that holds it, and the ways of telling it. */
import { type Circuit, CircuitPolicy, Fleet, HealthModel, Jitter, RetryBudget } from "@truce/core"
import type { Context, Design } from "../Design.ts"
import * as Guarded from "./Guarded.ts"

/** How the processes share. */
interface Sharing {
  /** Time between two flushes of a process; 0 for one at each attempt's end. */
  readonly flushMillis: number
  readonly witnesses: number
  /** Whether a process opens by its own evidence too. */
  readonly own: boolean
  /** Whether a batch of many failures is flushed at once. */
  readonly urgent: boolean
  readonly budget: RetryBudget.RetryBudget
}

/** The record of one key: the simulator's clock is everybody's, and no message takes time. */
class Store<S> {
  readonly policy: Fleet.Policy<S>
  readonly sharing: Sharing
  readonly members: Array<Member<S>> = []
  shared: Fleet.Shared<S>

  constructor(policy: Fleet.Policy<S>, sharing: Sharing, seed: number) {
    this.policy = policy
    this.sharing = sharing
    this.shared = Fleet.empty(policy, seed, 0)
  }

  /** Every flush that is due, in the order of its time. */
  advance(now: number): void {
    for (;;) {
      let first: Member<S> | undefined
      for (const member of this.members) if (first === undefined || member.flushAt < first.flushAt) first = member
      if (first === undefined || first.flushAt > now) return
      const at = first.flushAt
      first.flushAt += this.sharing.flushMillis
      first.flush(at)
    }
  }

  swap(shared: Fleet.Shared<S>, asking: Member<S>): void {
    const isNews = shared.circuit.generation !== this.shared.circuit.generation
    this.shared = shared
    asking.learn()
    if (isNews) for (const member of this.members) member.learn()
  }
}

class Member<S> extends Guarded.Breaker<S> {
  readonly store: Store<S>
  readonly name: string
  readonly leases = new Set<Circuit.Permit>()
  link = Fleet.unlinked
  batch: Fleet.Batch
  flushAt: number

  constructor(store: Store<S>, { process, seed }: Context) {
    super(store.policy, seed)
    const { flushMillis } = store.sharing
    this.store = store
    this.name = `process-${process}`
    this.batch = Fleet.batch(this.name, undefined)
    this.flushAt = flushMillis === 0 ? Infinity : flushMillis * Jitter.draw(seed, 0)
    store.members.push(this)
  }

  override at(now: number): Circuit.Circuit<S> {
    this.store.advance(now)
    return this.circuit
  }

  override admit(now: number): Circuit.Permit | undefined {
    const { policy } = this.store
    this.store.advance(now)
    if (!Fleet.isFollowing(this.circuit, this.link)) return super.admit(now)
    if (this.circuit.state._tag === "Open" && now < this.circuit.state.until) return undefined
    const [next, decision] = Fleet.lease(policy, this.store.shared, now)
    this.store.swap(next, this)
    if (decision._tag === "Rejected") return undefined
    // A circuit that has closed since is asked for itself: nobody has a lease of it.
    if (decision.permit.probe === 0) return super.admit(now)
    this.leases.add(decision.permit)
    return decision.permit
  }

  override settle(settled: Circuit.Settled, now: number): void {
    const { permit } = settled
    const { policy, sharing } = this.store
    this.store.advance(now)
    if (this.leases.delete(permit)) {
      this.store.swap(Fleet.settleProbe(policy, this.store.shared, settled, now), this)
      return
    }
    if (permit.generation !== this.circuit.generation) return
    this.batch = Fleet.add(policy, this.batch, settled)
    if (sharing.own) super.settle(settled, now)
    if (sharing.flushMillis === 0 || (sharing.urgent && Fleet.isUrgent(policy, this.circuit, this.batch))) {
      this.flush(now)
    }
  }

  /** Tells the store what there is to tell; who follows asks all the same. */
  flush(now: number): void {
    if (this.batch.attempts > 0) {
      const { batch } = this
      this.batch = Fleet.batch(this.name, this.link.shared)
      this.store.swap(Fleet.merge(this.store.policy, this.store.shared, batch, now), this)
    } else if (Fleet.isFollowing(this.circuit, this.link)) this.learn()
  }

  learn(): void {
    const before = this.circuit
    const [circuit, link] = Fleet.follow(this.store.policy, before, this.link, this.store.shared, 0)
    this.circuit = circuit
    if (link.shared !== this.link.shared && this.link.shared !== undefined) {
      this.batch = Fleet.batch(this.name, link.shared)
    } else if (this.batch.attempts === 0) this.batch = Fleet.batch(this.name, link.shared)
    this.link = link
    if (circuit.state._tag === "Open" && before.state._tag !== "Open") this.opens++
  }
}

const base = CircuitPolicy.make(HealthModel.ledger())

const sharing = (name: string, title: string, description: string, how: Sharing): Design => {
  const policy = Fleet.make(base, { witnesses: how.witnesses })
  const stores = new WeakMap<object, Store<HealthModel.Ledger>>()
  return {
    name,
    title,
    description,
    group: "truce",
    make: Guarded.shipped({
      policy: base,
      budget: how.budget,
      breaker: (_, context) => {
        const store = stores.get(context.fleet) ?? new Store(policy, how, context.seed)
        stores.set(context.fleet, store)
        return new Member(store, context)
      }
    })
  }
}

/** The store alone judges, at each flush and not before, and every retry is afforded: what the published table was made with. */
const bare = { own: false, urgent: false, budget: RetryBudget.unlimited() } as const
/** What is shipped. */
const whole = { flushMillis: 250, own: true, urgent: true, budget: RetryBudget.saturation() } as const

export const all: ReadonlyArray<Design> = [
  sharing("truce-fleet", "Truce sharing, the defaults", "Batches of 250 ms, two witnesses.", {
    ...whole,
    witnesses: 2
  }),
  sharing(
    "truce-fleet-alone",
    "Truce sharing, one witness",
    "The defaults, but one process is enough to open for all.",
    {
      ...whole,
      witnesses: 1
    }
  ),
  sharing("truce-fleet-each", "Truce sharing each attempt", "Each attempt is told at its end, one witness.", {
    ...bare,
    flushMillis: 0,
    witnesses: 1
  }),
  sharing("truce-fleet-250ms-alone", "Truce sharing, 250 ms, one witness", "The store alone judges.", {
    ...bare,
    flushMillis: 250,
    witnesses: 1
  }),
  sharing("truce-fleet-1s-alone", "Truce sharing, 1 s, one witness", "The store alone judges.", {
    ...bare,
    flushMillis: 1_000,
    witnesses: 1
  }),
  sharing("truce-fleet-1s", "Truce sharing, 1 s, two witnesses", "The store alone judges.", {
    ...bare,
    flushMillis: 1_000,
    witnesses: 2
  }),
  sharing("truce-fleet-5s", "Truce sharing, 5 s, two witnesses", "The store alone judges.", {
    ...bare,
    flushMillis: 5_000,
    witnesses: 2
  })
]
