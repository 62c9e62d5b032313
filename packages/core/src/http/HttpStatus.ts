/**
 * What an HTTP status says about the dependency, and whether another attempt can help.
 *
 * @since 0.1.0
 */
import { type Outcome, answered, failure, success, throttleWeight } from "../health/Outcome.ts"

/**
 * The reading of one status.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  readonly retriable: boolean
  readonly outcome: Outcome
}

/**
 * Reads a status, with the `Retry-After` of the response in ms where it had one; a failure with one of the statuses in `opens` opens the
 * circuit at once.
 *
 * | status | retriable | outcome |
 * |---|---|---|
 * | below 400 | no | success |
 * | 408, 504 | yes | failure, saturated |
 * | 425 | yes | answered |
 * | 429 | yes | failure of weight 0.35, saturated |
 * | 503 | yes | failure, saturated if it had a `Retry-After` |
 * | 501, 505 | no | answered: the request's own mistake |
 * | other 5xx | yes | failure |
 * | other 4xx | no | answered |
 *
 * **Example** (A throttle)
 *
 * ```ts
 * import { HttpStatus } from "@truce/core"
 *
 * HttpStatus.read(429, 2_000).retriable // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (status: number, retryAfterMillis?: number, opens?: ReadonlyArray<number>): Reading => {
  const reading = usual(status, retryAfterMillis)
  const { outcome } = reading
  return outcome._tag === "Failure" && opens?.includes(status) === true
    ? { ...reading, outcome: { ...outcome, opens: true } }
    : reading
}

const usual = (status: number, retryAfterMillis: number | undefined): Reading => {
  switch (status) {
    case 408:
    case 504:
      return { retriable: true, outcome: failure({ saturated: true, retryAfterMillis }) }
    case 425:
      return { retriable: true, outcome: answered }
    case 429:
      return { retriable: true, outcome: failure({ weight: throttleWeight, saturated: true, retryAfterMillis }) }
    case 501:
    case 505:
      return { retriable: false, outcome: answered }
    case 503:
      return { retriable: true, outcome: failure({ saturated: retryAfterMillis !== undefined, retryAfterMillis }) }
    default:
      if (status >= 500) return { retriable: true, outcome: failure({ retryAfterMillis }) }
      return { retriable: false, outcome: status >= 400 ? answered : success }
  }
}
