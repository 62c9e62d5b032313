import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Cell } from "./Cell.ts"
import { now } from "./monotonic.ts"
import type { Guard } from "./Registry.ts"

/** The cells of a breaker, and waiting for them. */
export interface Guarded extends Guard {
  /** Ends when attempts are rejected: retrying has become pointless. */
  readonly awaitRejecting: (cell: Cell) => Effect.Effect<void>
  readonly awaitClosed: (cell: Cell) => Effect.Effect<void>
  /** Whether an admission becomes possible within the time; returns as soon as either is known. */
  readonly awaitAdmission: (cell: Cell, withinMillis: number) => Effect.Effect<boolean>
}

export const make = (guard: Guard, scope: Scope.Scope): Guarded => {
  // When each open time or lease that somebody waits for ends: one timer for all who wait, none without.
  const timers = new WeakMap<Cell, number>()
  const arm = (cell: Cell, until: number, at: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (until === Infinity || timers.get(cell) === until) return Effect.void
      timers.set(cell, until)
      const ring = Effect.sync(() => {
        if (timers.get(cell) === until) timers.delete(cell)
        cell.wake()
      })
      return Effect.asVoid(Effect.forkIn(Effect.zipRight(Effect.sleep(until - at), ring), scope))
    })
  const awaitAdmission = (cell: Cell, withinMillis: number): Effect.Effect<boolean> =>
    Effect.flatMap(now, (at) => {
      const next = cell.view(at).nextAdmission
      if (next === undefined) return Effect.succeed(true)
      if (withinMillis <= 0) return Effect.succeed(false)
      const again = Effect.flatMap(now, (later) => awaitAdmission(cell, withinMillis - (later - at)))
      const changed = Effect.zipRight(arm(cell, next, at), change(cell))
      // An open time that outlasts the deadline is a stop, not a wait; a probe may give its permit back at any time.
      if (cell.status !== "HalfOpen") {
        return next - at > withinMillis ? Effect.succeed(false) : Effect.zipRight(changed, again)
      }
      return Effect.flatMap(
        Effect.raceFirst(Effect.as(changed, true), Effect.as(Effect.sleep(withinMillis), false)),
        (isChanged) => (isChanged ? again : Effect.succeed(false))
      )
    })
  return {
    ...guard,
    awaitRejecting: (cell) => until(cell, () => cell.isRejecting),
    awaitClosed: (cell) => until(cell, () => cell.status === "Closed" || cell.status === "Disabled"),
    awaitAdmission: (cell, withinMillis) => Effect.zipRight(cell.upToDate(), awaitAdmission(cell, withinMillis))
  }
}

const change = (cell: Cell): Effect.Effect<void> =>
  Effect.async((resume) => {
    const stop = cell.onChange(() => resume(Effect.void))
    return Effect.sync(stop)
  })

const until = (cell: Cell, met: () => boolean): Effect.Effect<void> =>
  Effect.zipRight(
    cell.upToDate(),
    Effect.async<void>((resume) => {
      // Asked and registered in one step, so that no change falls between.
      if (met()) return resume(Effect.void)
      const stop = cell.onChange(() => resume(Effect.suspend(() => until(cell, met))))
      return Effect.sync(stop)
    })
  )
