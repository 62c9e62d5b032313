import type { Clock } from "effect"
import { clockOf, timesOf } from "./platform/Clocks.ts"

/** A clock whose wall time is off by an offset; its monotonic time is not, but for one that is broken. */
export const withWall = (clock: Clock.Clock, offset: () => number, broken: () => number = () => 0): Clock.Clock => {
  const { monotonicNanos, sleep, wallMillis } = timesOf(clock)
  return clockOf({
    wallMillis: () => wallMillis() + offset(),
    monotonicNanos: () => monotonicNanos() + BigInt(broken()) * 1_000_000n,
    sleep
  })
}
