import * as Effect from "effect/Effect"

/** What the first of two gives; the other is interrupted. */
export const first = <A, B, R, R2>(
  self: Effect.Effect<A, never, R>,
  that: Effect.Effect<B, never, R2>
): Effect.Effect<A | B, never, R | R2> => Effect.raceFirst(self, that)

/** Whether it ends within the time; else it is interrupted. */
export const isInTime = <R>(self: Effect.Effect<unknown, never, R>, millis: number): Effect.Effect<boolean, never, R> =>
  Effect.timeoutOrElse(Effect.as(self, true), { duration: millis, orElse: () => Effect.succeed(false) })
