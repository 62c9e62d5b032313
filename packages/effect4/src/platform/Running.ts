import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"

/** Where an effect runs that is started from a callback: with the clock, the loggers and the references of the fiber that asked for it. */
export type Running = Context.Context<never>

export const running: Effect.Effect<Running> = Effect.context<never>()

export const runSync = <A, E>(self: Running, effect: Effect.Effect<A, E>): A => Effect.runSyncWith(self)(effect)

export const runFork = <A, E>(self: Running, effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> =>
  Effect.runForkWith(self)(effect)

/** Forks into the scope what has run until it first waits when this goes on: it has subscribed by then. */
export const forkScopedAtOnce = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<Fiber.Fiber<A, E>, never, R | Scope.Scope> => Effect.forkScoped(self, { startImmediately: true })
