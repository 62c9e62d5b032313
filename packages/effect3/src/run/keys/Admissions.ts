import type { EventLog } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { woken } from "../../platform/Fibers.ts"
import * as Race from "../../platform/Race.ts"
import { isComposed, isComposing } from "../../platform/Ref.ts"
import type { Entry } from "./Entry.ts"
import { now, nowOf } from "../../platform/Monotonic.ts"
import { type Ticket, Waiters } from "./Waiters.ts"
import type { BreakerEntries } from "./Registry.ts"

/** The entries of a breaker, and waiting for them. */
export interface Admissions extends BreakerEntries {
  readonly log: EventLog.EventLog
  /** The entry of a key to read, if there is one; in a transaction there is: it sees, and waits for, what others make of a new key. */
  readonly toRead: (key: string) => Effect.Effect<{ readonly at: number; readonly entry: Entry | undefined }>
  /** Ends when attempts are rejected: retrying has become pointless. */
  readonly awaitRejecting: (entry: Entry) => Effect.Effect<void>
  readonly awaitClosed: (entry: Entry) => Effect.Effect<void>
  /** Whether an admission becomes possible within the time; returns as soon as either is known. */
  readonly awaitAdmission: (entry: Entry, withinMillis: number, turn: Ticket) => Effect.Effect<boolean>
  /** Waits for the point of a ramp that a rejection named, or for a change; whether it comes within the time. */
  readonly awaitRamp: (entry: Entry, forMillis: number, withinMillis: number) => Effect.Effect<boolean>
  /** Ends a turn, whatever came of it, and calls the next one if a permit is free: whoever waited for an admission must. */
  readonly decided: (key: string, turn: Ticket, at: number) => void
}

export const make = (guard: BreakerEntries, scope: Scope.Scope, log: EventLog.EventLog): Admissions => {
  // When each open time or lease that somebody waits for ends: one timer for all who wait, none without.
  const timers = new WeakMap<Entry, Set<number>>()
  let isReleased = false
  const arm = (entry: Entry, until: number, at: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const set = timers.get(entry) ?? new Set()
      if (until === Infinity || set.has(until)) return Effect.void
      timers.set(entry, set.add(until))
      return Effect.map(Effect.forkIn(Effect.interruptible(Effect.sleep(until - at)), scope), (timer) =>
        timer.addObserver((exit) => {
          // Only the end of the scope interrupts a timer: nobody will be called any more.
          if (Exit.isFailure(exit)) isReleased = true
          set.delete(until)
          entry.wake()
        })
      )
    })
  /**
   * Calls back at the next change of the entry, or at once where the one looked at is out of date: asked and registered in one step, so
   * that no change falls between.
   */
  const change = (
    entry: Entry,
    isCurrent: () => boolean,
    waiting?: { readonly turn: Ticket; readonly at: number }
  ): Effect.Effect<void> =>
    Effect.async((resume) => {
      const called = () => resume(woken)
      if (guard.known(entry.key) !== entry || !isCurrent()) return called()
      if (waiting === undefined) return Effect.sync(entry.onChange(called))
      const { at, turn } = waiting
      return entry.claim(turn, at) ? called() : Effect.sync(entry.onTurn(turn, called))
    })
  /** The entry there is now: a restored snapshot puts another one in the place of `entry`. */
  const present = <A>({ key }: Entry, look: (entry: Entry, at: number) => Effect.Effect<A>): Effect.Effect<A> =>
    Effect.flatMap(now, (at) => look(guard.entry(key, at), at))
  const until = (watched: Entry, met: (entry: Entry, at: number) => boolean): Effect.Effect<void> =>
    present(watched, (entry, at) =>
      met(entry, at)
        ? Effect.void
        : Effect.zipRight(
            change(entry, () => !met(entry, at)),
            until(entry, met)
          )
    )
  const isCurrent = (entry: Entry, at: number, status: Entry["status"], next: number): boolean =>
    entry.status === status &&
    (status === "HalfOpen" || (entry.view(at).nextAdmission ?? Infinity) === next) &&
    (next === Infinity || timers.get(entry)?.has(next) === true)
  const decided = (key: string, turn: Ticket, at: number): void => {
    Waiters.decided(turn)
    guard.known(key)?.wakeNext(at)
  }
  // A transaction sees nothing of what others do meanwhile: for it only an open time can end.
  const awaitOpenTime = (entry: Entry, withinMillis: number): Effect.Effect<boolean> =>
    Effect.flatMap(now, (at) =>
      Effect.flatMap(entry.viewTx(at), ({ nextAdmission, status }) => {
        if (nextAdmission === undefined) return Effect.succeed(status !== "HalfOpen")
        const remaining = nextAdmission - at
        return remaining > withinMillis ? Effect.succeed(false) : Effect.as(Effect.sleep(remaining), true)
      })
    )
  const awaitAdmission = (watched: Entry, withinMillis: number, turn: Ticket): Effect.Effect<boolean> =>
    Effect.flatMap(isComposing, (composing) =>
      composing ? awaitOpenTime(watched, withinMillis) : awaitPermit(watched, withinMillis, turn)
    )
  const awaitPermit = (watched: Entry, withinMillis: number, turn: Ticket): Effect.Effect<boolean> =>
    present(watched, (entry, at) => {
      const { nextAdmission, status } = entry.view(at)
      // On a ramp each is told its own time when it asks.
      if (status === "Closed") return Effect.succeed(true)
      if (nextAdmission === undefined && (status !== "HalfOpen" || entry.claim(turn, at))) return Effect.succeed(true)
      decided(entry.key, turn, at)
      if (withinMillis <= 0 || isReleased) return Effect.succeed(false)
      const next = nextAdmission ?? Infinity
      const again = Effect.flatMap(now, (later) => awaitAdmission(entry, withinMillis - (later - at), turn))
      const changed = Effect.zipRight(
        arm(entry, next, at),
        change(entry, () => isCurrent(entry, at, status, next), { turn, at })
      )
      // An open time that outlasts the deadline is a stop, not a wait; a probe may give its permit back at any time.
      if (status !== "HalfOpen") {
        return next - at > withinMillis ? Effect.succeed(false) : Effect.zipRight(changed, again)
      }
      return Effect.flatMap(Race.isInTime(changed, withinMillis), (isChanged) =>
        isChanged ? again : Effect.succeed(false)
      )
    })
  return {
    ...guard,
    log,
    toRead: (key) =>
      Effect.withFiberRuntime((fiber) => {
        const at = nowOf(fiber)
        return Effect.succeed({ at, entry: guard.find(key) ?? (isComposed(fiber) ? guard.entry(key, at) : undefined) })
      }),
    // An open time that has ended rejects no more: the next attempt is a probe.
    awaitRejecting: (watched) =>
      until(watched, (entry, at) => entry.isRejecting && entry.view(at).nextAdmission !== undefined),
    awaitClosed: (watched) => until(watched, ({ status }) => status === "Closed" || status === "Disabled"),
    awaitAdmission,
    awaitRamp: (watched, forMillis, withinMillis) =>
      forMillis > withinMillis
        ? Effect.succeed(false)
        : present(watched, (entry) =>
            Effect.as(
              Race.first(
                Effect.sleep(forMillis),
                change(entry, () => entry.status === "Closed")
              ),
              true
            )
          ),
    decided
  }
}
