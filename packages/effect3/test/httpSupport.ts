import { HttpClient, type HttpClientError, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Effect } from "effect"
import { requestError } from "./platform/Http.ts"

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

export const refused = requestError("Transport", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))

/** A date as HTTP writes it. */
export const httpDate = (millis: number): string => new Date(millis).toUTCString()
