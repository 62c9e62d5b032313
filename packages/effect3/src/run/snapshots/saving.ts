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
import type { SnapshotNotSaved } from "../../SnapshotNotSaved.ts"
import { type Found, Places, worst } from "./Places.ts"
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

export const make = (
  breaker: CircuitBreaker.Service,
  store: KeyValueStore.KeyValueStore,
  { key, maxAgeMillis, timeoutMillis }: Settings
) =>
  Effect.map(Effect.makeSemaphore(1), (turn) => {
    const places = new Places(store, key, timeoutMillis)
    let saved: CircuitBreaker.Snapshot = { version: 1, circuits: {} }
    let trouble: SnapshotNotSaved["reason"] | undefined
    const load: Effect.Effect<Restored> = turn.withPermits(1)(
      Effect.gen(function* () {
        const { found, newest } = yield* places.survey
        yield* Effect.forEach(found, (one) => warned(key, one), { discard: true })
        if (places.isNewer) trouble = "newer"
        if (newest !== undefined) {
          const restored = yield* restoring(breaker, newest.record, key, maxAgeMillis)
          if (restored._tag === "Restored") saved = yield* breaker.snapshot
          return restored
        }
        const reason = worst(found)
        if (reason !== "absent")
          yield* Effect.logWarning(`no circuit was restored from ${key}: all circuits start clean`)
        return { _tag: "Clean", reason }
      })
    )
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
    const write = (snapshot: CircuitBreaker.Snapshot): Effect.Effect<void, SnapshotNotSaved> =>
      Effect.map(places.write(snapshot.circuits), () => {
        saved = snapshot
      }).pipe(Effect.onExit(report), Effect.uninterruptible)
    const save = turn.withPermits(1)(Effect.flatMap(breaker.snapshot, write))
    const saveChanged: Effect.Effect<void> = turn.withPermits(1)(
      Effect.flatMap(breaker.snapshot, (snapshot) =>
        same(saved, snapshot) ? Effect.void : Effect.ignore(write(snapshot))
      )
    )
    return { load, save, saveChanged }
  })

/** Tells of what is stored and could not be read. */
const warned = (key: string, { place, reading }: Found): Effect.Effect<void> => {
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
const restoring = (
  breaker: CircuitBreaker.Service,
  { circuits, savedAt }: SnapshotRecord.SnapshotRecord,
  key: string,
  maxAgeMillis: number
): Effect.Effect<Restored> =>
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
    return { _tag: "Restored", age: Duration.millis(age), keys, invalid }
  })

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
