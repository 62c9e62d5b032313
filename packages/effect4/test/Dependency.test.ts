import { it } from "@effect/vitest"
import { AttemptTimeout, CircuitBreaker, Dependency, RetryBudget, Truce } from "@truce/effect4"
import { Duration, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { answering, classify, failing, scripted, statusOf, steady, trip } from "./support.ts"

class UsersApi extends Dependency.Service<UsersApi>()("UsersApi", {
  key: "users-api",
  classify,
  circuit: { openFor: "2 seconds" },
  retry: { attempts: 2, jitter: "none" }
}) {}

class OrdersApi extends Dependency.Service<OrdersApi>()("OrdersApi", {
  key: "orders-api",
  classify,
  attemptTimeout: "1 second",
  retry: { attempts: 1 }
}) {}

class Impatient extends Dependency.Service<Impatient>()("Impatient", {
  key: "users-api",
  classify,
  circuit: { openFor: "1 second" }
}) {}

const layer = Layer.mergeAll(UsersApi.layer, OrdersApi.layer).pipe(Layer.provideMerge(steady()))

describe("a dependency", () => {
  it.effect("protects with the key, the classifier and the policy of its definition", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      const fiber = yield* Effect.forkChild(Effect.flip(UsersApi.protect(effect)))
      yield* TestClock.adjust("1 minute")
      expect(yield* Fiber.join(fiber)).toMatchObject({ key: "users-api", reason: "attempts", attempts: { length: 2 } })
      expect(runs()).toBe(2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("has a circuit with options of its own", () =>
    Effect.gen(function* () {
      yield* trip("users-api")
      yield* trip("orders-api")
      expect(yield* CircuitBreaker.state("users-api")).toMatchObject({ nextAdmission: 2_000 })
      expect(yield* CircuitBreaker.state("orders-api")).toMatchObject({ nextAdmission: 500 })
    }).pipe(Effect.provide(layer))
  )

  it.effect("is rejected by its own circuit alone", () =>
    Effect.gen(function* () {
      yield* trip("users-api")
      expect((yield* Effect.flip(UsersApi.protect(answering)))._tag).toBe("CircuitOpen")
      expect(yield* OrdersApi.protect(answering)).toBe("hello")
    }).pipe(Effect.provide(layer))
  )

  it.effect("limits an attempt where its definition does", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(OrdersApi.protect(Effect.never)))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      expect(error._tag === "RetryExhausted" && error.lastError).toEqual(
        new AttemptTimeout.AttemptTimeout({ key: "orders-api", after: Duration.seconds(1) })
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("shares score and budget with who uses its key by hand", () =>
    Effect.gen(function* () {
      yield* Effect.repeat(RetryBudget.withdraw("users-api", { _tag: "Ignored" }), { times: 9 })
      expect(yield* Effect.flip(UsersApi.protect(failing))).toMatchObject({ reason: "budget" })
      yield* trip("users-api")
      expect((yield* Effect.flip(UsersApi.protect(answering)))._tag).toBe("CircuitOpen")
    }).pipe(Effect.provide(layer))
  )

  it.effect("fails to build with PolicyConflict where its key has another policy", () =>
    Effect.gen(function* () {
      const both = Layer.mergeAll(UsersApi.layer, Impatient.layer).pipe(Layer.provide(steady()))
      const error = yield* Effect.flip(Layer.build(both))
      expect(error).toMatchObject({ _tag: "PolicyConflict", key: "users-api", field: "openFor" })
    }).pipe(Effect.scoped)
  )

  it.effect("can be built twice", () =>
    Effect.gen(function* () {
      yield* Effect.provide(UsersApi.protect(answering), Layer.fresh(UsersApi.layer))
      expect(yield* statusOf("users-api")).toBe("Closed")
    }).pipe(Effect.provide(layer))
  )

  it.effect("can be replaced in a test by services of its own", () =>
    Effect.gen(function* () {
      const isolated = Effect.provide(
        Effect.tap(Truce.Truce, ({ breaker }) => breaker.isolate("users-api", "test")),
        steady()
      )
      const error = yield* Effect.flip(Effect.provideServiceEffect(UsersApi.protect(answering), UsersApi, isolated))
      expect(error).toMatchObject({ _tag: "CircuitOpen", state: "Isolated" })
    })
  )
})
