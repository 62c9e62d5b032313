import type { HealthModel } from "@truce/core"
import { Circuit, CircuitPolicy } from "@truce/core"
import * as Hash from "effect/Hash"
import type { Transaction } from "../../platform/Ref.ts"
import type { Lifetime } from "../settings/lifetime.ts"
import type { Policies, Policy } from "../settings/Policies.ts"
import { CircuitEntry } from "./CircuitEntry.ts"
import type { Entry, Known, Listener } from "./Entry.ts"
import type { Join } from "./FleetKey.ts"

/** Entries looked at when a key is added: the cost of an insertion does not grow with the number of keys. */
const looks = 16

/** The entries of all keys that share one health model. */
export class Registry {
  readonly model: HealthModel.HealthModel<HealthModel.Opaque>
  private lifetime: Lifetime
  private readonly seed: number
  private readonly listener: Listener
  private readonly unguarded: Policy
  private readonly entries = new Map<string, CircuitEntry>()
  private hand = this.entries.values()
  /** By transaction, as others may be announced between the body of one and its commit. */
  private readonly touched = new WeakMap<Transaction, Set<Entry>>()
  /** The policies of the first breaker built on it. */
  private standard: (() => Policies) | undefined
  private joining: Join | undefined

  constructor(
    model: HealthModel.HealthModel<HealthModel.Opaque>,
    lifetime: Lifetime,
    seed: number,
    listener: Omit<Listener, "touch">
  ) {
    this.model = model
    this.lifetime = lifetime
    this.seed = seed
    this.unguarded = CircuitPolicy.make(model)
    this.listener = {
      ...listener,
      touch: (entry, transaction) => {
        this.touched.set(transaction, (this.touched.get(transaction) ?? new Set()).add(entry))
      }
    }
  }

  /** The entry of a key, if there is one, to read. */
  find(key: string): Entry | undefined {
    return this.entries.get(key)?.under(this.standard?.())
  }

  /** The entry of a key, under the first breaker built on this registry, if there is one. */
  entry(key: string, now: number): Entry {
    return this.entries.get(key) ?? this.add(key, this.standard?.(), now)
  }

  /** What a key that was never seen looks like, under the first breaker, if there is one. */
  pristine(key: string, now: number, policy: Policy = this.standard?.().of(key) ?? this.unguarded): Circuit.View {
    return Circuit.view(policy, Circuit.make(policy, this.seed), now)
  }

  /** The policies of the first breaker, that of all keys and those of some. */
  policies(): ReadonlyArray<Policy> {
    return this.standard?.().all ?? []
  }

  /** Makes every entry, those to come too, a part of a fleet; returns how to stop. */
  share(join: Join): () => void {
    this.joining = join
    for (const entry of this.entries.values()) entry.join(join(entry))
    return () => {
      this.joining = undefined
      for (const entry of this.entries.values()) entry.join(undefined)
    }
  }

  /** The entry of a key as it is, whichever breaker it is under. */
  get(key: string): CircuitEntry | undefined {
    return this.entries.get(key)
  }

  all(): ReadonlyArray<CircuitEntry> {
    return [...this.entries.values()]
  }

  /** The policies of the first breaker are those of keys that none is asked for. */
  begin(policies: () => Policies): void {
    this.standard ??= policies
  }

  keep(lifetime: Lifetime): void {
    this.lifetime = lifetime
  }

  add(key: string, policies: Policies | undefined, now: number, circuit?: Known): CircuitEntry {
    const policy = policies?.of(key) ?? this.unguarded
    const fresh = circuit ?? Circuit.make(policy, (this.seed + Hash.string(key)) | 0)
    const start = { circuit: fresh, isRestored: circuit !== undefined, policies, now }
    const entry = new CircuitEntry(key, policy, start, this.listener)
    if (this.joining !== undefined) entry.join(this.joining(entry))
    this.sweep(now)
    this.entries.set(key, entry)
    return entry
  }

  /** Tells of what a transaction of the user's has committed and nobody was told of yet. */
  announce(transaction: Transaction): void {
    const changed = this.touched.get(transaction)
    this.touched.delete(transaction)
    for (const entry of changed ?? []) entry.announce()
  }

  private sweep(now: number): void {
    const { entries, lifetime } = this
    const dead = Math.floor((now - lifetime.ttlMillis) / 1_000)
    const idle: Array<CircuitEntry> = []
    for (let look = 0; look < Math.min(looks, entries.size); look++) {
      const entry = this.next()
      if (entry === undefined) break
      if (entry.isIdle() && entry.usedAt < dead) this.drop(entry)
      // An open circuit is not forgotten, unless there is no room and nobody has asked for it in a long time.
      else if (entry.isIdle() || entry.isSpent(now - lifetime.ttlMillis)) idle.push(entry)
    }
    if (entries.size < lifetime.maxKeys) return
    // More than one may go: where nothing was idle for a while there are too many. What is failing goes last: forgotten, it would begin
    // again with a score of 1, and never open.
    const ranked = idle.map((entry) => ({ entry, isFailing: entry.isFailing(now) }))
    ranked.sort(
      (left, right) => Number(left.isFailing) - Number(right.isFailing) || left.entry.usedAt - right.entry.usedAt
    )
    for (const { entry } of ranked.slice(0, entries.size - lifetime.maxKeys + 1)) this.drop(entry)
  }

  /** The one that the hand points at, round and round. */
  private next(): CircuitEntry | undefined {
    const next = this.hand.next()
    if (next.done !== true) return next.value
    this.hand = this.entries.values()
    return this.hand.next().value
  }

  private drop(entry: CircuitEntry): void {
    this.entries.delete(entry.key)
    entry.retire()
  }
}
