import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/** Milliseconds on the wall clock of a fiber. */
export const wallClock = (fiber: Fiber.RuntimeFiber<unknown, unknown>): (() => number) => {
  const clock = Context.unsafeGet(fiber.currentDefaultServices, Clock.Clock)
  return () => clock.unsafeCurrentTimeMillis()
}

/** Of the fiber that is running; of the system where none is. */
export const wallNow = (): number =>
  Option.match(Fiber.getCurrentFiber(), { onNone: Date.now, onSome: (fiber) => wallClock(fiber)() })
