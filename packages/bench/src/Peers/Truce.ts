/** Truce on Effect 3. */
import { CircuitBreaker, Classifier, HealthModel, Metrics, Tracing, Truce } from "@truce/effect3"
import { Data, Effect, Layer } from "effect"
import { type Case, type Cases, inTurn, keysOf } from "../Case.ts"
import { type Loop, fiberCase, loop } from "./Loop3.ts"

class Refused extends Data.TaggedError("Refused") {}

const classify = Classifier.tags<Refused>()({ Refused: "retriable" })
const key = "users-api"
const ok = Effect.sync(() => 1)
const refused = Effect.fail(new Refused())

const execute = <A>(self: Effect.Effect<A, Refused>, key: string) => CircuitBreaker.execute(self, { key, classify })
const protect = <A>(self: Effect.Effect<A, Refused>, key: string) => Truce.protect(self, { key, classify })

/** Opens at the first failure. */
const fragile = HealthModel.consecutive({ failures: 1 })
/** The default model, which no number of failures in a run of the benchmark opens. */
const sturdy = HealthModel.ledger({ minFailures: 1e9 })

const bare = loop(Layer.empty)
const succeeds = bare.sequence(() => ok)
const failure = Effect.exit(refused)
const fails = bare.sequence(() => failure)
const one = loop(Truce.layer())

const guarded = (self: Effect.Effect<unknown, unknown, Truce.Services>): Case => ({
  run: one.sequence(() => self),
  bare: succeeds
})

const built = (build: () => Effect.Effect<unknown, unknown, Truce.Services>): Case => ({
  run: one.sequence(build),
  bare: succeeds
})

const observed = (layer: Layer.Layer<never, never, Truce.Services>): Case => {
  const call = protect(ok, key)
  return { run: loop(Layer.provideMerge(layer, Truce.layer())).sequence(() => call), bare: succeeds }
}

const failing = (loop: Loop<Truce.Services>): Case => {
  const call = Effect.exit(execute(refused, key))
  return { run: loop.sequence(() => call), bare: fails }
}

const rejected = async (): Promise<Case> => {
  const made = failing(loop(Truce.layer({ model: fragile, circuit: { openFor: "1 hour" } })))
  await made.run(1)
  return made
}

/** Built per call, as who has many keys does; there is room for all of them, so that none is dropped. */
const rotated = (count: number): Case => {
  const next = inTurn(keysOf(count))
  return {
    run: loop(Truce.layer({ maxKeys: 2 * count })).sequence(() => execute(ok, next())),
    batch: count,
    bare: succeeds
  }
}

const unseen = (): Case => {
  let seen = 0
  return built(() => execute(ok, `new-${seen++}`))
}

const fibers = (count: number): Case => fiberCase(count, one, bare, (self) => execute(self, key))

/** The window is full before it is measured. */
const windowed = async <S>(model: HealthModel.HealthModel<S>, size: number): Promise<Case> => {
  const call = execute(ok, key)
  const run = loop(Truce.layer({ model })).sequence(() => call)
  await run(size)
  return { run, bare: succeeds }
}

const counted = (size: number) => windowed(HealthModel.countWindow({ size }), size)

export const cases: Cases = {
  closed: () => guarded(execute(ok, key)),
  "closed-timed": () => guarded(CircuitBreaker.execute(ok, { key, classify, attemptTimeout: "10 seconds" })),
  "closed-built": () => built(() => execute(ok, key)),
  "keys-10k": () => rotated(10_000),
  failing: () => failing(loop(Truce.layer({ model: sturdy }))),
  rejected,
  probe: () => failing(loop(Truce.layer({ model: fragile, circuit: { openFor: "1 nanos", openFactor: 1 } }))),
  protect: () => guarded(protect(ok, key)),
  "protect-built": () => built(() => protect(ok, key)),
  "protect-metrics": () => observed(Metrics.layer()),
  // With Effect's own tracer, which exports nothing.
  "protect-traced": () => observed(Tracing.layer),
  "fibers-1": () => fibers(1),
  "fibers-100": () => fibers(100),
  "fibers-10k": () => fibers(10_000),
  "keys-100k": () => rotated(100_000),
  "new-key": unseen,
  "count-100": () => counted(100),
  "count-10k": () => counted(10_000),
  "count-100k": () => counted(100_000),
  "time-10s": () => windowed(HealthModel.timeWindow(), 1),
  "time-1h": () => windowed(HealthModel.timeWindow({ windowMillis: 3_600_000 }), 1)
}
