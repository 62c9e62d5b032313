/** The three designs under comparison. */
import { CircuitBreaker, HealthModel, HealthScore, RetryPolicy, Truce } from "@truce/effect3"
import { Effect, Layer, Random, type Scope, Stream } from "effect"
import { type AttemptError, classify } from "./Dependency.ts"
import type { DesignId } from "./Protocol.ts"
import { attempts, backoff, circuit, failuresInARow, slowAfter } from "./Settings.ts"

/** Whether the caller got its answer, and if not whether the dependency or the circuit is why. */
export type CallOutcome = "Served" | "Failed" | "Rejected"

export type Status = Stream.Stream.Success<typeof CircuitBreaker.transitions>["to"]

export interface Design {
  readonly id: DesignId
  readonly call: (request: Effect.Effect<void, AttemptError>) => Effect.Effect<CallOutcome>
  readonly score: Effect.Effect<number>
  readonly transitions: Stream.Stream<{ readonly to: Status }>
}

export interface About {
  readonly name: string
  readonly order: string
  readonly opens: string
}

export const about: Readonly<Record<DesignId, About>> = {
  fused: {
    name: "Retry inside",
    order: "breaker(retry(request))",
    opens: `opens after ${failuresInARow} failed calls in a row`
  },
  outside: {
    name: "Retry outside",
    order: "retry(breaker(request))",
    opens: `opens after ${failuresInARow} failed attempts in a row`
  },
  truce: {
    name: "Truce",
    order: "retry(breaker(request))",
    opens: `opens when its score is below ${HealthModel.ledger().openBelow}`
  }
}

const key = "dependency"

const retry = {
  schedule: RetryPolicy.exponential(backoff),
  times: attempts - 1,
  while: classify.isRetriable
}

const served = Effect.as<CallOutcome>("Served")
const failed = () => Effect.succeed<CallOutcome>("Failed")
const rejected = () => Effect.succeed<CallOutcome>("Rejected")

const fused = (request: Effect.Effect<void, AttemptError>) =>
  request.pipe(
    Effect.retry(retry),
    CircuitBreaker.execute({ key, classify }),
    served,
    Effect.catchTag("CircuitOpen", rejected),
    Effect.catchAll(failed)
  )

const outside = (request: Effect.Effect<void, AttemptError>) =>
  request.pipe(
    CircuitBreaker.execute({ key, classify }),
    Effect.retry(retry),
    served,
    Effect.catchTag("CircuitOpen", rejected),
    Effect.catchAll(failed)
  )

const truce = (request: Effect.Effect<void, AttemptError>) =>
  request.pipe(
    Truce.protect({ key, classify, slowAfter }),
    served,
    Effect.catchTags({
      CircuitOpen: rejected,
      RetryExhausted: ({ reason }) => (reason === "circuit-open" ? rejected() : failed())
    })
  )

/** Each design has its own services, so that none sees another's circuit. */
export const all = (seed: number): Effect.Effect<ReadonlyArray<Design>, never, Scope.Scope> =>
  Effect.all([
    make("fused", fused, Truce.layer({ circuit, model: HealthModel.consecutive({ failures: failuresInARow }) })),
    make("outside", outside, Truce.layer({ circuit, model: HealthModel.consecutive({ failures: failuresInARow }) })),
    make("truce", truce, Truce.layer({ circuit, retry: { ...backoff, attempts } }))
  ]).pipe(Effect.withRandom(Random.make(`${seed}/circuits`)))

const make = (
  id: DesignId,
  call: (request: Effect.Effect<void, AttemptError>) => Effect.Effect<CallOutcome, never, Truce.Services>,
  layer: Layer.Layer<Truce.Services>
): Effect.Effect<Design, never, Scope.Scope> =>
  Effect.map(Layer.build(layer), (services) => ({
    id,
    call: (request) => Effect.provide(call(request), services),
    score: HealthScore.get(key).pipe(
      Effect.map(({ score }) => score),
      Effect.provide(services)
    ),
    transitions: Stream.provideContext(CircuitBreaker.transitions, services)
  }))
