import { Clock, Effect } from "effect"

const nanos = (millis: number): bigint => BigInt(millis) * 1_000_000n

/** A clock whose wall time is off by an offset; its monotonic time is not, but for one that is broken. */
export const withWall = (clock: Clock.Clock, offset: () => number, broken: () => number = () => 0): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + offset(),
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + offset()),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() + nanos(broken()),
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + nanos(broken())),
  sleep: (duration) => clock.sleep(duration)
})
