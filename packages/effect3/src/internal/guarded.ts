import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Cell } from "./Cell.ts"
import { now } from "./monotonic.ts"
import * as Race from "./race.ts"
import type { Guard } from "./Registry.ts"

/** The cells of a breaker, and waiting for them. */
export interface Guarded extends Guard {
  /** Ends when attempts are rejected: retrying has become pointless. */
  readonly awaitRejecting: (cell: Cell) => Effect.Effect<void>
  readonly awaitClosed: (cell: Cell) => Effect.Effect<void>
  /** Whether an admission becomes possible within the time; returns as soon as either is known. */
  readonly awaitAdmission: (cell: Cell, withinMillis: number) => Effect.Effect<boolean>
  /** Lets the next one ask who waits for a permit, if one is free: whoever was called and ends must, as it may not have taken it. */
  readonly passOn: (key: string) => Effect.Effect<void>
}

export const make = (guard: Guard, scope: Scope.Scope): Guarded => {
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
  const change = (cell: Cell, isCurrent: () => boolean, forPermit = false): Effect.Effect<void> =>
    Effect.async((resume) => {
      if (guard.known(cell.key) !== cell || !isCurrent()) return resume(Effect.void)
      const stop = cell.onChange(() => resume(Effect.void), forPermit)
      // A permit that has come free meanwhile is for whoever has waited longest.
      if (forPermit) cell.wakeNext()
      return Effect.sync(stop)
    })
  /** The cell there is now, up to date: a restored snapshot puts another one in the place of `cell`. */
  const present = <A>({ key }: Cell, look: (cell: Cell, at: number) => Effect.Effect<A>): Effect.Effect<A> =>
    Effect.flatMap(now, (at) => {
      const cell = guard.cell(key, at)
      return Effect.zipRight(
        cell.upToDate(),
        Effect.suspend(() => look(cell, at))
      )
    })
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
    (status === "HalfOpen" || cell.view(at).nextAdmission === next) &&
    (next === Infinity || timers.get(cell)?.has(next) === true)
  const awaitAdmission = (watched: Cell, withinMillis: number): Effect.Effect<boolean> =>
    present(watched, (cell, at) => {
      const { nextAdmission: next, status } = cell.view(at)
      if (next === undefined) return Effect.succeed(true)
      if (withinMillis <= 0 || isReleased) return Effect.succeed(false)
      const again = Effect.flatMap(now, (later) => awaitAdmission(cell, withinMillis - (later - at)))
      const changed = Effect.zipRight(
        arm(cell, next, at),
        change(cell, () => isCurrent(cell, at, status, next), true)
      )
      // An open time that outlasts the deadline is a stop, not a wait; a probe may give its permit back at any time.
      if (status !== "HalfOpen") {
        return next - at > withinMillis ? Effect.succeed(false) : Effect.zipRight(changed, again)
      }
      return Effect.flatMap(
        Race.first(Effect.as(changed, true), Effect.as(Effect.sleep(withinMillis), false)),
        (isChanged) => (isChanged ? again : Effect.succeed(false))
      )
    })
  return {
    ...guard,
    // An open time that has ended rejects no more: the next attempt is a probe.
    awaitRejecting: (watched) =>
      until(watched, (cell, at) => cell.isRejecting && cell.view(at).nextAdmission !== undefined),
    awaitClosed: (watched) => until(watched, ({ status }) => status === "Closed" || status === "Disabled"),
    awaitAdmission,
    passOn: (key) => Effect.sync(() => guard.known(key)?.wakeNext())
  }
}
