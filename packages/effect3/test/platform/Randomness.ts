import { Effect, Random } from "effect"

/** Runs with random numbers that are the same at every run. */
export const seeded =
  (seed: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withRandom(self, Random.make(seed))
