import { Circuit, CircuitPolicy, CircuitSnapshot, HealthModel } from "@truce/core"
import * as Hash from "effect/Hash"
import { type Options, nameOf } from "../settings/CircuitOptions.ts"
import { PolicyConflict } from "../../PolicyConflict.ts"
import type { Transaction } from "../../platform/Ref.ts"
import type { Cell, Known, Listener } from "./Entry.ts"
import { CircuitCell, type Difference } from "./CircuitEntry.ts"
import type { Join } from "./FleetKey.ts"
import { type Policy, type Rules, Ruling } from "../settings/PolicyOf.ts"

/** How long keys are kept. */
export interface Lifetime {
  readonly maxKeys: number
  readonly ttlMillis: number
}

/** The keys under one breaker's policy. */
export interface Guard {
  /** The cell of a key; throws `PolicyConflict` when another breaker holds the key under another policy. */
  readonly cell: (key: string, now: number) => Cell
  /** The same where the key has a cell: to ask needs no clock. */
  readonly known: (key: string) => Cell | undefined
  /** The cell of a key, if there is one, to read: under the rules in force, but where another breaker holds it. */
  readonly find: (key: string) => Cell | undefined
  /** All cells, in the same way. */
  readonly cells: () => ReadonlyArray<Cell>
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

/** The cells of all keys that share one health model. */
export interface Registry {
  /** The cell of a key, if there is one, to read. */
  readonly find: (key: string) => Cell | undefined
  /** The cell of a key, under the first breaker built on this registry, if there is one. */
  readonly cell: (key: string, now: number) => Cell
  readonly guard: (rules: Omit<Rules, "model">) => Guard
  /** What a key that was never seen looks like, under the first breaker, if there is one. */
  readonly pristine: (key: string, now: number) => Circuit.View
  /** The rules of the first breaker, of all keys and of some. */
  readonly policies: () => ReadonlyArray<Policy>
  /** Makes every cell, those to come too, a member of a fleet; returns how to stop. */
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
  const cells = new Map<string, CircuitCell>()
  // By transaction, as others may be announced between the body of one and its commit.
  const touched = new WeakMap<Transaction, Set<Cell>>()
  const announce = (transaction: Transaction): void => {
    const changed = touched.get(transaction)
    touched.delete(transaction)
    for (const cell of changed ?? []) cell.announce()
  }
  const touching: Listener = {
    ...listener,
    touch: (cell, transaction) => {
      touched.set(transaction, (touched.get(transaction) ?? new Set()).add(cell))
    }
  }
  const hidden = HealthModel.opaque(model)
  const unguarded = CircuitPolicy.make(hidden)
  let kept = lifetime
  let hand = cells.values()
  let standard: (() => Ruling) | undefined
  let joining: Join | undefined

  const add = (key: string, ruling: Ruling | undefined, now: number, circuit?: Known): CircuitCell => {
    const policy: Policy = ruling?.of(key) ?? unguarded
    const fresh = circuit ?? Circuit.make(policy, (seed + Hash.string(key)) | 0)
    const start = { circuit: fresh, isRestored: circuit !== undefined, ruling, now }
    const cell = new CircuitCell(key, policy, start, touching)
    if (joining !== undefined) cell.join(joining(cell))
    sweep(now)
    cells.set(key, cell)
    return cell
  }

  const pristine = (policy: Policy, now: number): Circuit.View => Circuit.view(policy, Circuit.make(policy, seed), now)

  const sweep = (now: number): void => {
    const dead = Math.floor((now - kept.ttlMillis) / 1_000)
    const idle: Array<CircuitCell> = []
    for (let look = 0; look < Math.min(looks, cells.size); look++) {
      let next = hand.next()
      if (next.done === true) {
        hand = cells.values()
        next = hand.next()
        if (next.done === true) break
      }
      const cell = next.value
      if (cell.isIdle() && cell.usedAt < dead) drop(cell)
      // An open circuit is not forgotten, unless there is no room and nobody has asked for it in a long time.
      else if (cell.isIdle() || cell.isSpent(now - kept.ttlMillis)) idle.push(cell)
    }
    if (cells.size < kept.maxKeys) return
    // More than one may go: where nothing was idle for a while there are too many. What is failing goes last: forgotten, it would begin
    // again with a score of 1, and never open.
    const ranked = idle.map((cell) => ({ cell, isFailing: cell.isFailing(now) }))
    ranked.sort(
      (left, right) => Number(left.isFailing) - Number(right.isFailing) || left.cell.usedAt - right.cell.usedAt
    )
    for (const { cell } of ranked.slice(0, cells.size - kept.maxKeys + 1)) drop(cell)
  }

  const drop = (cell: CircuitCell): void => {
    cells.delete(cell.key)
    cell.retire()
  }

  return {
    find: (key) => ruled(cells.get(key), standard?.()),
    cell: (key, now) => cells.get(key) ?? add(key, standard?.(), now),
    pristine: (key, now) => pristine(standard?.().of(key) ?? unguarded, now),
    policies: () => standard?.().policies ?? [],
    share: (join) => {
      joining = join
      for (const cell of cells.values()) cell.join(join(cell))
      return () => {
        joining = undefined
        for (const cell of cells.values()) cell.join(undefined)
      }
    },
    guard: (rules) => {
      let ruling = new Ruling({}, { ...rules, model: hidden })
      standard ??= () => ruling
      const known = (key: string): CircuitCell | undefined => {
        const cell = cells.get(key)
        if (cell === undefined || cell.obeys(ruling)) return cell
        const difference = cell.rule(ruling)
        if (difference !== undefined) throw conflict(key, difference)
        return cell
      }
      return {
        cell: (key, now) => known(key) ?? add(key, ruling, now),
        known,
        find: (key) => ruled(cells.get(key), ruling),
        cells: () => {
          for (const cell of cells.values()) ruled(cell, ruling)
          return [...cells.values()]
        },
        pristine: (key, now) => pristine(ruling.of(key), now),
        register: (key, options) => {
          const policy = ruling.own(key, options)
          const isKnown = ruling.isRegistered(key)
          const difference = isKnown
            ? CircuitPolicy.difference(ruling.of(key), policy)
            : cells.get(key)?.differsFrom(policy)
          if (difference !== undefined) return conflict(key, difference)
          if (!isKnown) {
            ruling.register(key, options)
            const cell = cells.get(key)
            if (cell?.isUnused === true) cell.rule(ruling)
          }
          return undefined
        },
        replace: (next, lifetime) => {
          const replaced = ruling.replacedBy(next)
          return () => {
            ruling = replaced
            kept = lifetime
          }
        },
        announce,
        restore: (snapshots, clock) => {
          const adding: Array<() => void> = []
          for (const [key, data] of snapshots) {
            const restored = CircuitSnapshot.restore(ruling.of(key), data, clock)
            if (restored._tag === "Invalid") return { key, invalid: restored }
            adding.push(() => {
              const replaced = cells.get(key)
              add(key, ruling, clock.now, restored.circuit)
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

const ruled = (cell: CircuitCell | undefined, ruling: Ruling | undefined): CircuitCell | undefined => {
  if (cell !== undefined && ruling !== undefined && !cell.obeys(ruling)) cell.rule(ruling)
  return cell
}

const conflict = (key: string, difference: NonNullable<Difference>): PolicyConflict =>
  new PolicyConflict({ key, field: nameOf(difference.field), existing: difference.left, requested: difference.right })
