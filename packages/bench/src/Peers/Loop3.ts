/** Loops of Effect 3: many calls inside one fiber, so that starting it is not measured. */
import { Effect, type Layer, ManagedRuntime } from "effect"
import { type Case, type Run, allEnded, callsPerFiber } from "../Case.ts"

export interface Loop<R> {
  /** The effects that `next` gives, one after the other. */
  readonly sequence: (next: () => Effect.Effect<unknown, unknown, R>) => Run
  /** The same effect in many fibers at once. */
  readonly fibers: (count: number, self: Effect.Effect<unknown, unknown, R>) => Run
}

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

/** Cases of `fibers` fibers, whose calls are all in flight at once: each gives way before it ends. */
export const fiberCase = <R>(
  fibers: number,
  guarded: Loop<R>,
  bare: Loop<never>,
  protect: (self: Effect.Effect<void>) => Effect.Effect<unknown, unknown, R>
): Case => {
  const call = Effect.yieldNow()
  return { batch: fibers * callsPerFiber, run: guarded.fibers(fibers, protect(call)), bare: bare.fibers(fibers, call) }
}
