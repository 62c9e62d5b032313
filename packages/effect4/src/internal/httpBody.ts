import { DecodeError, HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
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
  // A timeout ends nothing in the uninterruptible region that a call may be in.
  Effect.map(Effect.forkDetach(Effect.interruptible(read(response))), (reading) => {
    const { cookies, headers, remoteAddress, request, status, url } = response
    const type = headers["content-type"]
    const body = Stream.flatMap(Stream.fromEffect(Fiber.join(reading)), Stream.fromIterable)
    const web = new Response(Stream.toReadableStream(body), {
      headers: type !== undefined && printable.test(type) ? [["content-type", type]] : [],
      // For `toWeb`.
      ...(status >= 400 && status <= 599 ? { status } : {})
    })
    // A server may send what `Response` does not take: statuses above 599, and bodies or headers where there should be none.
    return Object.defineProperties(HttpClientResponse.fromWeb(request, web), {
      cookies: { value: cookies },
      headers: { value: headers },
      remoteAddress: { value: remoteAddress },
      status: { value: status },
      url: { value: url }
    })
  })

/** The body, if all of it came in time. */
const read = (response: Response): Effect.Effect<ReadonlyArray<Uint8Array>, HttpClientError> => {
  const { request } = response
  const incomplete = Effect.suspend(() =>
    Effect.fail(new HttpClientError({ reason: new DecodeError({ request, response, description }) }))
  )
  return Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    return response.stream.pipe(
      Stream.runForEachWhile((chunk) =>
        Effect.sync(() => {
          chunks.push(chunk)
          bytes += chunk.length
          return bytes <= maxBytes
        })
      ),
      Effect.timeoutOrElse({ duration: maxMillis, orElse: () => incomplete }),
      Effect.catchIf(
        ({ reason }) => reason._tag === "EmptyBodyError",
        () => Effect.void
      ),
      Effect.andThen(Effect.suspend(() => (bytes <= maxBytes ? Effect.succeed(chunks) : incomplete)))
    )
  })
}

const maxBytes = 65_536
const maxMillis = 1_000
const description = "only a body of at most 64 KiB that comes within a second is kept of a response that was an error"

const printable = /^[\x20-\x7e]*$/

// The package is built without the types of any platform.
declare const Response: new (
  body: ReturnType<typeof Stream.toReadableStream> | null,
  init: { readonly headers: Array<[string, string]>; readonly status?: number }
) => Parameters<typeof HttpClientResponse.fromWeb>[1]
