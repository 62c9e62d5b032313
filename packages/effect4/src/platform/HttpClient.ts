import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"

type Response = HttpClientResponse.HttpClientResponse

/** An answer as an error for its status, as the rule for that status is given it. */
export type StatusError = HttpClientError.StatusCodeError

export const statusError = (response: Response): StatusError =>
  new HttpClientError.StatusCodeError({ request: response.request, response })

/** An answer as an error of a client, for its status. */
export type AnswerError = HttpClientError.HttpClientError

export class Answered extends HttpClientError.HttpClientError {
  readonly #response: Response
  constructor(response: Response) {
    super({ reason: statusError(response) })
    this.#response = response
  }
  override get response(): Response {
    return this.#response
  }
}

/** The error of a client for a body that cannot be read. */
export const unreadable = (response: Response, description: string): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.DecodeError({ request: response.request, response, description })
  })

/** What is wrong, as an error of a client says it. */
export type Trouble =
  | { readonly _tag: "Transport"; readonly cause: unknown }
  | { readonly _tag: "Status"; readonly response: Response }
  | { readonly _tag: "Body"; readonly cause: unknown }
  | { readonly _tag: "NoBody" }
  | { readonly _tag: "Request" }

export const troubleOf = ({ reason }: HttpClientError.HttpClientError): Trouble => {
  switch (reason._tag) {
    case "TransportError":
      return { _tag: "Transport", cause: reason.cause }
    case "StatusCodeError":
      return { _tag: "Status", response: reason.response }
    case "DecodeError":
      return { _tag: "Body", cause: reason.cause }
    case "EmptyBodyError":
      return { _tag: "NoBody" }
    case "EncodeError":
    case "InvalidUrlError":
      return { _tag: "Request" }
  }
}

/** What a response shows besides its body. */
export const shown = ["cookies", "headers", "remoteAddress", "status", "url"] as const satisfies ReadonlyArray<
  keyof Response
>

export const isHttpClient: (u: unknown) => u is HttpClient.HttpClient = HttpClient.isHttpClient

/** What a client does to a request before it is sent, and what it does then. */
export type Parts<E, R> = Pick<HttpClient.HttpClient.With<E, R>, "preprocess" | "postprocess">

export const partsOf = <E, R>(self: HttpClient.HttpClient.With<E, R>): Parts<E, R> => self
