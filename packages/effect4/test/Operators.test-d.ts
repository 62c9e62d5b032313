// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file missingEffectContext:skip-file
import {
  HttpApi,
  HttpApiClient,
  HttpApiError,
  type HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSecurity
} from "effect/http-api"
import type { CircuitBreaker, RetryBudget } from "@truce/effect4"
import type * as CircuitReport from "@truce/effect4/CircuitReport"
import * as Operators from "@truce/effect4/Operators"
import { Context, type Duration, Effect, type Layer } from "effect"
import { describe, expectTypeOf, it } from "vitest"

class OperatorsOnly extends HttpApiMiddleware.Service<OperatorsOnly>()("OperatorsOnly", {
  error: HttpApiError.UnauthorizedNoContent,
  security: { bearer: HttpApiSecurity.bearer }
}) {}
class Plain extends HttpApiMiddleware.Service<Plain>()("Plain", { error: HttpApiError.Forbidden }) {}
class Harmless extends HttpApiMiddleware.Service<Harmless>()("Harmless") {}
class Service extends Context.Service<Service, Effect.Effect<void>>()("Service") {}

const api = HttpApi.make("backend").add(Operators.group(OperatorsOnly))

describe("Operators.group", () => {
  it("does not compile without a middleware that can reject", () => {
    // @ts-expect-error no middleware
    Operators.group()
    // @ts-expect-error a middleware that declares no error lets everything through
    Operators.group(Harmless)
    // @ts-expect-error one that tells what is wrong with a request lets it through all the same
    Operators.group(HttpApiMiddleware.ProblemDetails)
    // @ts-expect-error a service is no middleware
    Operators.group(Service)
  })

  it("takes a middleware without a security scheme too", () => {
    expectTypeOf(Operators.group(Plain)).toEqualTypeOf<Operators.Group<Plain>>()
  })

  it("is a group like any other", () => {
    expectTypeOf(Operators.group(OperatorsOnly).prefix("/internal")).toExtend<HttpApiGroup.Constraint>()
  })
})

describe("Operators.layer", () => {
  it("needs the circuits, the budgets and the middleware", () => {
    expectTypeOf(Operators.layer(api)).toEqualTypeOf<
      Layer.Layer<
        HttpApiGroup.Service<"backend", "circuits">,
        never,
        CircuitBreaker.CircuitBreaker | RetryBudget.RetryBudget | OperatorsOnly
      >
    >()
  })

  it("does not compile for an api without the group", () => {
    // @ts-expect-error add the group first
    Operators.layer(HttpApi.make("backend"))
  })
})

describe("the derived client", () => {
  it("knows the circuits, the reasons and the errors", () => {
    const program = Effect.gen(function* () {
      const { circuits } = yield* HttpApiClient.make(api)
      const list = circuits.list({ query: { status: "Open" } })
      expectTypeOf<Effect.Success<typeof list>["circuits"]>().toEqualTypeOf<ReadonlyArray<CircuitReport.Circuit>>()
      expectTypeOf<CircuitReport.Circuit["admitsIn"]>().toEqualTypeOf<Duration.Duration>()
      const isolate = circuits.isolate({ params: { key: "users-api" }, payload: { reason: "migration", create: true } })
      type Errors = Effect.Error<typeof isolate>
      expectTypeOf<Operators.CircuitNotFound>().toExtend<Errors>()
      expectTypeOf<HttpApiError.Unauthorized>().toExtend<Errors>()
      // @ts-expect-error no reason
      circuits.isolate({ params: { key: "users-api" }, payload: {} })
      // @ts-expect-error reset creates nothing
      circuits.reset({ params: { key: "users-api" }, payload: { reason: "fixed", create: true } })
    })
    expectTypeOf(program).toExtend<Effect.Effect<void, never, unknown>>()
  })
})
