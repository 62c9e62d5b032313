/** The dependency: a real HTTP server in a worker, so that nothing the client does delays its answers. */
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Chunk, Deferred, Effect, Layer, Match, Random, Ref } from "effect"
import { createServer } from "node:http"
import { type Begin, Command, Receipt, RequestId } from "./Protocol.ts"
import { type Fault, phaseAt } from "./Scenario.ts"
import * as Stopwatch from "./Stopwatch.ts"

class Session extends Effect.Service<Session>()("demo/Session", {
  effect: Effect.gen(function* () {
    const begun = yield* Deferred.make<{ readonly plan: Begin; readonly elapsed: Effect.Effect<number> }>()
    const receipts = yield* Ref.make(Chunk.empty<Receipt>())
    return { begun, receipts }
  })
}) {}

const answer = (status: number, from: number, to: number) =>
  Random.nextRange(from, to).pipe(
    Effect.flatMap((latency) => Effect.sleep(latency)),
    Effect.zipRight(HttpServerResponse.text(status === 200 ? "served" : "failed", { status }))
  )

const behave = Match.type<Fault>().pipe(
  Match.tagsExhaustive({
    Healthy: () => answer(200, 5, 25),
    Brownout: ({ errorRate }) => Effect.flatMap(Random.next, (draw) => answer(draw < errorRate ? 503 : 200, 5, 25)),
    Outage: () => answer(503, 1, 5),
    Slow: ({ from, to }) => answer(200, from, to),
    Hang: () => Effect.never
  })
)

const handle = Effect.gen(function* () {
  const id = yield* HttpRouter.schemaPathParams(RequestId)
  const { begun, receipts } = yield* Session
  const { elapsed, plan } = yield* Deferred.await(begun)
  const at = yield* elapsed
  yield* Ref.update(receipts, Chunk.append(new Receipt({ ...id, at })))
  // The draws depend on the call and the attempt alone: no design is luckier than another.
  return yield* behave(phaseAt(plan.timeline, at).fault).pipe(
    Effect.withRandom(Random.make(`${plan.seed}/${id.call}/${id.attempt}`))
  )
})

const app = HttpRouter.empty.pipe(
  HttpRouter.get("/ready", HttpServerResponse.empty()),
  HttpRouter.get("/:design/:call/:attempt", handle)
)

const commands = WorkerRunner.layerSerialized(Command, {
  Listen: () =>
    HttpServer.HttpServer.pipe(
      Effect.flatMap(({ address }) =>
        address._tag === "TcpAddress" ? Effect.succeed(address.port) : Effect.dieMessage("not a TCP address")
      )
    ),
  Begin: (plan) =>
    Effect.gen(function* () {
      const { begun } = yield* Session
      yield* Deferred.succeed(begun, { plan, elapsed: yield* Stopwatch.start })
    }),
  Receipts: () =>
    Session.pipe(
      Effect.flatMap(({ receipts }) => Ref.get(receipts)),
      Effect.map(Chunk.toReadonlyArray)
    )
})

WorkerRunner.launch(
  Layer.merge(HttpServer.serve(app), commands).pipe(
    Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
    Layer.provide(Session.Default),
    Layer.provide(NodeWorkerRunner.layer)
  )
).pipe(NodeRuntime.runMain)
