import { type Circuit, CircuitPolicy, CircuitSnapshot, type Registry, Tables } from "@truce/core"
import { PolicyConflict } from "../../PolicyConflict.ts"
import type { Transaction } from "../../platform/Ref.ts"
import type { Options } from "../settings/CircuitOptions.ts"
import { Policies, type BreakerRules } from "../settings/Policies.ts"
import type { CircuitEntry, Difference } from "./CircuitEntry.ts"
import type { Entry } from "./Entry.ts"
import type { ScoreEntries } from "./ScoreEntries.ts"

export interface Clock {
  readonly now: number
  readonly elapsedMillis: number
}

/** The entries of a registry under one breaker's policies. */
export class BreakerEntries {
  private readonly entries: ScoreEntries
  private policies: Policies

  /** Throws `InvalidOption`. */
  constructor(entries: ScoreEntries, rules: Omit<BreakerRules, "model">) {
    this.entries = entries
    this.policies = new Policies({}, { ...rules, model: entries.model })
    entries.begin(() => this.policies)
  }

  /** The entry of a key; throws `PolicyConflict` when another breaker holds the key under another policy. */
  entry(key: string, now: number): Entry {
    return this.known(key) ?? this.entries.add(key, this.policies, now)
  }

  /** The same where the key has an entry: to ask needs no clock. */
  known(key: string): CircuitEntry | undefined {
    const entry = this.entries.registry.get(key)
    if (entry === undefined || entry.obeys(this.policies)) return entry
    const difference = entry.rule(this.policies)
    if (difference !== undefined) throw conflict(key, difference)
    return entry
  }

  /** The entry of a key, if there is one, to read: under the policies in force, but where another breaker holds it. */
  find(key: string): Entry | undefined {
    return this.entries.registry.get(key)?.under(this.policies)
  }

  /** All entries, in the same way. */
  all(): ReadonlyArray<Entry> {
    return this.entries.registry.all().map((entry) => entry.under(this.policies))
  }

  /** What a key that was never seen looks like. */
  pristine(key: string, now: number): Circuit.View {
    return this.entries.pristine(key, now, this.policies.of(key))
  }

  /** Fixes the policy of one key. */
  register(key: string, options: Options): PolicyConflict | undefined {
    const { entries, policies } = this
    const policy = policies.own(key, options)
    const isKnown = policies.isRegistered(key)
    const difference = isKnown
      ? CircuitPolicy.difference(policies.of(key), policy)
      : entries.registry.get(key)?.differsFrom(policy)
    if (difference !== undefined) return conflict(key, difference)
    if (!isKnown) {
      policies.register(key, options)
      const entry = entries.registry.get(key)
      if (entry?.isUnused === true) entry.rule(policies)
    }
    return undefined
  }

  /** Checks other rules for all its keys; run, the result puts them in force from the next admission on. Throws `InvalidOption`. */
  replace(rules: BreakerRules, lifetime: Registry.Lifetime): () => void {
    const replaced = this.policies.replacedBy(rules)
    return () => {
      this.policies = replaced
      this.entries.registry.keep(lifetime)
    }
  }

  /** Tells of what a transaction of the user's has committed and nobody was told of yet. */
  announce(transaction: Transaction): void {
    this.entries.announce(transaction)
  }

  /** Restores all circuits or none. */
  restore(
    snapshots: ReadonlyArray<readonly [string, unknown]>,
    clock: Clock
  ): { readonly key: string; readonly invalid: CircuitSnapshot.Invalid } | undefined {
    const adding: Array<() => void> = []
    for (const [key, data] of snapshots) {
      const restored = CircuitSnapshot.restore(this.policies.of(key), data, clock)
      if (restored._tag === "Invalid") return { key, invalid: restored }
      adding.push(() => {
        this.entries.add(key, this.policies, clock.now, restored.circuit)
      })
    }
    for (const run of adding) run()
    return undefined
  }
}

const conflict = (key: string, difference: NonNullable<Difference>): PolicyConflict =>
  new PolicyConflict({
    key,
    field: Tables.nameOf(difference.field),
    existing: difference.left,
    requested: difference.right
  })
