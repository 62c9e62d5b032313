import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"

type Response = HttpClientResponse.HttpClientResponse

/** An answer as an error for its status, as the rule for that status is given it. */
export type StatusError = HttpClientError.ResponseError

export const statusError = (response: Response): StatusError =>
  new HttpClientError.ResponseError({ request: response.request, response, reason: "StatusCode" })

/** An answer as an error of a client, for its status. */
export type AnswerError = HttpClientError.ResponseError

export class Answered extends HttpClientError.ResponseError {
  constructor(response: Response) {
    super({ request: response.request, response, reason: "StatusCode" })
  }
}

/** The error of a client for a body that cannot be read. */
export const unreadable = (response: Response, description: string): HttpClientError.HttpClientError =>
  new HttpClientError.ResponseError({ request: response.request, response, reason: "Decode", description })

/** What is wrong, as an error of a client says it. */
export type Trouble =
  | { readonly _tag: "Transport"; readonly cause: unknown }
  | { readonly _tag: "Status"; readonly response: Response }
  | { readonly _tag: "Body"; readonly cause: unknown }
  | { readonly _tag: "NoBody" }
  | { readonly _tag: "Request" }

export const troubleOf = (error: HttpClientError.HttpClientError): Trouble => {
  switch (error.reason) {
    case "Transport":
      return { _tag: "Transport", cause: error.cause }
    case "StatusCode":
      return { _tag: "Status", response: error.response }
    case "Decode":
      return { _tag: "Body", cause: error.cause }
    case "EmptyBody":
      return { _tag: "NoBody" }
    case "Encode":
    case "InvalidUrl":
      return { _tag: "Request" }
  }
}

/** What a response shows besides its body. */
export const shown = ["cookies", "headers", "remoteAddress", "status"] as const satisfies ReadonlyArray<keyof Response>

export const isHttpClient = (u: unknown): u is HttpClient.HttpClient => hasProperty(u, HttpClient.TypeId)

/** What a client does to a request before it is sent, and what it does then. */
export interface Parts<E, R> {
  readonly preprocess: HttpClient.HttpClient.Preprocess<E, R>
  readonly postprocess: HttpClient.HttpClient.Postprocess<E, R>
}

// `HttpClient.makeWith` is given both and does not show them: without, what prepares a request would do so again for each attempt.
export const partsOf = <E, R>(self: HttpClient.HttpClient.With<E, R>): Parts<E, R> =>
  hasParts(self) ? self : { preprocess: Effect.succeed, postprocess: Effect.flatMap(self.execute) }

const hasParts = <E, R>(
  self: HttpClient.HttpClient.With<E, R>
): self is HttpClient.HttpClient.With<E, R> & Parts<E, R> =>
  hasProperty(self, "preprocess") &&
  typeof self.preprocess === "function" &&
  hasProperty(self, "postprocess") &&
  typeof self.postprocess === "function"
