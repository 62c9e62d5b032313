import { Clock, type Duration, Effect } from "effect"

/** The two times of a clock, and how long it sleeps. */
export interface Times {
  readonly wallMillis: () => number
  readonly monotonicNanos: () => bigint
  readonly sleep: (duration: Duration.Duration) => Effect.Effect<void>
}

export const clockOf = ({ monotonicNanos, sleep, wallMillis }: Times): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: wallMillis,
  currentTimeMillis: Effect.sync(wallMillis),
  unsafeCurrentTimeNanos: monotonicNanos,
  currentTimeNanos: Effect.sync(monotonicNanos),
  sleep
})

export const timesOf = (clock: Clock.Clock): Times => ({
  wallMillis: () => clock.unsafeCurrentTimeMillis(),
  monotonicNanos: () => clock.unsafeCurrentTimeNanos(),
  sleep: (duration) => clock.sleep(duration)
})

export const withClock =
  (clock: Clock.Clock) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withClock(self, clock)
