// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file missingEffectContext:skip-file
import type * as CircuitReport from "@truce/effect4/CircuitReport"
import * as Operators from "@truce/effect4/Operators"
import { type Duration, Effect } from "effect"
import { HttpApiClient, type HttpApiError, HttpApiMiddleware } from "effect/http-api"
import { describe, expectTypeOf, it } from "vitest"
import { api } from "./Operators.ts"

describe("Operators.group", () => {
  it("does not compile with a middleware that only tells what is wrong", () => {
    // @ts-expect-error one that tells what is wrong with a request lets it through all the same
    Operators.group(HttpApiMiddleware.ProblemDetails)
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
