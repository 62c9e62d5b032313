/** One attempt over HTTP, as an application would write it: typed errors, a timeout, and what each error means. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Classifier } from "@truce/effect3"
import { Context, Data, Effect, Layer, Schedule } from "effect"
import type { RequestId } from "./Protocol.ts"
import { Server } from "./Server.ts"
import { attemptTimeout } from "./Settings.ts"

export class ServerError extends Data.TaggedError("ServerError")<{ readonly status: number }> {}
export class Timeout extends Data.TaggedError("Timeout") {}
export class Unreachable extends Data.TaggedError("Unreachable")<{ readonly cause: unknown }> {}

export type AttemptError = ServerError | Timeout | Unreachable

export const classify = Classifier.tags<AttemptError>()({
  ServerError: "retriable",
  Timeout: Classifier.retriable({ saturated: true }),
  Unreachable: "retriable"
})

export class Dependency extends Context.Tag("demo/Dependency")<
  Dependency,
  { readonly request: (id: RequestId) => Effect.Effect<void, AttemptError> }
>() {}

export const layer: Layer.Layer<Dependency, Unreachable, Server> = Layer.effect(
  Dependency,
  Effect.gen(function* () {
    const { url } = yield* Server
    const client = yield* HttpClient.HttpClient

    const get = (path: string) =>
      client.get(`${url}${path}`).pipe(
        // An answer that is not read to its end keeps its connection.
        Effect.tap((response) => response.text),
        Effect.mapError((cause) => new Unreachable({ cause }))
      )

    // The first requests of a process are slow, and that is not the dependency's fault.
    yield* get("/ready").pipe(Effect.repeat(Schedule.recurs(20)))

    return Dependency.of({
      request: ({ attempt, call, design }) =>
        get(`/${design}/${call}/${attempt}`).pipe(
          Effect.filterOrFail(
            ({ status }) => status === 200,
            ({ status }) => new ServerError({ status })
          ),
          Effect.timeoutFail({ duration: attemptTimeout, onTimeout: () => new Timeout() }),
          Effect.asVoid
        )
    })
  })
).pipe(Layer.provide(NodeHttpClient.layerUndici))
