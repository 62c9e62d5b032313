import * as Cookies from "@effect/platform/Cookies"
import { ResponseError } from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

type Response = HttpClientResponse.HttpClientResponse

/**
 * The same response, with its body in memory and nothing else behind it.
 *
 * A short body is read to its end, so that the connection can be used again; a longer one, or one that does not come, ends with its
 * connection, and cannot be read any more. In the background: a retry does not wait for it.
 */
export const keep = (response: Response): Effect.Effect<Response> =>
  Effect.map(Effect.forkDaemon(read(response)), (reading) => {
    const { cookies, request, status } = response
    const { "set-cookie": _, ...headers } = response.headers
    const pairs = Cookies.toSetCookieHeaders(cookies).map((cookie): [string, string] => ["set-cookie", cookie])
    const body = Stream.flatMap(Stream.fromEffect(Fiber.join(reading)), Stream.fromIterable)
    return HttpClientResponse.fromWeb(
      request,
      new Response(bodiless.has(status) ? null : Stream.toReadableStream(body), {
        status,
        headers: [...Object.entries(headers), ...pairs]
      })
    )
  })

/** The body, if all of it came in time. */
const read = (response: Response): Effect.Effect<ReadonlyArray<Uint8Array>, ResponseError> => {
  const { request } = response
  const incomplete = () => new ResponseError({ request, response, reason: "Decode", description })
  return Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    return response.stream.pipe(
      Stream.runFoldWhile(
        0,
        (bytes) => bytes <= maxBytes,
        (bytes, chunk) => {
          chunks.push(chunk)
          return bytes + chunk.length
        }
      ),
      Effect.timeoutFail({ duration: maxMillis, onTimeout: incomplete }),
      Effect.catchIf(
        ({ reason }) => reason === "EmptyBody",
        () => Effect.succeed(0)
      ),
      Effect.filterOrFail((bytes) => bytes <= maxBytes, incomplete),
      Effect.as(chunks)
    )
  })
}

const maxBytes = 65_536
const maxMillis = 1_000
const description = "only a body of at most 64 KiB that comes within a second is kept of a response that was an error"

/** Statuses whose response has no body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

// The package is built without the types of any platform.
declare const Response: new (
  body: ReturnType<typeof Stream.toReadableStream> | null,
  init: { readonly status: number; readonly headers: Array<[string, string]> }
) => Parameters<typeof HttpClientResponse.fromWeb>[1]
