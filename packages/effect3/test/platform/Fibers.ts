import { type Exit, type Fiber, FiberId, Option } from "effect"

/** What a fiber has come to, if it has ended. */
export const exitOf = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Option.Option<Exit.Exit<A, E>> =>
  Option.fromNullable(fiber.unsafePoll())

export const hasEnded = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): boolean => fiber.unsafePoll() !== null

/** Asks a fiber to end, and does not wait until it has. */
export const interruptNow = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): void => fiber.unsafeInterruptAsFork(FiberId.none)
