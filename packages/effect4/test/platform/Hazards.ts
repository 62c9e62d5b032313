import { Effect } from "effect"

/** A transaction that may wait before or after it, and fail or die after that. */
export const hazardous = <A, R, R2>(
  self: Effect.Effect<A, never, R>,
  waiting: Effect.Effect<void, never, R2>,
  next: () => number
): Effect.Effect<A, string, R | R2> => {
  const waits = next()
  const ends = next()
  // To wait undoes what was written before it.
  const before = waits < 0.4 ? waiting : Effect.void
  const late = waits > 0.8 ? waiting : Effect.void
  const after = ends < 0.2 ? Effect.fail("no") : ends < 0.4 ? Effect.die("broken") : Effect.void
  return Effect.andThen(
    before,
    Effect.tap(self, () => Effect.andThen(late, after))
  )
}
