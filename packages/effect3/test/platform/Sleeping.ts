import { Clock, type Duration, Effect } from "effect"

/** Runs an effect on its clock, with another sleep than that clock's. */
export const sleeping =
  (sleep: (own: (duration: Duration.Duration) => Effect.Effect<void>) => typeof own) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.clockWith((clock) =>
      Effect.withClock(self, {
        [Clock.ClockTypeId]: Clock.ClockTypeId,
        currentTimeMillis: clock.currentTimeMillis,
        currentTimeNanos: clock.currentTimeNanos,
        unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
        unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
        sleep: sleep((duration) => clock.sleep(duration))
      })
    )
