import type { EventLog } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { woken } from "../../platform/Fibers.ts"
import * as Race from "../../platform/Race.ts"
import { isComposed, isComposing } from "../../platform/Ref.ts"
import type { Cell } from "./Entry.ts"
import { now, nowOf } from "../../platform/Monotonic.ts"
import { type Turn, Waiting } from "./Waiters.ts"
import type { Guard } from "./Registry.ts"

/** The cells of a breaker, and waiting for them. */
export interface Guarded extends Guard {
  readonly log: EventLog.EventLog
  /** The cell of a key to read, if there is one; in a transaction there is: it sees, and waits for, what others make of a new key. */
  readonly toRead: (key: string) => Effect.Effect<{ readonly at: number; readonly cell: Cell | undefined }>
  /** Ends when attempts are rejected: retrying has become pointless. */
  readonly awaitRejecting: (cell: Cell) => Effect.Effect<void>
  readonly awaitClosed: (cell: Cell) => Effect.Effect<void>
  /** Whether an admission becomes possible within the time; returns as soon as either is known. */
  readonly awaitAdmission: (cell: Cell, withinMillis: number, turn: Turn) => Effect.Effect<boolean>
  /** Waits for the point of a ramp that a rejection named, or for a change; whether it comes within the time. */
  readonly awaitRamp: (cell: Cell, forMillis: number, withinMillis: number) => Effect.Effect<boolean>
  /** Ends a turn, whatever came of it, and calls the next one if a permit is free: whoever waited for an admission must. */
  readonly decided: (key: string, turn: Turn, at: number) => void
}

export const make = (guard: Guard, scope: Scope.Scope, log: EventLog.EventLog): Guarded => {
  // When each open time or lease that somebody waits for ends: one timer for all who wait, none without.
  const timers = new WeakMap<Cell, Set<number>>()
  let isReleased = false
  const arm = (cell: Cell, until: number, at: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const set = timers.get(cell) ?? new Set()
      if (until === Infinity || set.has(until)) return Effect.void
      timers.set(cell, set.add(until))
      return Effect.map(Effect.forkIn(Effect.interruptible(Effect.sleep(until - at)), scope), (timer) =>
        timer.addObserver((exit) => {
          // Only the end of the scope interrupts a timer: nobody will be called any more.
          if (Exit.isFailure(exit)) isReleased = true
          set.delete(until)
          cell.wake()
        })
      )
    })
  /**
   * Calls back at the next change of the cell, or at once where the one looked at is out of date: asked and registered in one step, so
   * that no change falls between.
   */
  const change = (
    cell: Cell,
    isCurrent: () => boolean,
    waiting?: { readonly turn: Turn; readonly at: number }
  ): Effect.Effect<void> =>
    Effect.async((resume) => {
      const called = () => resume(woken)
      if (guard.known(cell.key) !== cell || !isCurrent()) return called()
      if (waiting === undefined) return Effect.sync(cell.onChange(called))
      const { at, turn } = waiting
      return cell.claim(turn, at) ? called() : Effect.sync(cell.onTurn(turn, called))
    })
  /** The cell there is now: a restored snapshot puts another one in the place of `cell`. */
  const present = <A>({ key }: Cell, look: (cell: Cell, at: number) => Effect.Effect<A>): Effect.Effect<A> =>
    Effect.flatMap(now, (at) => look(guard.cell(key, at), at))
  const until = (watched: Cell, met: (cell: Cell, at: number) => boolean): Effect.Effect<void> =>
    present(watched, (cell, at) =>
      met(cell, at)
        ? Effect.void
        : Effect.zipRight(
            change(cell, () => !met(cell, at)),
            until(cell, met)
          )
    )
  const isCurrent = (cell: Cell, at: number, status: Cell["status"], next: number): boolean =>
    cell.status === status &&
    (status === "HalfOpen" || (cell.view(at).nextAdmission ?? Infinity) === next) &&
    (next === Infinity || timers.get(cell)?.has(next) === true)
  const decided = (key: string, turn: Turn, at: number): void => {
    Waiting.decided(turn)
    guard.known(key)?.wakeNext(at)
  }
  // A transaction sees nothing of what others do meanwhile: for it only an open time can end.
  const awaitOpenTime = (cell: Cell, withinMillis: number): Effect.Effect<boolean> =>
    Effect.flatMap(now, (at) =>
      Effect.flatMap(cell.viewTx(at), ({ nextAdmission, status }) => {
        if (nextAdmission === undefined) return Effect.succeed(status !== "HalfOpen")
        const remaining = nextAdmission - at
        return remaining > withinMillis ? Effect.succeed(false) : Effect.as(Effect.sleep(remaining), true)
      })
    )
  const awaitAdmission = (watched: Cell, withinMillis: number, turn: Turn): Effect.Effect<boolean> =>
    Effect.flatMap(isComposing, (composing) =>
      composing ? awaitOpenTime(watched, withinMillis) : awaitPermit(watched, withinMillis, turn)
    )
  const awaitPermit = (watched: Cell, withinMillis: number, turn: Turn): Effect.Effect<boolean> =>
    present(watched, (cell, at) => {
      const { nextAdmission, status } = cell.view(at)
      // On a ramp each is told its own time when it asks.
      if (status === "Closed") return Effect.succeed(true)
      if (nextAdmission === undefined && (status !== "HalfOpen" || cell.claim(turn, at))) return Effect.succeed(true)
      decided(cell.key, turn, at)
      if (withinMillis <= 0 || isReleased) return Effect.succeed(false)
      const next = nextAdmission ?? Infinity
      const again = Effect.flatMap(now, (later) => awaitAdmission(cell, withinMillis - (later - at), turn))
      const changed = Effect.zipRight(
        arm(cell, next, at),
        change(cell, () => isCurrent(cell, at, status, next), { turn, at })
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
        return Effect.succeed({ at, cell: guard.find(key) ?? (isComposed(fiber) ? guard.cell(key, at) : undefined) })
      }),
    // An open time that has ended rejects no more: the next attempt is a probe.
    awaitRejecting: (watched) =>
      until(watched, (cell, at) => cell.isRejecting && cell.view(at).nextAdmission !== undefined),
    awaitClosed: (watched) => until(watched, ({ status }) => status === "Closed" || status === "Disabled"),
    awaitAdmission,
    awaitRamp: (watched, forMillis, withinMillis) =>
      forMillis > withinMillis
        ? Effect.succeed(false)
        : present(watched, (cell) =>
            Effect.as(
              Race.first(
                Effect.sleep(forMillis),
                change(cell, () => cell.status === "Closed")
              ),
              true
            )
          ),
    decided
  }
}
