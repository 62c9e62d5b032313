import * as Predicate from "effect/Predicate"

/**
 * What OpenTelemetry calls the error of an HTTP client: that of an answer by its status. The root knows no HTTP, so it goes by the shape
 * of the platform's error.
 */
export const httpNameOf = (error: unknown): string | undefined =>
  Predicate.isTagged(error, "ResponseError") &&
  Predicate.hasProperty(error, "reason") &&
  error.reason === "StatusCode" &&
  Predicate.hasProperty(error, "response") &&
  Predicate.hasProperty(error.response, "status")
    ? String(error.response.status)
    : undefined
