// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file missingEffectContext:skip-file
import { HttpApiClient, type HttpApiError } from "@effect/platform"
import type * as CircuitReport from "@truce/effect3/CircuitReport"
import type * as Operators from "@truce/effect3/Operators"
import { type Duration, Effect } from "effect"
import { describe, expectTypeOf, it } from "vitest"
import { api } from "./Operators.ts"

describe("the derived client", () => {
  it("knows the circuits, the reasons and the errors", () => {
    const program = Effect.gen(function* () {
      const { circuits } = yield* HttpApiClient.make(api)
      const list = circuits.list({ urlParams: { status: "Open" } })
      expectTypeOf<Effect.Effect.Success<typeof list>["circuits"]>().toEqualTypeOf<
        ReadonlyArray<CircuitReport.Circuit>
      >()
      expectTypeOf<CircuitReport.Circuit["admitsIn"]>().toEqualTypeOf<Duration.Duration>()
      const isolate = circuits.isolate({ path: { key: "users-api" }, payload: { reason: "migration", create: true } })
      type Errors = Effect.Effect.Error<typeof isolate>
      expectTypeOf<Operators.CircuitNotFound>().toExtend<Errors>()
      expectTypeOf<HttpApiError.Unauthorized>().toExtend<Errors>()
      // @ts-expect-error no reason
      circuits.isolate({ path: { key: "users-api" }, payload: {} })
      // @ts-expect-error reset creates nothing
      circuits.reset({ path: { key: "users-api" }, payload: { reason: "fixed", create: true } })
    })
    expectTypeOf(program).toExtend<Effect.Effect<void, never, unknown>>()
  })
})
