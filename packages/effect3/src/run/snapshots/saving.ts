import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import { type CircuitSnapshot, InvalidOption } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as CircuitBreaker from "../services/CircuitBreaker.ts"
import type { InvalidSnapshot } from "../../InvalidSnapshot.ts"
import * as SnapshotRecord from "../../SnapshotRecord.ts"
import { SnapshotNotSaved } from "../../SnapshotNotSaved.ts"
import { boundedThroughout } from "../../platform/Bounded.ts"
import { textAt } from "../../platform/KeyValue.ts"
import { millis, positiveDuration } from "../settings/options.ts"

/**
 * Options of the service. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The name under which the record is stored, in two places, `<key>.a` and `<key>.b`. One process, one key. Default: `"circuits"`. */
  readonly key?: string | undefined
  /** How often what has changed is saved, beside transitions. Default: 10 seconds. */
  readonly every?: Duration.DurationInput | undefined
  /** The least time between two saves that transitions ask for; the first is saved at once. Default: 100 millis. */
  readonly coalesce?: Duration.DurationInput | undefined
  /** How long the store may take to read or to write before it counts as failed. Default: 5 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** An older record is not restored. Default: 1 day. */
  readonly maxAge?: Duration.DurationInput | undefined
}

/**
 * What came of restoring: the keys restored from a record that was `age` old, with those that started clean because their data was
 * invalid; or nothing, with the reason.
 *
 * `absent`: nothing is stored; `corrupt`: what is stored is no record; `newer`: it is one of a newer release; `expired`: it is older than
 * `maxAge`; `unreadable`: the store failed or was too slow.
 *
 * @category models
 * @since 0.1.0
 */
export type Restored =
  | {
      readonly _tag: "Restored"
      readonly age: Duration.Duration
      readonly keys: ReadonlyArray<string>
      readonly invalid: ReadonlyArray<InvalidSnapshot>
    }
  | { readonly _tag: "Clean"; readonly reason: "absent" | "corrupt" | "newer" | "expired" | "unreadable" }

export interface Settings {
  readonly key: string
  readonly everyMillis: number
  readonly coalesceMillis: number
  readonly timeoutMillis: number
  readonly maxAgeMillis: number
}

export const settings = (options: Options): Settings => {
  const { key = "circuits" } = options
  if (key === "") throw new InvalidOption.InvalidOption("Snapshots", "key", "a name that is not empty", key)
  const positive = (name: "every" | "timeout" | "maxAge", fallback: Duration.DurationInput) =>
    positiveDuration("Snapshots", name, options[name], fallback)
  return {
    key,
    everyMillis: positive("every", "10 seconds"),
    coalesceMillis: millis("Snapshots", "coalesce", options.coalesce) ?? 100,
    timeoutMillis: positive("timeout", "5 seconds"),
    maxAgeMillis: positive("maxAge", "1 day")
  }
}

/**
 * A write that is cut off leaves its place broken, since a store need not be atomic (a file is not): so there are two, written in turn,
 * and the newest that can be read counts.
 */
type Place = "a" | "b"

type Found = { readonly place: Place; readonly reading: SnapshotRecord.Reading | Absent | Unreadable }
type Absent = { readonly _tag: "Absent" }
type Unreadable = { readonly _tag: "Unreadable"; readonly reason: SnapshotNotSaved["reason"]; readonly detail: string }

export const make = (
  breaker: CircuitBreaker.Service,
  store: KeyValueStore.KeyValueStore,
  { key, maxAgeMillis, timeoutMillis }: Settings
) =>
  Effect.map(Effect.makeSemaphore(1), (turn) => {
    // Where the next record goes, once it is known that nothing is lost there.
    let next: { readonly place: Place; readonly sequence: number } | "newer" | undefined
    let saved: CircuitBreaker.Snapshot = { version: 1, circuits: {} }
    let trouble: SnapshotNotSaved["reason"] | undefined

    let isOutstanding = false

    /**
     * Not longer than the timeout, even where the store cannot be interrupted; and not cut off when this fiber is interrupted. What is cut
     * off may go on in the store, a thread of the process each: until it has ended nothing else is asked.
     */
    const inTime = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, SnapshotNotSaved> =>
      Effect.suspend(() => {
        if (isOutstanding) return Effect.fail(notSaved("timeout", "the store has not ended what it was asked before"))
        isOutstanding = true
        const ended = Effect.sync(() => (isOutstanding = false))
        return boundedThroughout(
          Effect.mapError(Effect.sandbox(Effect.ensuring(self, ended)), (cause) => notSaved("store", told(cause))),
          timeoutMillis,
          tooSlow
        )
      })
    const tooSlow = Effect.suspend(() =>
      Effect.fail(notSaved("timeout", `the store took longer than ${Duration.format(Duration.millis(timeoutMillis))}`))
    )
    const notSaved = (reason: SnapshotNotSaved["reason"], detail: string) =>
      new SnapshotNotSaved({ key, reason, detail })

    const look = (place: Place): Effect.Effect<Found> =>
      Effect.match(inTime(Effect.suspend(() => textAt(store, `${key}.${place}`))), {
        onFailure: ({ detail, reason }): Found => ({ place, reading: { _tag: "Unreadable", reason, detail } }),
        onSuccess: (text) => ({
          place,
          reading: text === undefined ? { _tag: "Absent" } : SnapshotRecord.read(text)
        })
      })
    // A store that took too long for one place is not waited for again.
    const looked: Effect.Effect<ReadonlyArray<Found>> = Effect.flatMap(look("a"), (first) =>
      first.reading._tag === "Unreadable" && first.reading.reason === "timeout"
        ? Effect.succeed([first, { ...first, place: "b" }])
        : Effect.map(look("b"), (second) => [first, second])
    )
    /** Looks at both places, and learns where to write. */
    const survey = Effect.map(looked, (found) => {
      const newest = latest(found)
      if (found.some(({ reading }) => reading._tag === "Newer")) next = "newer"
      else if (found.some(({ reading }) => reading._tag === "Unreadable")) next = undefined
      else if (newest === undefined) next = { place: "a", sequence: 0 }
      else next = after(newest.place, newest.record.sequence)
      return { found, newest }
    })

    const warn = ({ place, reading }: Found): Effect.Effect<void> => {
      const name = `${key}.${place}`
      switch (reading._tag) {
        case "Read":
        case "Absent":
          return Effect.void
        case "Corrupt":
          return Effect.logWarning(`stored circuits ${name} are corrupt: ${reading.field}: ${reading.rule}`)
        case "Newer":
          return Effect.logWarning(
            `stored circuits ${name} are of version ${reading.version}, and this release reads version ${SnapshotRecord.version}: they are left as they are, and nothing is saved until they are removed or another key is used`
          )
        case "Unreadable":
          return Effect.logWarning(`stored circuits ${name} could not be read: ${reading.detail}`)
      }
    }

    /** One by one: an invalid circuit does not take the others with it. */
    const restore = ({ circuits, savedAt }: SnapshotRecord.SnapshotRecord): Effect.Effect<Restored> =>
      Effect.gen(function* () {
        // The wall clock can have been set back in between: nothing is younger than now.
        const age = Math.max(0, (yield* Clock.currentTimeMillis) - DateTime.toEpochMillis(savedAt))
        if (age > maxAgeMillis) {
          yield* Effect.logWarning(
            `stored circuits ${key} are ${Duration.format(Duration.millis(age))} old, more than ${Duration.format(Duration.millis(maxAgeMillis))}: all circuits start clean`
          )
          return { _tag: "Clean", reason: "expired" }
        }
        const keys: Array<string> = []
        const invalid: Array<InvalidSnapshot> = []
        for (const [name, circuit] of Object.entries(circuits)) {
          const one = { version: 1, circuits: { [name]: circuit } }
          const error = yield* Effect.flip(breaker.restore(one, { elapsed: age })).pipe(Effect.option)
          if (Option.isNone(error)) keys.push(name)
          else {
            invalid.push(error.value)
            yield* Effect.logWarning(`${error.value.message}; the circuit starts clean`).pipe(
              Effect.annotateLogs("truce.key", name)
            )
          }
        }
        saved = yield* breaker.snapshot
        return { _tag: "Restored", age: Duration.millis(age), keys, invalid }
      })
    const load: Effect.Effect<Restored> = turn.withPermits(1)(
      Effect.gen(function* () {
        const { found, newest } = yield* survey
        yield* Effect.forEach(found, warn, { discard: true })
        if (next === "newer") trouble = "newer"
        if (newest !== undefined) return yield* restore(newest.record)
        const reason = worst(found)
        if (reason !== "absent")
          yield* Effect.logWarning(`no circuit was restored from ${key}: all circuits start clean`)
        return { _tag: "Clean", reason }
      })
    )

    const write = (snapshot: CircuitBreaker.Snapshot): Effect.Effect<void, SnapshotNotSaved> =>
      Effect.gen(function* () {
        // The newer record may have been removed since.
        if (next === undefined || next === "newer") yield* survey
        if (next === undefined) return yield* notSaved("store", "what is stored could not be read")
        if (next === "newer") return yield* notSaved("newer", "a record of a newer release is stored there")
        const { place, sequence } = next
        const text = SnapshotRecord.write({
          version: SnapshotRecord.version,
          sequence,
          savedAt: yield* DateTime.now,
          circuits: snapshot.circuits
        })
        yield* inTime(Effect.suspend(() => store.set(`${key}.${place}`, text)))
        saved = snapshot
        next = after(place, sequence)
      }).pipe(Effect.onExit(report), Effect.uninterruptible)
    /** Told once when it begins to fail or to hang, and once when it works again. */
    const report = (exit: Exit.Exit<void, SnapshotNotSaved>): Effect.Effect<void> => {
      const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
      const before = trouble
      trouble = error?.reason
      if (trouble === before) return Effect.void
      return error === undefined
        ? Effect.logInfo(`circuits are saved to ${key} again`)
        : Effect.logWarning(`${error.message}; calls go on, and it is tried again`)
    }
    const save = turn.withPermits(1)(Effect.flatMap(breaker.snapshot, write))
    const saveChanged: Effect.Effect<void> = turn.withPermits(1)(
      Effect.flatMap(breaker.snapshot, (snapshot) =>
        same(saved, snapshot) ? Effect.void : Effect.ignore(write(snapshot))
      )
    )
    return { load, save, saveChanged }
  })

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

const worst = (found: ReadonlyArray<Found>): "absent" | "corrupt" | "newer" | "unreadable" => {
  const is = (tag: Found["reading"]["_tag"]) => found.some(({ reading }) => reading._tag === tag)
  if (is("Newer")) return "newer"
  if (is("Unreadable")) return "unreadable"
  return is("Corrupt") ? "corrupt" : "absent"
}

const told = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Whether there is nothing to save: a circuit is immutable, and its parts are the same objects until they change. */
const same = (before: CircuitBreaker.Snapshot, after: CircuitBreaker.Snapshot): boolean => {
  const keys = Object.keys(after.circuits)
  if (keys.length !== Object.keys(before.circuits).length) return false
  return keys.every((key) => {
    const [left, right] = [own(before, key), own(after, key)]
    return left !== undefined && right !== undefined && sameCircuit(left, right)
  })
}

const own = ({ circuits }: CircuitBreaker.Snapshot, key: string): CircuitSnapshot.Snapshot | undefined =>
  Object.hasOwn(circuits, key) ? circuits[key] : undefined

const sameCircuit = (left: CircuitSnapshot.Snapshot, right: CircuitSnapshot.Snapshot): boolean =>
  left.mode === right.mode &&
  left.state === right.state &&
  left.traffic === right.traffic &&
  left.openings === right.openings &&
  left.generation === right.generation &&
  JSON.stringify(left.health) === JSON.stringify(right.health)
