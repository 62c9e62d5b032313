import { Effect, Random } from "effect"

/** Runs with random numbers that are these, again and again. */
export const drawing =
  (draws: readonly [number, ...ReadonlyArray<number>]) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withRandom(self, Random.fixed([...draws]))

/** Runs with random numbers that are the same at every run. */
export const seeded =
  (seed: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withRandom(self, Random.make(seed))
