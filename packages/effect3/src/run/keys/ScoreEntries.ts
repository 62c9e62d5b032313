import { Circuit, CircuitPolicy, type HealthModel, Registry } from "@truce/core"
import * as Hash from "effect/Hash"
import type { Transaction } from "../../platform/Ref.ts"
import type { Policies, Policy } from "../settings/Policies.ts"
import { CircuitEntry } from "./CircuitEntry.ts"
import type { Entry, Known, Listener } from "./Entry.ts"
import type { Join } from "./FleetKey.ts"

/** The entries of all keys that share one health model. */
export class ScoreEntries {
  readonly model: HealthModel.HealthModel<HealthModel.Opaque>
  private readonly seed: number
  private readonly listener: Omit<Listener, "isClosing"> & { isClosing: boolean }
  private readonly unguarded: Policy
  readonly registry: Registry.Registry<CircuitEntry>
  /** By transaction, as others may be announced between the body of one and its commit. */
  private readonly touched = new WeakMap<Transaction, Set<Entry>>()
  /** The policies of the first breaker built on it. */
  private standard: (() => Policies) | undefined
  private joining: Join | undefined

  constructor(
    model: HealthModel.HealthModel<HealthModel.Opaque>,
    lifetime: Registry.Lifetime,
    seed: number,
    listener: Omit<Listener, "touch" | "isClosing">
  ) {
    this.model = model
    this.registry = new Registry.Registry(lifetime)
    this.seed = seed
    this.unguarded = CircuitPolicy.make(model)
    this.listener = {
      ...listener,
      isClosing: false,
      touch: (entry, transaction) => {
        this.touched.set(transaction, (this.touched.get(transaction) ?? new Set()).add(entry))
      }
    }
  }

  /** The entry of a key, if there is one, to read. */
  find(key: string): Entry | undefined {
    return this.registry.get(key)?.under(this.standard?.())
  }

  /** The entry of a key, under the first breaker built on this registry, if there is one. */
  entry(key: string, now: number): Entry {
    return this.registry.get(key) ?? this.add(key, this.standard?.(), now)
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
    for (const entry of this.registry.all()) entry.join(join(entry))
    return () => {
      this.joining = undefined
      for (const entry of this.registry.all()) entry.join(undefined)
    }
  }

  /** Its layer is being closed: what ends now says nothing. */
  close(): void {
    this.listener.isClosing = true
  }

  /** The policies of the first breaker are those of keys that none is asked for. */
  begin(policies: () => Policies): void {
    this.standard ??= policies
  }

  add(key: string, policies: Policies | undefined, now: number, circuit?: Known): CircuitEntry {
    const policy = policies?.of(key) ?? this.unguarded
    const fresh = circuit ?? Circuit.make(policy, (this.seed + Hash.string(key)) | 0)
    const start = { circuit: fresh, isRestored: circuit !== undefined, policies, now }
    const entry = new CircuitEntry(key, policy, start, this.listener)
    if (this.joining !== undefined) entry.join(this.joining(entry))
    this.registry.add(entry, now)
    return entry
  }

  /** Tells of what a transaction of the user's has committed and nobody was told of yet. */
  announce(transaction: Transaction): void {
    const changed = this.touched.get(transaction)
    this.touched.delete(transaction)
    for (const entry of changed ?? []) entry.announce()
  }
}
