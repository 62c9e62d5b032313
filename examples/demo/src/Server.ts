/** The client's handle on the server's worker. */
import * as Worker from "@effect/platform/Worker"
import type { WorkerError } from "@effect/platform/WorkerError"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Context, Effect, Layer } from "effect"
import type { ParseResult } from "effect"
import * as WorkerThreads from "node:worker_threads"
import { Begin, type Command, Listen, type Receipt, Receipts } from "./Protocol.ts"
import type { Timeline } from "./Scenario.ts"

type ServerFailure = WorkerError | ParseResult.ParseError

export class Server extends Context.Tag("demo/Server")<
  Server,
  {
    readonly url: string
    /** Starts the timeline: the server's time is 0 from here on. */
    readonly begin: (timeline: Timeline, seed: number) => Effect.Effect<void, ServerFailure>
    /** Every request that reached the server, in the order of arrival. */
    readonly receipts: Effect.Effect<ReadonlyArray<Receipt>, ServerFailure>
  }
>() {}

export const layer: Layer.Layer<Server, ServerFailure> = Layer.scoped(
  Server,
  Effect.gen(function* () {
    const worker = yield* Worker.makeSerialized<Command>({})
    const port = yield* worker.executeEffect(new Listen())
    return Server.of({
      url: `http://127.0.0.1:${port}`,
      begin: (timeline, seed) => worker.executeEffect(new Begin({ timeline, seed })),
      receipts: worker.executeEffect(new Receipts())
    })
  })
).pipe(Layer.provide(NodeWorker.layer(() => new WorkerThreads.Worker(new URL("./ServerWorker.ts", import.meta.url)))))
