import { NodeHttpServer } from "@effect/platform-node"
import { expect, it } from "@effect/vitest"
import { CircuitBreaker, Metrics, Truce } from "@truce/effect4"
import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
import { Advance } from "@truce/effect4/testing"
import { Effect, Layer, Metric, Ref } from "effect"
import { HttpClient, HttpRouter, HttpServerResponse } from "effect/http"
import { CircuitBreaker as Builtin } from "effect/persistence"

// A real server on loopback, which answers what it is told to.
const answering = (status: Ref.Ref<number>, requests: Ref.Ref<number>) =>
  HttpRouter.add(
    "GET",
    "/items",
    Effect.andThen(
      Ref.update(requests, (n) => n + 1),
      Effect.map(Ref.get(status), (status) => HttpServerResponse.empty({ status }))
    )
  )

const served = Effect.gen(function* () {
  const status = yield* Ref.make(503)
  const requests = yield* Ref.make(0)
  yield* Layer.build(HttpRouter.serve(answering(status, requests), { disableListenLog: true, disableLogger: true }))
  return { status, requests }
})

it.effect(
  "HttpClient.withCircuitBreaker runs on the health score, with retries outside and metrics of each attempt",
  () =>
    Effect.gen(function* () {
      const { requests, status } = yield* served
      const breaker = yield* Builtin.CircuitBreaker
      const guarded = HttpClient.withCircuitBreaker(yield* HttpClient.HttpClient, { breaker, key: "inventory" })
      const client = HttpClient.retryTransient(guarded, { times: 2 })
      const call = client.get("/items").pipe(
        Effect.map((response) => response.status),
        Effect.catchTag("CircuitBreakerError", (error) => Effect.succeed(error.reason._tag))
      )
      let answers = 0
      while ((yield* call) !== "CircuitOpen" && answers < 100) answers++
      const opened = yield* Ref.get(requests)
      expect(opened).toBeLessThan(40)
      expect((yield* CircuitBreaker.state("inventory")).status).toBe("Open")

      yield* Ref.set(status, 204)
      expect(yield* call).toBe("CircuitOpen")
      yield* Advance.untilAdmits("inventory")
      expect([yield* call, yield* call]).toEqual([204, 204])
      expect((yield* CircuitBreaker.state("inventory")).status).toBe("Closed")

      const snapshots = yield* Metric.snapshot
      expect(snapshots.some(({ id }) => id.startsWith("truce"))).toBe(true)
    }).pipe(
      Effect.provide([
        BuiltinBreaker.layerFromTruce.pipe(Layer.provideMerge(Metrics.layer()), Layer.provideMerge(Truce.layer())),
        NodeHttpServer.layerTest
      ])
    )
)
