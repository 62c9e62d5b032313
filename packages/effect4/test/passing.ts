import { type Clock, Effect } from "effect"
import { TestClock } from "effect/testing"

/** Runs an effect on a clock that starts at 0, with how to let time pass on it: all that is ready at each moment runs. */
export const passing = <A, E, R>(
  use: (passed: (millis: number) => Effect.Effect<void>, clock: Clock.Clock) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.provide(
    TestClock.testClockWith((clock) => use((millis) => clock.adjust(millis), clock)),
    TestClock.layer()
  )
