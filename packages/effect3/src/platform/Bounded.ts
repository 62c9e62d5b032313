import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/**
 * What it comes to within the time, else `late`. It runs on a fiber of its own: one that cannot be interrupted goes on there, and nobody
 * waits for it.
 */
export const bounded = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  late: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.timeoutTo(Effect.disconnect(self), {
    duration: millis,
    onSuccess: (value): Effect.Effect<A | A2, E2, R2> => Effect.succeed(value),
    onTimeout: () => late
  }).pipe(Effect.flatten, Effect.interruptible)

/** The same, and an interruption of who waits does not cut it off: neither it nor its time. */
export const boundedThroughout = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  late: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.uninterruptible(Effect.flatMap(Effect.forkDaemon(bounded(self, millis, late)), Fiber.join))
