import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/**
 * What the first of two gives; the other is interrupted.
 *
 * Not `Effect.raceFirst`: in an uninterruptible region, such as that of `acquireRelease`, it waits for a loser that nothing interrupts, and
 * interrupted between making its fibers and starting them it waits, on Effect 3.22, for fibers that never run.
 */
export const first = <A, B, R, R2>(
  self: Effect.Effect<A, never, R>,
  that: Effect.Effect<B, never, R2>
): Effect.Effect<A | B, never, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.fork(Effect.interruptible(self)), (one) =>
      Effect.flatMap(Effect.fork(Effect.interruptible(that)), (other) =>
        Effect.ensuring(
          restore(
            Effect.async<A | B>((resume) => {
              one.addObserver(resume)
              other.addObserver(resume)
            })
          ),
          Fiber.interruptAll([one, other])
        )
      )
    )
  )

/** Whether it ends within the time; else it is interrupted. */
export const isInTime = <R>(self: Effect.Effect<unknown, never, R>, millis: number): Effect.Effect<boolean, never, R> =>
  first(Effect.as(self, true), Effect.as(Effect.sleep(millis), false))
