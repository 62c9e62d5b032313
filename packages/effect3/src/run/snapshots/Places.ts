import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { SnapshotNotSaved } from "../../SnapshotNotSaved.ts"
import * as SnapshotRecord from "../../SnapshotRecord.ts"
import { boundedThroughout } from "../../platform/Bounded.ts"
import { textAt } from "../../platform/KeyValue.ts"

/**
 * A write that is cut off leaves its place broken, since a store need not be atomic (a file is not): so there are two, written in turn,
 * and the newest that can be read counts.
 */
type Place = "a" | "b"

export type Found = { readonly place: Place; readonly reading: SnapshotRecord.Reading | Absent | Unreadable }
type Absent = { readonly _tag: "Absent" }
type Unreadable = { readonly _tag: "Unreadable"; readonly reason: SnapshotNotSaved["reason"]; readonly detail: string }

export class Places {
  private readonly store: KeyValueStore.KeyValueStore
  private readonly key: string
  private readonly timeoutMillis: number
  /** Where the next record goes, once it is known that nothing is lost there. */
  private next: { readonly place: Place; readonly sequence: number } | "newer" | undefined
  private isOutstanding = false

  constructor(store: KeyValueStore.KeyValueStore, key: string, timeoutMillis: number) {
    this.store = store
    this.key = key
    this.timeoutMillis = timeoutMillis
  }

  /** Whether a record of a newer release is stored, which is left alone. */
  get isNewer(): boolean {
    return this.next === "newer"
  }

  /** Looks at both places, and learns where to write. */
  readonly survey = Effect.suspend(() =>
    Effect.map(this.looked, (found) => {
      const newest = latest(found)
      if (found.some(({ reading }) => reading._tag === "Newer")) this.next = "newer"
      else if (found.some(({ reading }) => reading._tag === "Unreadable")) this.next = undefined
      else if (newest === undefined) this.next = { place: "a", sequence: 0 }
      else this.next = after(newest.place, newest.record.sequence)
      return { found, newest }
    })
  )

  /** Writes where nothing is lost. */
  write(circuits: SnapshotRecord.SnapshotRecord["circuits"]): Effect.Effect<void, SnapshotNotSaved> {
    // The newer record may have been removed since.
    const placed = Effect.suspend(() => (typeof this.next === "object" ? Effect.void : this.survey))
    return Effect.flatMap(placed, (): Effect.Effect<void, SnapshotNotSaved> => {
      const { next } = this
      if (next === undefined) return Effect.fail(this.notSaved("store", "what is stored could not be read"))
      if (next === "newer") {
        return Effect.fail(this.notSaved("newer", "a record of a newer release is stored there"))
      }
      return Effect.flatMap(DateTime.now, (savedAt) => {
        const { version } = SnapshotRecord
        const text = SnapshotRecord.write({ version, sequence: next.sequence, savedAt, circuits })
        return Effect.map(this.inTime(Effect.suspend(() => this.store.set(`${this.key}.${next.place}`, text))), () => {
          this.next = after(next.place, next.sequence)
        })
      })
    })
  }

  private look(place: Place): Effect.Effect<Found> {
    return Effect.match(this.inTime(Effect.suspend(() => textAt(this.store, `${this.key}.${place}`))), {
      onFailure: ({ detail, reason }): Found => ({ place, reading: { _tag: "Unreadable", reason, detail } }),
      onSuccess: (text) => ({
        place,
        reading: text === undefined ? { _tag: "Absent" } : SnapshotRecord.read(text)
      })
    })
  }

  /** A store that took too long for one place is not waited for again. */
  private get looked(): Effect.Effect<ReadonlyArray<Found>> {
    return Effect.flatMap(this.look("a"), (first) =>
      first.reading._tag === "Unreadable" && first.reading.reason === "timeout"
        ? Effect.succeed([first, { ...first, place: "b" }])
        : Effect.map(this.look("b"), (second) => [first, second])
    )
  }

  /**
   * Not longer than the timeout, even where the store cannot be interrupted; and not cut off when this fiber is interrupted. What is cut
   * off may go on in the store, a thread of the process each: until it has ended nothing else is asked.
   */
  private inTime<A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, SnapshotNotSaved> {
    return Effect.suspend(() => {
      if (this.isOutstanding) {
        return Effect.fail(this.notSaved("timeout", "the store has not ended what it was asked before"))
      }
      this.isOutstanding = true
      const ended = Effect.sync(() => (this.isOutstanding = false))
      const { timeoutMillis } = this
      return boundedThroughout(
        Effect.mapError(Effect.sandbox(Effect.ensuring(self, ended)), (cause) => this.notSaved("store", told(cause))),
        timeoutMillis,
        Effect.suspend(() => {
          const limit = Duration.format(Duration.millis(timeoutMillis))
          return Effect.fail(this.notSaved("timeout", `the store took longer than ${limit}`))
        })
      )
    })
  }

  private notSaved(reason: SnapshotNotSaved["reason"], detail: string): SnapshotNotSaved {
    return new SnapshotNotSaved({ key: this.key, reason, detail })
  }
}

const after = (place: Place, sequence: number) =>
  ({ place: place === "a" ? "b" : "a", sequence: sequence + 1 }) as const

const latest = (found: ReadonlyArray<Found>) => {
  let newest: { readonly place: Place; readonly record: SnapshotRecord.SnapshotRecord } | undefined
  for (const { place, reading } of found) {
    if (reading._tag !== "Read") continue
    if (newest === undefined || reading.record.sequence > newest.record.sequence)
      newest = { place, record: reading.record }
  }
  return newest
}

/** What the two places come to where nothing could be restored. */
export const worst = (found: ReadonlyArray<Found>): "absent" | "corrupt" | "newer" | "unreadable" => {
  const is = (tag: Found["reading"]["_tag"]) => found.some(({ reading }) => reading._tag === tag)
  if (is("Newer")) return "newer"
  if (is("Unreadable")) return "unreadable"
  return is("Corrupt") ? "corrupt" : "absent"
}

const told = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}
