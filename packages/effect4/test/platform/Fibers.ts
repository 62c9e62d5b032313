import { type Exit, type Fiber, Option } from "effect"

/** What a fiber has come to, if it has ended. */
export const exitOf = <A, E>(fiber: Fiber.Fiber<A, E>): Option.Option<Exit.Exit<A, E>> =>
  Option.fromUndefinedOr(fiber.pollUnsafe())

export const hasEnded = <A, E>(fiber: Fiber.Fiber<A, E>): boolean => fiber.pollUnsafe() !== undefined

/** Asks a fiber to end, and does not wait until it has. */
export const interruptNow = <A, E>(fiber: Fiber.Fiber<A, E>): void => fiber.interruptUnsafe()
