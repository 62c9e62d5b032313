import { Effect, Random } from "effect"

/** Runs with random numbers that are these, again and again. */
export const drawing = (draws: readonly [number, ...ReadonlyArray<number>]) => {
  let drawn = 0
  const next = () => draws[drawn++ % draws.length] ?? draws[0]
  const random: Random.Random = { nextDoubleUnsafe: next, nextIntUnsafe: () => Math.floor(next() * 2 ** 31) }
  return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Random.Random, random)
}

/** Runs with random numbers that are the same at every run. */
export const seeded =
  (seed: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Random.withSeed(self, seed)
