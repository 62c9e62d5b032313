import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

// Effect's millisecond clock is the wall clock and steps with it; its nanosecond clock never goes back.
const read = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1_000_000

/** Milliseconds on the fiber's monotonic clock. */
export const nowOf = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): number =>
  read(Context.unsafeGet(fiber.currentDefaultServices, Clock.Clock))

/** Milliseconds on the monotonic clock. */
export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.sync(() => read(clock)))

/** A time on the monotonic clock, as spans are told it, in nanoseconds: those of Effect 3 are on that clock. */
export const spanTimeOf =
  (_fiber: Fiber.RuntimeFiber<unknown, unknown>) =>
  (at: number): bigint =>
    BigInt(Math.round(at * 1_000_000))
