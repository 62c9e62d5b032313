import * as Effect from "effect/Effect"

/** What a fiber goes on with that is called back: on Effect 3 it comes later, when who has called it is done. */
export const woken: Effect.Effect<void> = Effect.void

/**
 * Waits, if only until the others have had their turn. Fibers that only wake each other keep Effect's scheduler from timers and sockets:
 * one that races another sleeps even for no time.
 */
export const pause = (millis: number, isRacing: boolean): Effect.Effect<void> =>
  millis > 0 || isRacing ? Effect.sleep(millis) : Effect.yieldNow()
