// Circuits over HTTP, in an api of one's own: listed, explained, controlled and followed, by operators only.
import assert from "node:assert/strict"
import { createServer } from "node:http"
import * as Sse from "@effect/experimental/Sse"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSecurity,
  HttpClient,
  HttpClientRequest,
  HttpServer
} from "@effect/platform"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect4"
import * as CircuitReport from "@truce/effect4/CircuitReport"
import * as Operators from "@truce/effect4/Operators"
import { Data, Deferred, Duration, Effect, Fiber, Layer, Redacted, Schema, Stream } from "effect"

class OperatorsOnly extends HttpApiMiddleware.Tag<OperatorsOnly>()("OperatorsOnly", {
  failure: HttpApiError.Unauthorized,
  security: { bearer: HttpApiSecurity.bearer }
}) {}

const users = HttpApiGroup.make("users").add(HttpApiEndpoint.get("hello", "/hello").addSuccess(Schema.String))
const api = HttpApi.make("backend").add(users).add(Operators.group(OperatorsOnly).prefix("/internal"))

const server = HttpApiBuilder.serve().pipe(
  Layer.provide(HttpApiBuilder.api(api)),
  Layer.provide(HttpApiBuilder.group(api, "users", (handlers) => handlers.handle("hello", () => Effect.succeed("hi")))),
  Layer.provide(Operators.layer(api)),
  Layer.provide(
    Layer.succeed(OperatorsOnly, {
      bearer: (token) =>
        Redacted.value(token) === "secret" ? Effect.void : Effect.fail(new HttpApiError.Unauthorized())
    })
  ),
  Layer.provideMerge(Truce.layer()),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0 })),
  Layer.provideMerge(NodeHttpClient.layer)
)

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
// A key is any text: it is encoded where it becomes a part of the path.
const key = "http://users:8080/"
const attempt = Effect.fail(new Timeout()).pipe(CircuitBreaker.execute({ key, classify }), Effect.ignore)

const program = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const baseUrl = `http://127.0.0.1:${address._tag === "TcpAddress" ? address.port : 0}`
  const as = (token: string) => HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
  const stranger = yield* HttpApiClient.make(api, { baseUrl, transformClient: as("guess") })
  const operator = yield* HttpApiClient.make(api, { baseUrl, transformClient: as("secret") })

  // Server-sent events, read as any client does: `curl -N`, an EventSource, or these lines.
  const connected = yield* Deferred.make<void>()
  const follower = yield* HttpClientRequest.get(`${baseUrl}/internal/transitions`).pipe(
    as("secret")(yield* HttpClient.HttpClient).execute,
    Effect.map(({ stream }) => Stream.decodeText(stream)),
    Stream.unwrap,
    Stream.tap(() => Deferred.succeed(connected, undefined)),
    Stream.pipeThroughChannel(Sse.makeChannel()),
    Stream.map(({ data }) => Schema.decodeSync(Schema.parseJson(CircuitReport.Transition))(data)),
    Stream.take(3),
    Stream.runCollect,
    Effect.forkChild
  )
  yield* Deferred.await(connected)

  yield* Effect.repeatN(attempt, 5)
  const rejected = yield* Effect.flip(stranger.circuits.list({ urlParams: {} }))
  const { circuits } = yield* operator.circuits.list({ urlParams: { status: "Open" } })
  const isolated = yield* operator.circuits.isolate({ path: { key }, payload: { reason: "migration until noon" } })
  const explained = yield* operator.circuits.explain({ path: { key } })
  const unknown = yield* Effect.flip(operator.circuits.explain({ path: { key: "typo" } }))
  yield* operator.circuits.reset({ path: { key }, payload: { reason: "migrated" } })
  return { rejected, circuits, isolated, explained, unknown, followed: [...(yield* Fiber.join(follower))] }
})

const { circuits, explained, followed, isolated, rejected, unknown } = await Effect.runPromise(
  Effect.provide(program, server)
)
console.log(explained.text)
for (const { from, reason, to } of followed) console.log(`followed: ${from} -> ${to} ${reason}`)

assert.equal(rejected._tag, "Unauthorized")
assert.deepEqual(
  circuits.map((circuit) => circuit.key),
  [key]
)
assert.equal(isolated.admitsIn, Duration.infinity)
assert.match(explained.cause, /migration until noon/)
assert.equal(unknown._tag, "CircuitNotFound")
assert.deepEqual(
  followed.map(({ to }) => to),
  ["Open", "Isolated", "Closed"]
)
