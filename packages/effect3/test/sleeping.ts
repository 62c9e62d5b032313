import { Clock, type Duration, type Effect } from "effect"
import { clockOf, timesOf, withClock } from "./platform/Clocks.ts"

/** Runs an effect on its clock, with another sleep than that clock's. */
export const sleeping =
  (sleep: (own: (duration: Duration.Duration) => Effect.Effect<void>) => typeof own) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Clock.clockWith((clock) => {
      const times = timesOf(clock)
      return withClock(clockOf({ ...times, sleep: sleep(times.sleep) }))(self)
    })
