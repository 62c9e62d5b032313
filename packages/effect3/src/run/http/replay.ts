import type * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"

type Request = HttpClientRequest.HttpClientRequest

/** Whether the method, or a key that the server tells repetitions by, makes it safe to send a request twice. */
export const isIdempotent = ({ headers, method }: Request): boolean =>
  (idempotencyHeader in headers && headers[idempotencyHeader] !== "") || idempotentMethods.has(method)

/** Whether a body can be sent twice: what a stream has given is gone. */
export const isReplayable = (body: HttpBody.HttpBody): boolean => {
  switch (body._tag) {
    case "Empty":
    case "Uint8Array":
    case "FormData":
      return true
    case "Stream":
      return false
    case "Raw":
      return isData(body.body)
  }
}

const idempotencyHeader = "idempotency-key"

const idempotentMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])

/** Data at rest; anything else that a client takes may be read only once. */
const isData = (body: unknown): boolean =>
  body === undefined ||
  body === null ||
  typeof body === "string" ||
  ArrayBuffer.isView(body) ||
  dataTags.has(Object.prototype.toString.call(body))

const dataTags: ReadonlySet<string> = new Set([
  "[object ArrayBuffer]",
  "[object SharedArrayBuffer]",
  "[object Blob]",
  "[object File]",
  "[object FormData]",
  "[object URLSearchParams]"
])
