import { Effect, Runtime } from "effect"

/** The name of this major in what is compared. */
export const major = "Effect 3"

/** How to run an effect with all that the fiber has that asks for it. */
export const promising = <R>(): Effect.Effect<<A, E>(self: Effect.Effect<A, E, R>) => Promise<A>, never, R> =>
  Effect.map(Effect.runtime<R>(), (runtime) => (self) => Runtime.runPromise(runtime)(self))
