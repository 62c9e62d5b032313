import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

let alive = 0
let isTold = false

const text =
  "a second Truce.layer is in use in this process: two layers share no circuits, so what both guard is judged twice. " +
  "Provide one at the root of the program, or say `several: true` where two are meant."

/** Counts the layers that are in use at once, and tells of the second one, once in a process. */
export const counted = (isMeant: boolean): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => ++alive),
      () => Effect.sync(() => alive--)
    ),
    (count) => {
      if (isMeant || isTold || count < 2) return Effect.void
      isTold = true
      return Effect.logWarning(text)
    }
  )
