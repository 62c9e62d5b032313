import { type Clock, Effect } from "effect"
import * as SteppingClock from "./attack/steppingClock.ts"

/** Runs an effect on a clock that starts at 0, with how to let time pass on it: all that is ready at each moment runs. */
export const passing = <A, E, R>(
  use: (passed: (millis: number) => Effect.Effect<void>, clock: Clock.Clock) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const { clock, passed } = SteppingClock.make()
    return Effect.withClock(use(passed, clock), clock)
  })
