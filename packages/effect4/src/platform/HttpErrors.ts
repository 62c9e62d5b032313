import * as Predicate from "effect/Predicate"

/**
 * What OpenTelemetry calls the error of an HTTP client: that of an answer by its status, another by its reason. The root knows no HTTP, so
 * it goes by the shape of Effect's error.
 */
export const httpNameOf = (error: unknown): string | undefined => {
  if (!Predicate.isTagged(error, "HttpClientError") || !Predicate.hasProperty(error, "reason")) return undefined
  const { reason } = error
  if (!Predicate.hasProperty(reason, "_tag")) return undefined
  return reason._tag === "StatusCodeError" &&
    Predicate.hasProperty(reason, "response") &&
    Predicate.hasProperty(reason.response, "status")
    ? String(reason.response.status)
    : String(reason._tag)
}
