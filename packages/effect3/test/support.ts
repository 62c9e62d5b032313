import { it } from "@effect/vitest"
import { type Outcome } from "@truce/core"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect3"
import { Data, type Duration, Effect, type Fiber, type Layer, type Scope, Stream } from "effect"
import fc from "fast-check"
import { exitOf } from "./platform/Fibers.ts"
import { onTestClock } from "./platform/TestTime.ts"

/** Runs are stable by default; `FC_SEED=7 vitest run` explores others. */
export const seed = Number(process.env.FC_SEED ?? 20_260_101)

fc.configureGlobal({ seed })

export class Timeout extends Data.TaggedError("Timeout")<{}> {}
export class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
export class Throttled extends Data.TaggedError("Throttled")<{ readonly after: Duration.DurationInput }> {}
/** Of this process: the dependency was never asked. */
export class Unsendable extends Data.TaggedError("Unsendable")<{}> {}
export type ApiError = Timeout | NotFound | Throttled | Unsendable

export const classify = Classifier.tags<ApiError>()({
  Timeout: "retriable",
  NotFound: "permanent",
  Unsendable: "local",
  Throttled: Classifier.retriable({ weight: 0.35, saturated: true, retryAfter: (error) => error.after })
})

export const key = "users-api"

export const failing: Effect.Effect<string, ApiError> = Effect.fail(new Timeout())
export const missing: Effect.Effect<string, ApiError> = Effect.fail(new NotFound({ id: "1" }))
export const unsendable: Effect.Effect<string, ApiError> = Effect.fail(new Unsendable())
export const answering: Effect.Effect<string, ApiError> = Effect.succeed("hello")

/** Everything, without randomness. */
export const steady = (options: Truce.Options = {}): Layer.Layer<Truce.Services> =>
  Truce.layer({
    ...options,
    circuit: { openJitter: 0, ...options.circuit },
    retry: options.retry?.schedule === undefined ? { jitter: "none", ...options.retry } : options.retry
  })

/** A test on services of its own, under the test clock. */
export const on =
  <R>(layer: () => Layer.Layer<R>) =>
  <A, E>(name: string, body: () => Effect.Effect<A, E, R | Scope.Scope>): void =>
    it.scoped(name, () => onTestClock(Effect.provide(body(), layer())))

/** Does one step after the other, then the last again and again; counts. */
export const scripted = <A, E, R>(
  ...steps: readonly [...ReadonlyArray<Effect.Effect<A, E, R>>, Effect.Effect<A, E, R>]
): { readonly effect: Effect.Effect<A, E, R>; readonly runs: () => number } => {
  let runs = 0
  return {
    effect: Effect.suspend((): Effect.Effect<A, E, R> => {
      const step = steps[Math.min(runs, steps.length - 1)]
      runs++
      return step ?? Effect.dieMessage("no step")
    }),
    runs: () => runs
  }
}

/** One attempt outside any call, whatever comes of it. */
export const attempt = (self: Effect.Effect<string, ApiError>, of = key) =>
  Effect.exit(CircuitBreaker.execute(self, { key: of, classify }))

/** Fails attempts until the circuit opens. */
export const trip = (of = key) =>
  Effect.repeat(Effect.zipRight(attempt(failing, of), CircuitBreaker.state(of)), {
    until: ({ status }) => status === "Open"
  })

export const statusOf = (of = key) => Effect.map(CircuitBreaker.state(of), ({ status }) => status)

export const scoreOf = (of = key) => Effect.map(CircuitBreaker.state(of), ({ score }) => Number(score.toFixed(6)))

/** Runs fibers that are ready, without moving the clock. */
export const settled = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow(), { discard: true })

/** One after the other with nothing in between: where a schedule repeats, the clock is read and others may run. */
export const times = <A, E, R>(count: number, self: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
  Effect.forEach(Array.from({ length: count }), () => self, { discard: true })

/** Collects what a stream has told when asked. */
export const watching = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const seen: Array<A> = []
    yield* Effect.forkScoped(Stream.runForEach(stream, (one) => Effect.sync(() => seen.push(one))))
    yield* settled
    return Effect.as(settled, seen)
  })

/** What a fiber has come to, if it has ended. */
export const peek = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(settled, () => exitOf(fiber))

export const outcomeOf = (outcome: Outcome.Outcome): string =>
  outcome._tag === "Failure" ? `Failure ${outcome.weight}` : outcome._tag
