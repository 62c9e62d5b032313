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
  Effect.uninterruptible(
    Effect.flatMap(Effect.forkDetach(self, { startImmediately: true }), (fiber) =>
      Effect.interruptible(
        Effect.timeoutOrElse(
          Effect.onInterrupt(Fiber.join(fiber), () => Effect.sync(() => fiber.interruptUnsafe())),
          { duration: millis, orElse: () => late }
        )
      )
    )
  )

/** The same, and an interruption of who waits does not cut it off: neither it nor its time. */
export const boundedThroughout = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  millis: number,
  late: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.forkDetach(bounded(self, millis, late), { startImmediately: true }), Fiber.join)
  )
