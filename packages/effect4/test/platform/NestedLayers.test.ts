import { it } from "@effect/vitest"
import {
  CircuitBreaker,
  Dependency,
  HealthScore,
  Logging,
  RetryBudget,
  RetryPolicy,
  Tracing,
  Truce
} from "@truce/effect4"
import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
import { Effect, Exit, Layer, Logger } from "effect"
import * as Builtin from "effect/persistence/CircuitBreaker"
import { describe, expect } from "vitest"
import { answering, classify, key } from "../support.ts"

/** Provides the layer on services of their own, inside of the same on others. */
const nested = <A, E, R, A2, E2>(
  self: Effect.Effect<A, E, R>,
  layer: Layer.Layer<A2, E2, Truce.Services>,
  outside: Effect.Effect<unknown, E, A2 | Truce.Services> = Effect.void
) => {
  const live = () => Layer.provideMerge(layer, Truce.layer())
  return Effect.provide(Effect.andThen(outside, Effect.provide(self, live())), live())
}

const isolated = CircuitBreaker.isolate(key, "maintenance")

class UsersApi extends Dependency.Service<UsersApi>()("UsersApi", { key, classify }) {}

const logged = (lines: Array<unknown>) => Logger.layer([Logger.make(({ message }) => lines.push(message))])

describe("a layer that a program provides inside of itself, on other services, belongs to those:", () => {
  it.effect("Effect's own breaker on Truce's circuits", () =>
    Effect.gen(function* () {
      const state = Effect.flatMap(Builtin.CircuitBreaker, (breaker) => Effect.orDie(breaker.state(key)))
      const inside = nested(Effect.andThen(isolated, state), BuiltinBreaker.layerFromTruce, state)
      expect(yield* inside).toMatchObject({ _tag: "Open" })
    })
  )

  it.effect("a dependency", () =>
    Effect.gen(function* () {
      const call = Effect.exit(UsersApi.protect(answering))
      expect(Exit.isFailure(yield* nested(Effect.andThen(isolated, call), UsersApi.layer, call))).toBe(true)
    })
  )

  it.effect("Truce on services of one's own", () =>
    Effect.gen(function* () {
      const call = Effect.exit(Truce.protect(answering, { key, classify }))
      const live = () =>
        Truce.layerServices.pipe(
          Layer.provideMerge(CircuitBreaker.layer()),
          Layer.provideMerge(Layer.mergeAll(HealthScore.layer(), RetryPolicy.layer(), RetryBudget.layer()))
        )
      const inside = Effect.provide(Effect.andThen(isolated, call), live())
      expect(Exit.isFailure(yield* Effect.provide(Effect.andThen(call, inside), live()))).toBe(true)
    })
  )

  it.effect("a log of transitions", () => {
    const lines: Array<unknown> = []
    return Effect.gen(function* () {
      yield* nested(isolated, Logging.layer, CircuitBreaker.isolate("other", "maintenance"))
      expect(lines.length).toBe(2)
    }).pipe(Effect.provide(logged(lines)))
  })

  it.effect("spans of calls", () =>
    Effect.gen(function* () {
      const named = Truce.protect(Effect.orDie(Effect.currentSpan), { key, classify })
      expect(yield* nested(named, Tracing.layer, named)).toMatchObject({ name: "truce.call" })
    })
  )
})

it.effect("a layer that is named twice on the same services is built once", () => {
  const lines: Array<unknown> = []
  const named = Layer.merge(Logging.layer, Layer.merge(Tracing.layer, Logging.layer))
  return Effect.gen(function* () {
    yield* isolated
    expect(lines.length).toBe(1)
  }).pipe(Effect.provide(named.pipe(Layer.provideMerge(Truce.layer()), Layer.provide(logged(lines)))))
})
