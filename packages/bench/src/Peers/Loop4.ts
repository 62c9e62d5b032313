/** Loops of Effect 4, as those of Effect 3. */
import * as Effect from "effect4/Effect"
import type * as Layer from "effect4/Layer"
import * as ManagedRuntime from "effect4/ManagedRuntime"
import { type Case, type Run, allEnded, callsPerFiber } from "../Case.ts"

export interface Loop<R> {
  readonly sequence: (next: () => Effect.Effect<unknown, unknown, R>) => Run
  readonly fibers: (count: number, self: Effect.Effect<unknown, unknown, R>) => Run
}

/** A loop whose calls have the services of a layer. */
export const loop = <R>(layer: Layer.Layer<R>): Loop<R> => {
  const runtime = ManagedRuntime.make(layer)
  return {
    sequence: (next) => (count) => runtime.runPromise(repeated(next, count)),
    fibers: (fibers, self) => (count) => {
      const one = repeated(() => self, count / fibers)
      return allEnded(fibers, (ended) => runtime.runFork(one).addObserver(ended))
    }
  }
}

const repeated = <R>(next: () => Effect.Effect<unknown, unknown, R>, count: number): Effect.Effect<void, unknown, R> =>
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
