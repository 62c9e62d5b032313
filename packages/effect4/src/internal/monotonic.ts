import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

const read = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

/** Milliseconds on the fiber's monotonic clock. */
export const nowOf = <A, E>(fiber: Fiber.Fiber<A, E>): number => read(fiber.getRef(Clock.Clock))

/** Nanoseconds on the wall clock, which spans are told in, at a time on the monotonic one. */
export const toWallNanos = (clock: Clock.Clock, at: number): bigint =>
  clock.currentTimeNanosUnsafe() - clock.monotonicTimeNanosUnsafe() + BigInt(Math.round(at * 1_000_000))

/** Milliseconds on the monotonic clock. */
export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.sync(() => read(clock)))
