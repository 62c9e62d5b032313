import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"

/** Where an effect runs that is started from a callback: with the clock, the loggers and the references of the fiber that asked for it. */
export type Running = Runtime.Runtime<never>

export const running: Effect.Effect<Running> = Effect.runtime<never>()

export const runSync = <A, E>(self: Running, effect: Effect.Effect<A, E>): A => Runtime.runSync(self)(effect)

export const runFork = <A, E>(self: Running, effect: Effect.Effect<A, E>): Fiber.RuntimeFiber<A, E> =>
  Runtime.runFork(self)(effect)

/** Forks into the scope what has run until it first waits when this goes on: it has subscribed by then. */
export const forkScopedAtOnce = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<Fiber.RuntimeFiber<A, E>, never, R | Scope.Scope> =>
  Effect.zipLeft(Effect.forkScoped(self), Effect.yieldNow())
