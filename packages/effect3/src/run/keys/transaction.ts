import type { Circuit, Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as STM from "effect/STM"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import { InvalidSnapshot } from "../../InvalidSnapshot.ts"
import { type Outside, atomically, partOf } from "../../platform/Ref.ts"
import type { Entry } from "./Entry.ts"
import { toError } from "./Rejection.ts"
import type { BreakerEntries, Clock } from "./BreakerEntries.ts"

/** Where a permit carries the entry it is of. */
export const entryOf: unique symbol = Symbol.for("@truce/effect3/Permit/entry")

export interface Permit {
  readonly key: string
  readonly generation: number
  /** Whether the attempt is a probe of a half-open circuit, which holds one of its permits. */
  readonly probe: boolean
  readonly [entryOf]: { readonly entry: Entry; readonly permit: Circuit.Permit }
}

export type Admission =
  | { readonly _tag: "Admitted"; readonly permits: ReadonlyArray<Permit> }
  | { readonly _tag: "Rejected"; readonly error: CircuitOpen }

/** Admission and settling of several keys as transactions to compose with others. */
export const make = (entries: BreakerEntries) => ({
  /**
   * Reads and decides for all keys first, then writes for all or, but for what the one that rejects remembers, for none. A rejection is a
   * value: not every transaction that fails takes back what it wrote.
   */
  admit: (keys: Arr.NonEmptyReadonlyArray<string>, now: number): STM.STM<Admission> =>
    atomically(() => {
      const asked = Array.from(new Set(keys), (key) => entries.entry(key, now))
      return STM.flatMap(
        STM.forEach(asked, (entry) => STM.map(entry.proposeTx(now), (proposal) => ({ entry, proposal }))),
        (proposals): STM.STM<Admission> => {
          const permits: Array<Permit> = []
          for (const { entry, proposal } of proposals) {
            if (proposal.decision._tag === "Rejected") {
              // A slow start remembers whom it has rejected: without that it would go on to.
              const error = toError(entry.key, proposal.decision, now, proposal.openedBy)
              return STM.as(proposal.write, { _tag: "Rejected", error } satisfies Admission)
            }
            permits.push(toPermit(entry, proposal.decision.permit))
          }
          return STM.as(
            STM.forEach(proposals, ({ proposal }) => proposal.write, { discard: true }),
            { _tag: "Admitted", permits } satisfies Admission
          )
        }
      )
    }),
  settle: (
    permits: ReadonlyArray<Permit>,
    outcome: Outcome.Outcome,
    now: number,
    failedBefore = 0,
    startedAt?: number
  ): STM.STM<void> =>
    atomically(() =>
      STM.forEach(
        permits,
        ({ [entryOf]: { entry, permit } }) => entry.settleTx({ permit, outcome, failedBefore, startedAt }, now),
        { discard: true }
      )
    ),
  // A part of another transaction is committed with that one only.
  commit: <A, E, R>(transaction: STM.STM<A, E, R>): Effect.Effect<A, E, Outside<R>> =>
    partOf(transaction, (own) => entries.announce(own))
})

export const toPermit = (entry: Entry, permit: Circuit.Permit): Permit => ({
  key: entry.key,
  generation: permit.generation,
  probe: permit.probe > 0,
  [entryOf]: { entry, permit }
})

/** Restores all circuits of a snapshot, or none. */
export const restore = (
  entries: BreakerEntries,
  snapshot: unknown,
  clock: Clock
): Effect.Effect<void, InvalidSnapshot> =>
  Effect.suspend(() => {
    if (typeof snapshot !== "object" || snapshot === null) {
      return Effect.fail(new InvalidSnapshot({ field: "snapshot", rule: "an object with version and circuits" }))
    }
    const version: unknown = Reflect.get(snapshot, "version")
    if (version !== 1) return Effect.fail(new InvalidSnapshot({ field: "version", rule: `1, got ${String(version)}` }))
    const circuits: unknown = Reflect.get(snapshot, "circuits")
    if (typeof circuits !== "object" || circuits === null) {
      return Effect.fail(new InvalidSnapshot({ field: "circuits", rule: "an object of snapshots by key" }))
    }
    const wrong = entries.restore(Object.entries(circuits), clock)
    return wrong === undefined
      ? Effect.void
      : Effect.fail(new InvalidSnapshot({ key: wrong.key, field: wrong.invalid.field, rule: wrong.invalid.rule }))
  })
