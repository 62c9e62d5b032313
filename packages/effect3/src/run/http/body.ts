import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { shown, troubleOf, unreadable } from "../../platform/HttpClient.ts"

type Response = HttpClientResponse.HttpClientResponse

/**
 * The same response, with its body in memory and nothing else behind it.
 *
 * A short body is read to its end, so that the connection can be used again; a longer one, or one that does not come, ends with its
 * connection, and cannot be read any more. In the background: a retry does not wait for it.
 */
export const keep = (response: Response): Effect.Effect<Response> =>
  // A timeout ends nothing in the uninterruptible region that a call may be in.
  Effect.map(Effect.forkDaemon(Effect.interruptible(read(response))), (reading) => {
    const { headers, request, status } = response
    const type = headers["content-type"]
    const body = Stream.flatMap(Stream.fromEffect(Fiber.join(reading)), Stream.fromIterable)
    const web = new Response(Stream.toReadableStream(body), {
      headers: type !== undefined && printable.test(type) ? [["content-type", type]] : [],
      // For `toWeb`.
      ...(status >= 400 && status <= 599 ? { status } : {})
    })
    // A server may send what `Response` does not take: statuses above 599, and bodies or headers where there should be none.
    return Object.defineProperties(
      HttpClientResponse.fromWeb(request, web),
      Object.fromEntries(shown.map((name) => [name, { value: response[name] }]))
    )
  })

/** The body, if all of it came in time. */
const read = (response: Response): Effect.Effect<ReadonlyArray<Uint8Array>, HttpClientError> =>
  Effect.suspend(() => {
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
      Effect.timeoutFail({ duration: maxMillis, onTimeout: () => unreadable(response, description) }),
      Effect.catchIf(
        (error) => troubleOf(error)._tag === "NoBody",
        () => Effect.void
      ),
      Effect.zipRight(
        Effect.suspend(() =>
          bytes <= maxBytes ? Effect.succeed(chunks) : Effect.fail(unreadable(response, description))
        )
      )
    )
  })

const maxBytes = 65_536
const maxMillis = 1_000
const description = "only a body of at most 64 KiB that comes within a second is kept of a response that was an error"

const printable = /^[\x20-\x7e]*$/

// The package is built without the types of any platform.
declare const Response: new (
  body: ReturnType<typeof Stream.toReadableStream> | null,
  init: { readonly headers: Array<[string, string]>; readonly status?: number }
) => Parameters<typeof HttpClientResponse.fromWeb>[1]
