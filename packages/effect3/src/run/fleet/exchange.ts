import { Fleet } from "@truce/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import { FleetStoreFailed, type Reason, type Service as Store } from "../../FleetStore.ts"
import { bounded } from "../../platform/Bounded.ts"
import type { UncertainWrite, FleetEntry, FleetPolicy, Shared } from "./FleetEntry.ts"
import type { Settings } from "./options.ts"
import { StoreTime } from "./time.ts"
import { now } from "../../platform/Monotonic.ts"

/** What is stored under a key is of another version or model: it is not ours to judge. */
export interface Foreign {
  readonly _tag: "Foreign"
}

/**
 * What keeps the store from serving, and who found out. A store may serve some keys and not others, or read and not write: it serves again
 * when it does for that key what it did not do.
 */
interface Trouble {
  readonly reason: Reason
  readonly entry: FleetEntry
  readonly isOfWrites: boolean
}

/** A change of the shared judgement, and what comes of it; the same reference where there is none. */
export type Step<A> = (rules: FleetPolicy, shared: Shared, storeNow: number) => readonly [Shared, A]

export type Exchange = ReturnType<typeof make>

/** A key on which everybody writes at once gives way after some tries: what was to be told waits for the next flush. */
const tries = 64

/** Talks to the store for all keys: whether it serves, what its time is, and what it holds. */
export const make = (store: Store, { instance, timeoutMillis, ttlMillis }: Settings) => {
  const time = new StoreTime()
  let writes = 0
  /** No two writes are the same text, though two processes may come to the same judgement: a swap that is refused is somebody else's. */
  const signed = (record: string): string => `${record.slice(0, -1)},"by":${JSON.stringify(`${instance}/${++writes}`)}}`
  let trouble: Trouble | undefined
  const condition = (): "up" | Reason => trouble?.reason ?? "up"

  const failed = (entry: FleetEntry, isWrite: boolean, error: FleetStoreFailed): Effect.Effect<void> =>
    Effect.suspend(() => {
      const { reason } = error
      if (reason === trouble?.reason) return Effect.void
      trouble = { reason, entry, isOfWrites: isWrite && reason !== "down" && reason !== "slow" }
      const line = `${error.message}; calls go on by what this process sees alone, and it is tried again`
      return Effect.annotateLogs(Effect.logWarning(line), "truce.fleet.condition", reason)
    })
  const served = (entry: FleetEntry, hasWritten: boolean): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (trouble === undefined) return Effect.void
      if (trouble.isOfWrites && !hasWritten) return Effect.void
      if (trouble.entry !== entry && isTried(trouble.entry)) return Effect.void
      trouble = undefined
      const line = "the store serves again: what this process sees is shared"
      return Effect.annotateLogs(Effect.logInfo(line), "truce.fleet.condition", "up")
    })
  /** Not longer than the timeout, even where the store cannot be interrupted; what it says measures its clock. */
  const asked = <A extends { readonly now: number }>(
    entry: FleetEntry,
    self: () => Effect.Effect<A, FleetStoreFailed>,
    hasWritten?: (answer: A) => boolean
  ): Effect.Effect<A, FleetStoreFailed> =>
    Effect.flatMap(now, (askedAt) =>
      bounded(
        Effect.suspend(self),
        timeoutMillis,
        Effect.suspend(() => Effect.fail(slow(timeoutMillis)))
      ).pipe(
        // Who flushes and who listens must outlive a store that does not keep to its type.
        Effect.catchAllDefect((defect) => Effect.fail(broken(defect))),
        Effect.tapError((error) => failed(entry, hasWritten !== undefined, error)),
        Effect.tap((answer) =>
          Effect.flatMap(now, (answeredAt) => {
            time.heard(askedAt, answeredAt, answer.now)
            return served(entry, hasWritten?.(answer) === true)
          })
        )
      )
    )
  const learn = (
    entry: FleetEntry,
    rules: FleetPolicy,
    text: string | undefined,
    doubts: ReadonlyArray<UncertainWrite>
  ): Effect.Effect<void, Foreign> => Effect.flatMap(now, (at) => learnAt(entry, rules, text, doubts, time.at(at)))
  const learnAt = (
    entry: FleetEntry,
    rules: FleetPolicy,
    text: string | undefined,
    doubts: ReadonlyArray<UncertainWrite>,
    storeNow: number
  ): Effect.Effect<void, Foreign> => {
    const decoded = text === undefined ? undefined : Fleet.decode(rules, text, storeNow)
    if (decoded === undefined || decoded._tag === "Decoded") {
      entry.fault = undefined
      return entry.learn(rules, text, decoded?.shared, time.offset, doubts)
    }
    const isForeign = decoded.field === "v" || decoded.field === "circuit.model"
    const fault = `${decoded.field} must be ${decoded.rule}`
    const isTold = entry.fault === fault
    entry.fault = fault
    const warning = `what the fleet has stored of ${entry.entry.key} is ${
      isForeign ? "left as it is, and the key is judged by this process alone" : "garbage, and is replaced"
    }: ${fault}`
    return entry.learn(rules, text, undefined, time.offset, doubts).pipe(
      Effect.zipRight(
        isTold ? Effect.void : Effect.annotateLogs(Effect.logWarning(warning), "truce.key", entry.entry.key)
      ),
      Effect.zipRight(
        Effect.suspend(() => {
          if (!isForeign) return Effect.void
          // It is looked at anew each time, and never taken for something to replace.
          entry.forget()
          return Effect.fail<Foreign>({ _tag: "Foreign" })
        })
      )
    )
  }
  const look = (entry: FleetEntry, rules: FleetPolicy): Effect.Effect<void, FleetStoreFailed | Foreign> =>
    Effect.suspend(() => {
      const { doubts } = entry
      return Effect.flatMap(
        Effect.mapError(
          asked(entry, () => store.read(entry.entry.key)),
          // Nothing was to be done: what was to be told with it is told later.
          ({ detail, reason }) => new FleetStoreFailed({ reason, isInDoubt: false, detail })
        ),
        ({ text }) => learn(entry, rules, text, doubts)
      )
    })
  const swap = (
    entry: FleetEntry,
    rules: FleetPolicy,
    [before, after]: readonly [Shared, Shared],
    storeNow: number,
    inDoubt: (isDone: boolean | undefined) => void
  ): Effect.Effect<boolean, FleetStoreFailed | Foreign> => {
    const { doubts, text: expected } = entry
    const text = signed(Fleet.encode(rules, after, storeNow))
    const isNews = after.circuit.generation !== before.circuit.generation
    const doubted = () => {
      entry.forget()
      entry.doubts = [...entry.doubts, { expected, text, settle: inDoubt }]
    }
    return asked(
      entry,
      () => store.swap({ key: entry.entry.key, expected, text, ttlMillis, isNews }),
      ({ isSwapped }) => isSwapped
    ).pipe(
      Effect.tapError(({ isInDoubt }) => Effect.sync(() => (isInDoubt ? doubted() : entry.forget()))),
      Effect.onInterrupt(() => Effect.sync(doubted)),
      Effect.flatMap((swapped) =>
        // A client that sends it again after a lost connection is refused the second time.
        swapped.isSwapped || swapped.text === text
          ? Effect.as(entry.learn(rules, text, after, time.offset, doubts), true)
          : Effect.as(learn(entry, rules, swapped.text, doubts), false)
      )
    )
  }
  return {
    look,
    condition,
    /** What is asked until the store serves, where it is known what it does not serve. */
    tried: () => (trouble !== undefined && isTried(trouble.entry) ? trouble.entry : undefined),
    /** Whether only a write can show that the store serves again. */
    mustWrite: () => trouble?.isOfWrites === true,
    storeTime: (at: number) => time.at(at),
    offset: () => time.offset,
    /**
     * Puts what `step` makes of the shared judgement in its place: decided on what was last seen, and again on what is there if that is
     * something else. Where it changes nothing, that is said of what is there now. `inDoubt` is called when it is known whether a write
     * that failed was done all the same, with `undefined` where that cannot be known.
     */
    update: <A>(
      entry: FleetEntry,
      rules: FleetPolicy,
      step: Step<A>,
      inDoubt: (isDone: boolean | undefined, result: A) => void
    ): Effect.Effect<A, FleetStoreFailed | Foreign> =>
      Effect.gen(function* () {
        let isFresh = false
        for (let attempt = 0; attempt < tries; attempt++) {
          if (!entry.isSeen) {
            yield* look(entry, rules)
            isFresh = true
          }
          const storeNow = time.at(yield* now)
          const before = entry.shared ?? Fleet.empty(rules, Hash.string(entry.entry.key), storeNow)
          const [after, result] = step(rules, before, storeNow)
          if (after === before) {
            if (isFresh) return result
            entry.forget()
          } else {
            const settle = (isDone: boolean | undefined) => inDoubt(isDone, result)
            if (yield* swap(entry, rules, [before, after], storeNow, settle)) return result
            isFresh = true
          }
        }
        entry.forget()
        return yield* new FleetStoreFailed({ reason: "slow", isInDoubt: false, detail: "too many write one key" })
      })
  }
}

const broken = (defect: unknown) => new FleetStoreFailed({ reason: "garbage", isInDoubt: true, detail: String(defect) })

const isTried = ({ fault, hasLeft, rules }: FleetEntry): boolean =>
  !hasLeft && rules !== undefined && fault === undefined

const slow = (millis: number) =>
  new FleetStoreFailed({
    reason: "slow",
    isInDoubt: true,
    detail: `it took longer than ${Duration.format(Duration.millis(millis))}`
  })
