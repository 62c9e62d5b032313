import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/**
 * Gives back what a response holds that nobody will read: a short body is read to its end, so that the connection can be used again;
 * a longer one, or one that does not come, ends with its connection. In the background: a retry does not wait for it.
 */
export const release = ({ stream }: HttpClientResponse.HttpClientResponse): Effect.Effect<void> =>
  stream.pipe(
    Stream.runFoldWhile(
      0,
      (bytes) => bytes <= maxBytes,
      (bytes, chunk) => bytes + chunk.length
    ),
    Effect.timeout(maxMillis),
    Effect.catchAllCause(() => Effect.void),
    Effect.forkDaemon
  )

const maxBytes = 65_536
const maxMillis = 1_000
