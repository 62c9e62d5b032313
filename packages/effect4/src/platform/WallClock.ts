import * as Clock from "effect/Clock"
import * as Fiber from "effect/Fiber"

/** Milliseconds on the wall clock of a fiber. */
export const wallClock = (fiber: Fiber.Fiber<unknown, unknown>): (() => number) => {
  const clock = fiber.getRef(Clock.Clock)
  return () => clock.currentTimeMillisUnsafe()
}

/** Of the fiber that is running; of the system where none is. */
export const wallNow = (): number => Fiber.getCurrent()?.getRef(Clock.Clock).currentTimeMillisUnsafe() ?? Date.now()
