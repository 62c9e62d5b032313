import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

const read = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

/** Milliseconds on the fiber's monotonic clock. */
export const nowOf = <A, E>(fiber: Fiber.Fiber<A, E>): number => read(fiber.getRef(Clock.Clock))

/** Milliseconds on the monotonic clock. */
export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.sync(() => read(clock)))

/** A time on the monotonic clock, as spans are told it, in nanoseconds: those are on the wall clock. */
export const spanTimeOf = (fiber: Fiber.Fiber<unknown, unknown>) => {
  const clock = fiber.getRef(Clock.Clock)
  const apart = clock.currentTimeNanosUnsafe() - clock.monotonicTimeNanosUnsafe()
  return (at: number): bigint => apart + BigInt(Math.round(at * 1_000_000))
}
