import { Clock, Effect } from "effect"

/** A clock whose wall time is off by an offset; its monotonic time is not. */
export const withWall = (clock: Clock.Clock, offset: () => number): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + offset(),
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + offset()),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  currentTimeNanos: clock.currentTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})
