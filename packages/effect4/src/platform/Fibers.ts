import * as Effect from "effect/Effect"

/** What a fiber goes on with that is called back: it runs at once, in the midst of who has called it, and lets that end first. */
export const woken: Effect.Effect<void> = Effect.yieldNow

/** Waits, if only until the others have had their turn: a clock may take a sleep of no time for nothing to do. */
export const pause = (millis: number, _isRacing: boolean): Effect.Effect<void> =>
  millis > 0 ? Effect.sleep(millis) : Effect.yieldNow
