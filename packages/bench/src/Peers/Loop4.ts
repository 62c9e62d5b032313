/** Loops of Effect 4, as those of Effect 3. */
import * as Effect from "effect4/Effect"
import { type Case, type Run, allEnded, callsPerFiber } from "../Case.ts"

const repeated = (next: () => Effect.Effect<unknown, unknown>, count: number): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    let left = count
    return Effect.whileLoop({ while: () => left > 0, body: next, step: () => left-- })
  })

export const sequence =
  (next: () => Effect.Effect<unknown, unknown>): Run =>
  (count) =>
    Effect.runPromise(repeated(next, count))

const inFibers =
  (fibers: number, self: Effect.Effect<unknown, unknown>): Run =>
  (count) => {
    const one = repeated(() => self, count / fibers)
    return allEnded(fibers, (ended) => Effect.runFork(one).addObserver(ended))
  }

export const fiberCase = (
  fibers: number,
  protect: (self: Effect.Effect<void>) => Effect.Effect<unknown, unknown>
): Case => ({
  batch: fibers * callsPerFiber,
  run: inFibers(fibers, protect(Effect.yieldNow)),
  bare: inFibers(fibers, Effect.yieldNow)
})
