import { Clock, type Duration, Effect } from "effect"

/** What a clock does, to be changed in part. */
export const partsOf = (clock: Clock.Clock): Clock.Clock => ({
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  sleep: (duration) => clock.sleep(duration)
})

/** Runs an effect on its clock, with another sleep than that clock's. */
export const sleeping =
  (sleep: (own: (duration: Duration.Duration) => Effect.Effect<void>) => typeof own) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) =>
      Effect.provideService(self, Clock.Clock, {
        ...partsOf(clock),
        sleep: sleep((duration) => clock.sleep(duration))
      })
    )
