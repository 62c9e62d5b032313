import { Clock, type Duration, Effect } from "effect"

/** A clock that differs from another in part. */
export const changed = (clock: Clock.Clock, parts: Partial<Clock.Clock>): Clock.Clock => ({
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  sleep: (duration) => clock.sleep(duration),
  ...parts
})

/** Runs an effect on its clock, with another sleep than that clock's. */
export const sleeping =
  (sleep: (own: (duration: Duration.Duration) => Effect.Effect<void>) => typeof own) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) =>
      Effect.provideService(self, Clock.Clock, changed(clock, { sleep: sleep((duration) => clock.sleep(duration)) }))
    )
