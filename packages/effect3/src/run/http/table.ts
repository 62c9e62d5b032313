import { HttpStatus, InvalidOption, Outcome } from "@truce/core"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { hasProperty } from "effect/Predicate"
import type * as Classifier from "../../Classifier.ts"
import { Answered, type StatusError, statusError, troubleOf } from "../../platform/HttpClient.ts"
import { retryAfterMillis } from "./retryAfter.ts"

type Response = HttpClientResponse.HttpClientResponse

/** What one status is taken for, instead of what the table says. */
export type StatusRule = "success" | Classifier.TagRule<StatusError>

/** The rules of some statuses; the others are read by `HttpStatus.read`. */
export interface StatusRules {
  readonly [status: number]: StatusRule
}

/** The one table: what a status, or an error of the client, says about the dependency. */
export interface Table {
  readonly response: (response: Response, nowMillis: number) => HttpStatus.Reading
  readonly error: (error: unknown, nowMillis: number) => HttpStatus.Reading
}

/** Throws `InvalidOption` for what is no status or no rule. */
export const make = (owner: string, rules: StatusRules = {}, opens: ReadonlyArray<number> = []): Table => {
  const table = new Map(Object.entries(rules).map(([status, rule]) => [checkedStatus(owner, status), rule]))
  for (const [status, rule] of table) checkRule(owner, status, rule)
  for (const status of opens) checkedStatus(owner, status, "opens", "a list of statuses from 200 to 599")
  const response = (response: Response, nowMillis: number): HttpStatus.Reading => {
    const rule = table.get(response.status)
    // Headers are a copy each time they are asked for.
    if (rule === undefined && response.status < 400) return success
    const wish = retryAfterMillis(response.headers, nowMillis)
    return rule === undefined ? HttpStatus.read(response.status, wish, opens) : byRule(rule, response, wish)
  }
  return {
    response,
    error: (error, nowMillis) => {
      if (error instanceof Refused) return error.reading
      if (!HttpClientError.isHttpClientError(error)) return mistake
      const trouble = troubleOf(error)
      switch (trouble._tag) {
        case "Transport":
          return isArgument(trouble.cause, error.request) ? mistake : broken
        case "Status":
          return response(trouble.response, nowMillis)
        case "Body":
          return isBroken(trouble.cause) ? broken : answer
        case "NoBody":
          return answer
        case "Request":
          return mistake
      }
    }
  }
}

/** The error of an answer that says something bad, with what it says: read once, when it came. */
export class Refused extends Answered {
  // Private: what the table made of the answer is no part of what the error shows.
  readonly #reading: HttpStatus.Reading
  constructor(response: Response, reading: HttpStatus.Reading) {
    super(response)
    this.#reading = reading
  }
  get reading(): HttpStatus.Reading {
    return this.#reading
  }
}

export const isResponse = (u: unknown): u is Response => hasProperty(u, HttpClientResponse.TypeId)

// It came from a dependency that works.
const answer: HttpStatus.Reading = { retriable: false, outcome: Outcome.answered }
// The caller's own: no attempt changes it, and it says nothing about the dependency.
const mistake: HttpStatus.Reading = { retriable: false, outcome: Outcome.ignored }
const broken: HttpStatus.Reading = { retriable: true, outcome: Outcome.failure() }
const success: HttpStatus.Reading = { retriable: false, outcome: Outcome.success }

const byRule = (rule: StatusRule, response: Response, wish: number | undefined): HttpStatus.Reading => {
  switch (rule) {
    case "success":
      return success
    case "permanent":
      return answer
    case "local":
      return mistake
    case "retriable":
      return { retriable: true, outcome: Outcome.failure({ retryAfterMillis: wish }) }
    default: {
      const outcome = rule.outcome(statusError(response))
      return {
        retriable: rule.kind === "retriable",
        outcome:
          outcome._tag === "Failure" ? { ...outcome, retryAfterMillis: outcome.retryAfterMillis ?? wish } : outcome
      }
    }
  }
}

const checkedStatus = (
  owner: string,
  given: string | number,
  field = "status",
  rule = "a table over statuses from 200 to 599"
): number => {
  const status = Number(given)
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status
  throw new InvalidOption.InvalidOption(owner, field, rule, given)
}

const checkRule = (owner: string, status: number, rule: StatusRule): void => {
  if (rule === "success" || rule === "retriable" || rule === "permanent" || rule === "local") return
  if (hasProperty(rule, "kind") && hasProperty(rule, "outcome")) return
  throw new InvalidOption.InvalidOption(
    owner,
    `status[${status}]`,
    `"success", "retriable", "permanent", "local" or a rule of Classifier`,
    rule
  )
}

/** The error and its causes, outermost first. */
const chain = (error: unknown): ReadonlyArray<object> => {
  const found: Array<object> = []
  let at: unknown = error
  while (typeof at === "object" && at !== null && !found.includes(at)) {
    found.push(at)
    at = "cause" in at ? at.cause : undefined
  }
  return found
}

const codesOf = (error: unknown): ReadonlyArray<unknown> =>
  chain(error).flatMap((link) => ("code" in link ? [link.code] : []))

const isArgument = (cause: unknown, { headers }: HttpClientRequest): boolean =>
  codesOf(cause).some((code) => argumentCodes.has(code)) ||
  chain(cause).some((link) => link instanceof Error && argumentMessage.test(link.message)) ||
  // What the fetch client says of an upgrade, which it cannot ask for.
  (cause === undefined && headers["upgrade"] !== undefined)

// Clients report what was wrong with the request before anything was sent as if the transport had failed.
const argumentCodes: ReadonlySet<unknown> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "ERR_INVALID_ARG_TYPE",
  "ERR_INVALID_ARG_VALUE",
  "ERR_INVALID_CHAR",
  "ERR_INVALID_HTTP_TOKEN",
  "ERR_INVALID_PROTOCOL",
  "ERR_INVALID_URL",
  "ERR_UNESCAPED_CHARACTERS"
])

// Node's fetch gives these no code.
const argumentMessage = /^(?:bad port|unknown scheme)$|is an invalid header (?:name|value)/

const isBroken = (cause: unknown): boolean => codesOf(cause).some((code) => brokenCodes.has(code))

// A body that ends too early is reported as one that cannot be decoded.
const brokenCodes: ReadonlySet<unknown> = new Set([
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET"
])
