// Circuits over HTTP, in an api of one's own: listed, explained, controlled and followed, by operators only.
import assert from "node:assert/strict"
import { createServer } from "node:http"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect4"
import * as CircuitReport from "@truce/effect4/CircuitReport"
import * as Operators from "@truce/effect4/Operators"
import { Data, Deferred, Duration, Effect, Fiber, Layer, Redacted, Schema, Stream } from "effect"
import * as Sse from "effect/encoding/Sse"
import { HttpClient, type HttpClientError, HttpClientRequest, HttpRouter, HttpServer } from "effect/http"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSecurity
} from "effect/http-api"

class OperatorsOnly extends HttpApiMiddleware.Service<OperatorsOnly>()("app/OperatorsOnly", {
  error: HttpApiError.Unauthorized,
  security: { bearer: HttpApiSecurity.bearer }
}) {}

const users = HttpApiGroup.make("users").add(HttpApiEndpoint.get("hello", "/hello", { success: Schema.String }))
const api = HttpApi.make("backend").add(users).add(Operators.group(OperatorsOnly).prefix("/internal"))

const routes = HttpApiBuilder.layer(api).pipe(
  Layer.provide(HttpApiBuilder.group(api, "users", (handlers) => handlers.handle("hello", () => Effect.succeed("hi")))),
  Layer.provide(Operators.layer(api)),
  Layer.provide(
    Layer.succeed(OperatorsOnly, {
      bearer: (answer, { credential }) =>
        Redacted.value(credential) === "secret" ? answer : Effect.fail(new HttpApiError.Unauthorized({}))
    })
  )
)
const server = HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
  Layer.provideMerge(Truce.layer()),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provideMerge(NodeHttpClient.layerUndici)
)

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
// A key is any text: it is encoded where it becomes a part of the path.
const key = "http://users:8080/"
const attempt = Effect.fail(new Timeout()).pipe(CircuitBreaker.execute({ key, classify }), Effect.ignore)

// `Sse.decode` ends where the server says how soon to come back, which is the first it says here: this goes on.
const events = (text: Stream.Stream<string, HttpClientError.HttpClientError>) =>
  Stream.suspend(() => {
    const parsed: Array<Sse.Event> = []
    const parser = Sse.makeParser((event) => event._tag === "Event" && parsed.push(event))
    return Stream.flatMap(text, (chunk) => {
      parser.feed(chunk)
      return Stream.fromIterable(parsed.splice(0))
    })
  })
const transitionOf = Schema.decodeEffect(Schema.fromJsonString(CircuitReport.Transition))

const program = Effect.gen(function* () {
  const baseUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
  const as = (token: string) => HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
  const stranger = yield* HttpApiClient.make(api, { baseUrl, transformClient: as("guess") })
  const operator = yield* HttpApiClient.make(api, { baseUrl, transformClient: as("secret") })

  // Server-sent events, read as any client does: `curl -N`, an EventSource, or these lines.
  const connected = yield* Deferred.make<void>()
  const follower = yield* as("secret")(yield* HttpClient.HttpClient)
    .get(`${baseUrl}/internal/transitions`)
    .pipe(
      Effect.map(({ stream }) => Stream.decodeText(stream)),
      Stream.unwrap,
      Stream.tap(() => Deferred.succeed(connected, undefined)),
      events,
      Stream.mapEffect(({ data }) => transitionOf(data)),
      Stream.take(3),
      Stream.runCollect,
      Effect.forkChild
    )
  yield* Deferred.await(connected)

  yield* Effect.repeat(attempt, { times: 5 })
  const rejected = yield* Effect.flip(stranger.circuits.list({ query: {} }))
  const { circuits } = yield* operator.circuits.list({ query: { status: "Open" } })
  const isolated = yield* operator.circuits.isolate({ params: { key }, payload: { reason: "migration until noon" } })
  const explained = yield* operator.circuits.explain({ params: { key } })
  const unknown = yield* Effect.flip(operator.circuits.explain({ params: { key: "typo" } }))
  yield* operator.circuits.reset({ params: { key }, payload: { reason: "migrated" } })
  return { rejected, circuits, isolated, explained, unknown, followed: yield* Fiber.join(follower) }
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
