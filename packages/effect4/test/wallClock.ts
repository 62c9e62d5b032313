import { type Clock, Effect } from "effect"

const nanos = (millis: number): bigint => BigInt(millis) * 1_000_000n

/** A clock whose wall time is off by an offset; its monotonic time is not, but for one that is broken. */
export const withWall = (clock: Clock.Clock, offset: () => number, broken: () => number = () => 0): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + offset(),
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + offset()),
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + nanos(offset()),
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + nanos(offset())),
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe() + nanos(broken()),
  monotonicTimeNanos: Effect.map(clock.monotonicTimeNanos, (now) => now + nanos(broken())),
  sleep: (duration) => clock.sleep(duration)
})
