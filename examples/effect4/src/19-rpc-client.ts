// An RPC client under protection: what the wire does is retriable, what the procedure answers is not.
import assert from "node:assert/strict"
import { createServer } from "node:http"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { Classifier, HealthScore, Truce } from "@truce/effect4"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { Rpc, RpcClient, type RpcClientError, RpcGroup, RpcSerialization, RpcServer } from "effect/rpc"

class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { id: Schema.String }) {}

const GetUser = Rpc.make("GetUser", { payload: { id: Schema.String }, success: Schema.String, error: UserNotFound })
class Users extends RpcGroup.make(GetUser) {}

const handlers = Users.toLayer({
  GetUser: ({ id }) => (id === "ada" ? Effect.succeed("Ada Lovelace") : Effect.fail(new UserNotFound({ id })))
})

// An error added to the procedure does not compile here until somebody says what it means.
const classify = Classifier.tags<RpcClientError.RpcClientError | UserNotFound>()({
  RpcClientError: "retriable",
  UserNotFound: "permanent"
})

const server = createServer()
let requests = 0
let outage = 2
server.prependListener("request", (request) => {
  requests++
  if (outage-- > 0) request.socket.destroy()
})

const served = HttpRouter.serve(RpcServer.layerHttp({ group: Users, path: "/rpc", protocol: "http" }), {
  disableListenLog: true,
  disableLogger: true
}).pipe(Layer.provide(handlers), Layer.provideMerge(NodeHttpServer.layer(() => server, { host: "127.0.0.1", port: 0 })))

const protocol = Layer.unwrap(
  HttpServer.addressFormattedWith((url) => Effect.succeed(RpcClient.layerProtocolHttp({ url: `${url}/rpc` })))
)

const program = Effect.gen(function* () {
  const client = yield* RpcClient.make(Users)
  // A query, so that sending it again does no harm. The timeout is for answers that never come.
  const getUser = (id: string) =>
    client.GetUser({ id }).pipe(Truce.protect({ key: "users-rpc", classify, attemptTimeout: "2 seconds" }))

  const rescued = yield* getUser("ada")
  const missing = yield* getUser("bob").pipe(Effect.catchTag("UserNotFound", ({ id }) => Effect.succeed(`no ${id}`)))
  const { strain } = yield* HealthScore.get("users-rpc")
  outage = Infinity
  const error = yield* Effect.flip(getUser("ada"))
  const lost = error._tag === "RetryExhausted" ? error.lastError._tag : error._tag
  return { rescued, missing, lost, strain }
}).pipe(Effect.scoped)

const live = protocol.pipe(
  Layer.provideMerge(served),
  Layer.provide(RpcSerialization.layerNdjson),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provideMerge(Truce.layer({ retry: { base: "10 millis" } }))
)
const { lost, missing, rescued, strain } = await Effect.runPromise(Effect.provide(program, live))
console.log(`${rescued}, ${missing}, then ${lost}: ${requests} requests, strain ${strain.toFixed(2)}`)

assert.deepEqual([rescued, missing, lost], ["Ada Lovelace", "no bob", "RpcClientError"])
assert.equal(requests, 3 + 1 + 3)
