import { NodeHttpClient } from "@effect/platform-node"
import { Effect, type Layer } from "effect"
import {
  FetchHttpClient,
  type HttpClient,
  HttpClientError,
  type HttpClientRequest,
  type HttpClientResponse
} from "effect/http"

/** The clients that a user has on Node. */
export const clients: ReadonlyArray<readonly [name: string, layer: Layer.Layer<HttpClient.HttpClient>]> = [
  ["the fetch client", FetchHttpClient.layer],
  ["the undici client", NodeHttpClient.layerUndici],
  ["the node client", NodeHttpClient.layerNodeHttp],
  ["the node client with keep-alive", NodeHttpClient.layerNodeHttpOptions({ keepAlive: true })]
]

/** Those that cannot send a form. */
export const formless: ReadonlyArray<string> = []

/** What an answer becomes whose status is a failure. */
export type StatusError = HttpClientError.HttpClientError

/** Why a client failed: `Transport`, `Encode`, `InvalidUrl`, `StatusCode`, `Decode`. */
export const reasonOf = (error: unknown): string | undefined =>
  HttpClientError.isHttpClientError(error) ? error.reason._tag.replace(/Error$/, "") : undefined

/** The answer that an error was made of. */
export const responseOf = (error: unknown): HttpClientResponse.HttpClientResponse | undefined =>
  HttpClientError.isHttpClientError(error) ? error.response : undefined

export const descriptionOf = (error: HttpClientError.HttpClientError): string | undefined => error.reason.description

const reasons = {
  Transport: HttpClientError.TransportError,
  Encode: HttpClientError.EncodeError,
  InvalidUrl: HttpClientError.InvalidUrlError
}

/** What a client fails with that sent nothing. */
export const requestError =
  (reason: keyof typeof reasons, cause?: unknown) =>
  (request: HttpClientRequest.HttpClientRequest): Effect.Effect<never, HttpClientError.HttpClientError> =>
    Effect.fail(new HttpClientError.HttpClientError({ reason: new reasons[reason]({ request, cause }) }))

/** What the reading of a body fails with. */
export const decodeError =
  (cause: unknown) =>
  (response: HttpClientResponse.HttpClientResponse): Effect.Effect<never, HttpClientError.HttpClientError> =>
    Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
      })
    )
