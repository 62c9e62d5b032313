// What only Effect 4 has: details of what is wrong with a request, and answers that a derived client streams.
import { it } from "@effect/vitest"
import { CircuitBreaker } from "@truce/effect4"
import * as Operators from "@truce/effect4/Operators"
import { Effect, Layer, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiClient, HttpApiMiddleware } from "effect/http-api"
import { describe, expect } from "vitest"
import { key, steady } from "../support.ts"
import { OperatorsOnly, api, guard, serving } from "./Operators.ts"

describe("control", () => {
  it.live("tells what is wrong with it where the user's api does, as any of its endpoints", () =>
    Effect.promise(async () => {
      const telling = HttpApi.make("backend")
        .add(Operators.group(OperatorsOnly))
        .middleware(HttpApiMiddleware.ProblemDetails)
      const { dispose, handler } = HttpRouter.toWebHandler(
        HttpApiBuilder.layer(telling).pipe(
          Layer.provide(Operators.layer(telling)),
          Layer.provide([guard, HttpApiMiddleware.layerProblemDetails({ includeDetails: true }), steady()]),
          Layer.provide(HttpServer.layerServices)
        ),
        { disableLogger: true }
      )
      const response = await handler(
        new Request(`http://localhost/circuits/${key}/isolate`, {
          method: "POST",
          headers: { authorization: "Bearer secret", "content-type": "application/json" },
          body: JSON.stringify({ reason: " " })
        })
      )
      const problem: unknown = await response.json()
      await dispose()
      expect([response.status, problem]).toMatchObject([
        400,
        { errors: [{ path: ["payload", "reason"], message: "Expected a reason that is not blank" }] }
      ])
    })
  )
})

describe("transitions", () => {
  it.live("are bytes for the derived client, to be read as they come", () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const { circuits } = yield* HttpApiClient.make(api, {
        baseUrl: `http://127.0.0.1:${"port" in address ? address.port : 0}`,
        transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken("secret"))
      })
      const stream = yield* circuits.transitions({ headers: {} })
      const text = yield* stream.pipe(
        Stream.decodeText,
        Stream.tap((chunk) => (chunk.includes("connected") ? CircuitBreaker.isolate(key, "migration") : Effect.void)),
        Stream.takeUntil((chunk) => chunk.includes("event: transition")),
        Stream.mkString
      )
      expect(text).toContain(`"reason":"migration"`)
    }).pipe(Effect.scoped, Effect.provide(serving()))
  )
})
