import { Circuit, CircuitPolicy, CircuitSnapshot, HealthModel } from "@truce/core"
import * as Hash from "effect/Hash"
import { type Options, nameOf } from "../settings/CircuitOptions.ts"
import { PolicyConflict } from "../../PolicyConflict.ts"
import type { Transaction } from "../../platform/Ref.ts"
import type { Entry, Known, Listener } from "./Entry.ts"
import { CircuitEntry, type Difference } from "./CircuitEntry.ts"
import type { Join } from "./FleetKey.ts"
import { type Policy, type Rules, Policies } from "../settings/Policies.ts"

/** How long keys are kept. */
export interface Lifetime {
  readonly maxKeys: number
  readonly ttlMillis: number
}

/** The keys under one breaker's policy. */
export interface BreakerEntries {
  /** The entry of a key; throws `PolicyConflict` when another breaker holds the key under another policy. */
  readonly entry: (key: string, now: number) => Entry
  /** The same where the key has an entry: to ask needs no clock. */
  readonly known: (key: string) => Entry | undefined
  /** The entry of a key, if there is one, to read: under the rules in force, but where another breaker holds it. */
  readonly find: (key: string) => Entry | undefined
  /** All entries, in the same way. */
  readonly all: () => ReadonlyArray<Entry>
  /** What a key that was never seen looks like. */
  readonly pristine: (key: string, now: number) => Circuit.View
  /** Fixes the policy of one key. */
  readonly register: (key: string, options: Options) => PolicyConflict | undefined
  /** Checks other rules for all its keys; run, the result puts them in force from the next admission on. Throws `InvalidOption`. */
  readonly replace: (rules: Rules, lifetime: Lifetime) => () => void
  /** Tells of what a transaction of the user's has committed and nobody was told of yet. */
  readonly announce: (transaction: Transaction) => void
  /** Restores all circuits or none. */
  readonly restore: (
    snapshots: ReadonlyArray<readonly [string, unknown]>,
    clock: Clock
  ) => { readonly key: string; readonly invalid: CircuitSnapshot.Invalid } | undefined
}

export interface Clock {
  readonly now: number
  readonly elapsedMillis: number
}

/** The entries of all keys that share one health model. */
export interface Registry {
  /** The entry of a key, if there is one, to read. */
  readonly find: (key: string) => Entry | undefined
  /** The entry of a key, under the first breaker built on this registry, if there is one. */
  readonly entry: (key: string, now: number) => Entry
  readonly guard: (rules: Omit<Rules, "model">) => BreakerEntries
  /** What a key that was never seen looks like, under the first breaker, if there is one. */
  readonly pristine: (key: string, now: number) => Circuit.View
  /** The rules of the first breaker, of all keys and of some. */
  readonly policies: () => ReadonlyArray<Policy>
  /** Makes every entry, those to come too, a fleetKey of a fleet; returns how to stop. */
  readonly share: (join: Join) => () => void
}

/** Entries looked at when a key is added: the cost of an insertion does not grow with the number of keys. */
const looks = 16

export const make = <S>(
  model: HealthModel.HealthModel<S>,
  lifetime: Lifetime,
  seed: number,
  listener: Omit<Listener, "touch">
): Registry => {
  const entries = new Map<string, CircuitEntry>()
  // By transaction, as others may be announced between the body of one and its commit.
  const touched = new WeakMap<Transaction, Set<Entry>>()
  const announce = (transaction: Transaction): void => {
    const changed = touched.get(transaction)
    touched.delete(transaction)
    for (const entry of changed ?? []) entry.announce()
  }
  const touching: Listener = {
    ...listener,
    touch: (entry, transaction) => {
      touched.set(transaction, (touched.get(transaction) ?? new Set()).add(entry))
    }
  }
  const hidden = HealthModel.opaque(model)
  const unguarded = CircuitPolicy.make(hidden)
  let kept = lifetime
  let hand = entries.values()
  let standard: (() => Policies) | undefined
  let joining: Join | undefined

  const add = (key: string, policies: Policies | undefined, now: number, circuit?: Known): CircuitEntry => {
    const policy: Policy = policies?.of(key) ?? unguarded
    const fresh = circuit ?? Circuit.make(policy, (seed + Hash.string(key)) | 0)
    const start = { circuit: fresh, isRestored: circuit !== undefined, policies, now }
    const entry = new CircuitEntry(key, policy, start, touching)
    if (joining !== undefined) entry.join(joining(entry))
    sweep(now)
    entries.set(key, entry)
    return entry
  }

  const pristine = (policy: Policy, now: number): Circuit.View => Circuit.view(policy, Circuit.make(policy, seed), now)

  const sweep = (now: number): void => {
    const dead = Math.floor((now - kept.ttlMillis) / 1_000)
    const idle: Array<CircuitEntry> = []
    for (let look = 0; look < Math.min(looks, entries.size); look++) {
      let next = hand.next()
      if (next.done === true) {
        hand = entries.values()
        next = hand.next()
        if (next.done === true) break
      }
      const entry = next.value
      if (entry.isIdle() && entry.usedAt < dead) drop(entry)
      // An open circuit is not forgotten, unless there is no room and nobody has asked for it in a long time.
      else if (entry.isIdle() || entry.isSpent(now - kept.ttlMillis)) idle.push(entry)
    }
    if (entries.size < kept.maxKeys) return
    // More than one may go: where nothing was idle for a while there are too many. What is failing goes last: forgotten, it would begin
    // again with a score of 1, and never open.
    const ranked = idle.map((entry) => ({ entry, isFailing: entry.isFailing(now) }))
    ranked.sort(
      (left, right) => Number(left.isFailing) - Number(right.isFailing) || left.entry.usedAt - right.entry.usedAt
    )
    for (const { entry } of ranked.slice(0, entries.size - kept.maxKeys + 1)) drop(entry)
  }

  const drop = (entry: CircuitEntry): void => {
    entries.delete(entry.key)
    entry.retire()
  }

  return {
    find: (key) => ruled(entries.get(key), standard?.()),
    entry: (key, now) => entries.get(key) ?? add(key, standard?.(), now),
    pristine: (key, now) => pristine(standard?.().of(key) ?? unguarded, now),
    policies: () => standard?.().policies ?? [],
    share: (join) => {
      joining = join
      for (const entry of entries.values()) entry.join(join(entry))
      return () => {
        joining = undefined
        for (const entry of entries.values()) entry.join(undefined)
      }
    },
    guard: (rules) => {
      let policies = new Policies({}, { ...rules, model: hidden })
      standard ??= () => policies
      const known = (key: string): CircuitEntry | undefined => {
        const entry = entries.get(key)
        if (entry === undefined || entry.obeys(policies)) return entry
        const difference = entry.rule(policies)
        if (difference !== undefined) throw conflict(key, difference)
        return entry
      }
      return {
        entry: (key, now) => known(key) ?? add(key, policies, now),
        known,
        find: (key) => ruled(entries.get(key), policies),
        all: () => {
          for (const entry of entries.values()) ruled(entry, policies)
          return [...entries.values()]
        },
        pristine: (key, now) => pristine(policies.of(key), now),
        register: (key, options) => {
          const policy = policies.own(key, options)
          const isKnown = policies.isRegistered(key)
          const difference = isKnown
            ? CircuitPolicy.difference(policies.of(key), policy)
            : entries.get(key)?.differsFrom(policy)
          if (difference !== undefined) return conflict(key, difference)
          if (!isKnown) {
            policies.register(key, options)
            const entry = entries.get(key)
            if (entry?.isUnused === true) entry.rule(policies)
          }
          return undefined
        },
        replace: (next, lifetime) => {
          const replaced = policies.replacedBy(next)
          return () => {
            policies = replaced
            kept = lifetime
          }
        },
        announce,
        restore: (snapshots, clock) => {
          const adding: Array<() => void> = []
          for (const [key, data] of snapshots) {
            const restored = CircuitSnapshot.restore(policies.of(key), data, clock)
            if (restored._tag === "Invalid") return { key, invalid: restored }
            adding.push(() => {
              const replaced = entries.get(key)
              add(key, policies, clock.now, restored.circuit)
              replaced?.retire()
            })
          }
          for (const run of adding) run()
          return undefined
        }
      }
    }
  }
}

const ruled = (entry: CircuitEntry | undefined, policies: Policies | undefined): CircuitEntry | undefined => {
  if (entry !== undefined && policies !== undefined && !entry.obeys(policies)) entry.rule(policies)
  return entry
}

const conflict = (key: string, difference: NonNullable<Difference>): PolicyConflict =>
  new PolicyConflict({ key, field: nameOf(difference.field), existing: difference.left, requested: difference.right })
