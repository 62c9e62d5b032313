import { Clock, Effect } from "effect"

/** Starts a stopwatch on the monotonic clock; the inner effect reads it, in milliseconds. */
export const start: Effect.Effect<Effect.Effect<number>> = Effect.map(Clock.currentTimeNanos, (started) =>
  Effect.map(Clock.currentTimeNanos, (now) => Number(now - started) / 1_000_000)
)
