// Code for the circuit breaker that Effect ships runs on Truce as it is: the layer changes, nothing else does.
import assert from "node:assert/strict"
import { NodeHttpServer } from "@effect/platform-node"
import { CircuitBreaker, Truce } from "@truce/effect4"
import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
import { classifier } from "@truce/effect4/HttpClient"
import { Duration, Effect, Layer, type Scope } from "effect"
import { HttpClient, HttpRouter, HttpServerResponse } from "effect/http"
import { CircuitBreaker as Builtin } from "effect/persistence"

const key = "inventory"

// The code that is there already: it knows Effect's service, its options and its errors, and no Truce.
const old = Effect.gen(function* () {
  const breaker = yield* Builtin.CircuitBreaker
  const client = HttpClient.withCircuitBreaker(yield* HttpClient.HttpClient, { breaker, key })
  return yield* client.get("/stock")
}).pipe(
  Effect.map(({ status }) => String(status)),
  Effect.catchTag("CircuitBreakerError", ({ reason }) => Effect.succeed(reason._tag))
)
const oldOptions = { tripPolicy: Builtin.consecutive(3), openDuration: "300 millis" } as const

/** A real server on loopback, which is down at first. */
const serving = Effect.gen(function* () {
  const server = { status: 503, requests: 0 }
  const answer = Effect.sync(() => {
    server.requests++
    return HttpServerResponse.empty({ status: server.status })
  })
  const routes = HttpRouter.add("GET", "/stock", answer)
  yield* Layer.build(HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }))
  return server
})

type Network = Layer.Success<typeof NodeHttpServer.layerTest>
const run = <A, E>(program: Effect.Effect<A, E, Network | Scope.Scope>) =>
  Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeHttpServer.layerTest)))

const outage = Effect.gen(function* () {
  const server = yield* serving
  const { state } = yield* Builtin.CircuitBreaker
  const during = yield* Effect.replicateEffect(old, 5)
  server.status = 200
  for (let now = yield* state(key); now._tag === "Open" && !Duration.isZero(now.retryAfter); now = yield* state(key)) {
    yield* Effect.sleep(now.retryAfter)
  }
  return { answers: [...during, yield* old], requests: server.requests }
})

// 1. The same options on the built-in and on Truce: three failures in a row, then a fixed time.
const builtin = Builtin.layer(oldOptions).pipe(Layer.provide(Builtin.layerStoreMemory()))
const truce = BuiltinBreaker.layer(oldOptions)

const before = await run(Effect.provide(outage, builtin))
const after = await run(Effect.provide(outage, truce))
console.log(`on the built-in: ${before.answers.join(", ")}; on Truce: ${after.answers.join(", ")}`)

assert.deepEqual(before, { answers: ["503", "503", "503", "CircuitOpen", "CircuitOpen", "200"], requests: 4 })
assert.deepEqual(after, before)

// 2. On the circuits of `Truce.layer`: the health score decides, and code that is new shares what the old code finds out.
const migrating = Effect.gen(function* () {
  const server = yield* serving
  const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const fresh = (whenOpen: "stop" | "wait") =>
    client.get("/stock").pipe(
      Effect.map(({ status }) => String(status)),
      Truce.protect({ key, classify: classifier(), retry: { whenOpen, deadline: "5 seconds" } })
    )

  yield* Effect.repeat(old, { until: (answer) => answer === "CircuitOpen" })
  const failures = server.requests
  const { text } = yield* CircuitBreaker.explain(key)
  const rejected = yield* Effect.flip(fresh("stop"))

  server.status = 200
  // The first probe is the new code's, the second the old code's: together they close the circuit.
  const answers = [yield* fresh("wait"), yield* old]
  const { status } = yield* CircuitBreaker.state(key)
  return { failures, text, rejected: rejected._tag, answers, status, requests: server.requests }
})

const shared = BuiltinBreaker.layerFromTruce.pipe(Layer.provideMerge(Truce.layer()))
const result = await run(Effect.provide(migrating, shared))
console.log(result.text)
console.log(`${result.failures} failures opened it; then ${result.answers.join(", ")}: ${result.status}`)

assert.ok(result.failures > 3)
assert.equal(result.rejected, "CircuitOpen")
assert.deepEqual([result.answers, result.status], [["200", "200"], "Closed"])
assert.equal(result.requests, result.failures + 2)
