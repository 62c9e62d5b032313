import { Circuit, CircuitPolicy, CircuitSnapshot, type HealthModel } from "@truce/core"
import * as Hash from "effect/Hash"
import { type Options, nameOf, toPolicy } from "../CircuitOptions.ts"
import { PolicyConflict } from "../PolicyConflict.ts"
import { type Cell, CircuitCell, type Listener } from "./Cell.ts"

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
  /** Fixes the policy of one key. */
  readonly register: (key: string, options: Options) => PolicyConflict | undefined
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
  readonly find: (key: string) => Cell | undefined
  /** The cell of a key, under the first breaker built on this registry, if there is one. */
  readonly cell: (key: string, now: number) => Cell
  readonly cells: () => Iterable<Cell>
  readonly guard: (options: Options) => Guard
  /** What a key that was never seen looks like. */
  readonly pristine: (now: number) => Circuit.View
}

/** Entries looked at when a key is added: the cost of an insertion does not grow with the number of keys. */
const looks = 16

export const make = <S>(
  model: HealthModel.HealthModel<S>,
  lifetime: Lifetime,
  seed: number,
  listener: Listener
): Registry => {
  const cells = new Map<string, CircuitCell<S>>()
  const unguarded = CircuitPolicy.make(model)
  let hand = cells.values()
  let standard: ((key: string) => CircuitPolicy.CircuitPolicy<S>) | undefined

  const add = (
    key: string,
    policy: CircuitPolicy.CircuitPolicy<S>,
    start: { readonly circuit?: Circuit.Circuit<S>; readonly guarded: boolean; readonly now: number }
  ): CircuitCell<S> => {
    const circuit = start.circuit ?? Circuit.make(policy, (seed + Hash.string(key)) | 0)
    const cell = new CircuitCell(key, policy, { circuit, guarded: start.guarded, now: start.now }, listener)
    sweep(start.now)
    cells.set(key, cell)
    return cell
  }

  const sweep = (now: number): void => {
    const dead = Math.floor((now - lifetime.ttlMillis) / 1_000)
    const idle: Array<CircuitCell<S>> = []
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
      else if (cell.isIdle() || cell.isSpent(now - lifetime.ttlMillis)) idle.push(cell)
    }
    if (cells.size < lifetime.maxKeys) return
    // More than one may go: where nothing was idle for a while there are too many.
    idle.sort((left, right) => left.usedAt - right.usedAt)
    for (const cell of idle.slice(0, cells.size - lifetime.maxKeys + 1)) drop(cell)
  }

  const drop = (cell: CircuitCell<S>): void => {
    cells.delete(cell.key)
    cell.retire()
  }

  return {
    find: (key) => cells.get(key),
    cell: (key, now) =>
      cells.get(key) ?? add(key, standard?.(key) ?? unguarded, { guarded: standard !== undefined, now }),
    cells: () => cells.values(),
    pristine: (now) => Circuit.view(unguarded, Circuit.make(unguarded, seed), now),
    guard: (options) => {
      const shared = toPolicy(model, options)
      const fixed = new Map<string, CircuitPolicy.CircuitPolicy<S>>()
      const policyOf = (key: string): CircuitPolicy.CircuitPolicy<S> =>
        fixed.size === 0 ? shared : (fixed.get(key) ?? shared)
      standard ??= policyOf
      const known = (key: string): CircuitCell<S> | undefined => {
        const cell = cells.get(key)
        const difference = cell?.guard(policyOf(key))
        if (difference !== undefined) throw conflict(key, difference)
        return cell
      }
      return {
        cell: (key, now) => known(key) ?? add(key, policyOf(key), { guarded: true, now }),
        known,
        register: (key, own) => {
          const policy = toPolicy(model, options, own)
          const existing = fixed.get(key)
          const difference =
            existing === undefined ? cells.get(key)?.guard(policy) : CircuitPolicy.difference(existing, policy)
          if (difference !== undefined) return conflict(key, difference)
          if (existing === undefined) fixed.set(key, policy)
          return undefined
        },
        restore: (snapshots, clock) => {
          const adding: Array<() => void> = []
          for (const [key, data] of snapshots) {
            const policy = policyOf(key)
            const restored = CircuitSnapshot.restore(policy, data, clock)
            if (restored._tag === "Invalid") return { key, invalid: restored }
            adding.push(() => {
              const replaced = cells.get(key)
              add(key, policy, { circuit: restored.circuit, guarded: true, now: clock.now })
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

const conflict = (key: string, difference: NonNullable<ReturnType<typeof CircuitPolicy.difference>>): PolicyConflict =>
  new PolicyConflict({ key, field: nameOf(difference.field), existing: difference.left, requested: difference.right })
