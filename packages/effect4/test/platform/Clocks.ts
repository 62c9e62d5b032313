import { Clock, type Duration, Effect } from "effect"

/** The two times of a clock, and how long it sleeps. */
export interface Times {
  readonly wallMillis: () => number
  readonly monotonicNanos: () => bigint
  readonly sleep: (duration: Duration.Duration) => Effect.Effect<void>
}

export const clockOf = ({ monotonicNanos, sleep, wallMillis }: Times): Clock.Clock => {
  const wallNanos = () => BigInt(Math.round(wallMillis())) * 1_000_000n
  return {
    currentTimeMillisUnsafe: wallMillis,
    currentTimeMillis: Effect.sync(wallMillis),
    currentTimeNanosUnsafe: wallNanos,
    currentTimeNanos: Effect.sync(wallNanos),
    monotonicTimeNanosUnsafe: monotonicNanos,
    monotonicTimeNanos: Effect.sync(monotonicNanos),
    sleep
  }
}

export const timesOf = (clock: Clock.Clock): Times => ({
  wallMillis: () => clock.currentTimeMillisUnsafe(),
  monotonicNanos: () => clock.monotonicTimeNanosUnsafe(),
  sleep: (duration) => clock.sleep(duration)
})

export const withClock =
  (clock: Clock.Clock) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Clock.Clock, clock)
