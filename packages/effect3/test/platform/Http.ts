import {
  FetchHttpClient,
  type HttpClient,
  HttpClientError,
  type HttpClientRequest,
  type HttpClientResponse
} from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Layer } from "effect"

/** The clients that a user has on Node. */
export const clients: ReadonlyArray<readonly [name: string, layer: Layer.Layer<HttpClient.HttpClient>]> = [
  ["the fetch client", FetchHttpClient.layer],
  ["the undici client", NodeHttpClient.layerUndici],
  ["the node client", NodeHttpClient.layerWithoutAgent.pipe(Layer.provide(NodeHttpClient.agentLayer))],
  [
    "the node client with keep-alive",
    NodeHttpClient.layerWithoutAgent.pipe(Layer.provide(NodeHttpClient.makeAgentLayer({ keepAlive: true })))
  ]
]

/** Those that cannot send a form: undici 7's own dispatcher does not know the global FormData. */
export const formless: ReadonlyArray<string> = ["the undici client"]

/** What an answer becomes whose status is a failure. */
export type StatusError = HttpClientError.ResponseError

/** Why a client failed: `Transport`, `Encode`, `InvalidUrl`, `StatusCode`, `Decode`. */
export const reasonOf = (error: unknown): string | undefined =>
  HttpClientError.isHttpClientError(error) ? error.reason : undefined

/** The answer that an error was made of. */
export const responseOf = (error: unknown): HttpClientResponse.HttpClientResponse | undefined =>
  HttpClientError.isHttpClientError(error) && error._tag === "ResponseError" ? error.response : undefined

export const descriptionOf = (error: HttpClientError.HttpClientError): string | undefined => error.description

/** What a client fails with that sent nothing. */
export const requestError =
  (reason: "Transport" | "Encode" | "InvalidUrl", cause?: unknown) =>
  (request: HttpClientRequest.HttpClientRequest): Effect.Effect<never, HttpClientError.HttpClientError> =>
    Effect.fail(new HttpClientError.RequestError({ request, reason, cause }))

/** What the reading of a body fails with. */
export const decodeError =
  (cause: unknown) =>
  (response: HttpClientResponse.HttpClientResponse): Effect.Effect<never, HttpClientError.HttpClientError> =>
    Effect.fail(new HttpClientError.ResponseError({ request: response.request, response, reason: "Decode", cause }))
