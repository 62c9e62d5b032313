// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file missingEffectContext:skip-file
import { HttpApi } from "@effect/platform"
import type { CircuitBreaker, RetryBudget } from "@truce/effect3"
import * as Operators from "@truce/effect3/Operators"
import { Context, Effect, type Layer } from "effect"
import { describe, expectTypeOf, it } from "vitest"
import { type AnyGroup, type GroupOf, Harmless, OperatorsOnly, Plain } from "./platform/Operators.ts"

class Service extends Context.Tag("Service")<Service, Effect.Effect<void>>() {}

const api = HttpApi.make("backend").add(Operators.group(OperatorsOnly))

describe("Operators.group", () => {
  it("does not compile without a middleware that can reject", () => {
    // @ts-expect-error no middleware
    Operators.group()
    // @ts-expect-error what lets everything through
    Operators.group(Harmless)
    // @ts-expect-error a service is no middleware
    Operators.group(Service)
  })

  it("takes a middleware without a security scheme too", () => {
    expectTypeOf(Operators.group(Plain)).toEqualTypeOf<Operators.Group<Plain>>()
  })

  it("is a group like any other", () => {
    expectTypeOf(Operators.group(OperatorsOnly).prefix("/internal")).toExtend<AnyGroup>()
  })
})

describe("Operators.layer", () => {
  it("needs the circuits, the budgets and the middleware", () => {
    expectTypeOf(Operators.layer(api)).toEqualTypeOf<
      Layer.Layer<
        GroupOf<"backend", "circuits">,
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
