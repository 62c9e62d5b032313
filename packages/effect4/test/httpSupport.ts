import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { Effect } from "effect"

/** What a client of no network does with one request. */
export type Step =
  | number
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | Effect.Effect<never, HttpClientError.HttpClientError>
  | ((request: HttpClientRequest.HttpClientRequest) => Effect.Effect<never, HttpClientError.HttpClientError>)

/** A client that does one step after the other, then the last again and again; remembers what was sent. */
export const scriptedClient = (...steps: readonly [Step, ...ReadonlyArray<Step>]) => {
  const sent: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) =>
    Effect.suspend((): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
      const step = steps[Math.min(sent.length, steps.length - 1)] ?? 200
      sent.push(request)
      if (typeof step === "function") return step(request)
      if (Effect.isEffect(step)) return step
      const { status, ...rest } = typeof step === "number" ? { status: step } : step
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, new Response(rest.body ?? null, { status, headers: rest.headers ?? {} }))
      )
    })
  )
  return { client, sent }
}

const reasons = {
  Transport: HttpClientError.TransportError,
  Encode: HttpClientError.EncodeError,
  InvalidUrl: HttpClientError.InvalidUrlError
}

export const requestError =
  (reason: keyof typeof reasons, cause?: unknown) => (request: HttpClientRequest.HttpClientRequest) =>
    Effect.fail(new HttpClientError.HttpClientError({ reason: new reasons[reason]({ request, cause }) }))

export const refused = requestError("Transport", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))

/** A date as HTTP writes it. */
export const httpDate = (millis: number): string => new Date(millis).toUTCString()
