import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as CircuitReport from "../CircuitReport.ts"
import { PathKey } from "./pathKey.ts"

/**
 * Fails with status 404 because no circuit has the key.
 *
 * @category errors
 * @since 0.1.0
 */
export class CircuitNotFound extends Schema.TaggedError<CircuitNotFound>("@truce/effect4/CircuitNotFound")(
  "CircuitNotFound",
  { key: Schema.String, message: Schema.String },
  { httpApiStatus: 404, description: "No circuit has the key" }
) {}

/**
 * Fails with status 415 because a change was asked for in anything but `application/json`, which a form of another site could do in an
 * operator's browser.
 *
 * @category errors
 * @since 0.1.0
 */
export class JsonRequired extends Schema.TaggedError<JsonRequired>("@truce/effect4/JsonRequired")(
  "JsonRequired",
  { message: Schema.String },
  { httpApiStatus: 415, description: "The body is not declared as application/json" }
) {}

/**
 * Why an operator takes control: not blank, at most 500 characters. It is kept with the circuit, in its transitions and in `explain`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reason = Schema.String.check(
  Schema.isPattern(/\S/, { message: "Expected a reason that is not blank" }),
  Schema.isMaxLength(500)
).annotate({ description: "Why: not blank, at most 500 characters; kept with the circuit" })

const Control = Schema.Struct({
  reason: Reason,
  create: Schema.optional(
    Schema.Boolean.annotate({
      description: "Whether a key that no circuit has is taken control of before its first call; else that is a 404"
    })
  )
}).annotate({ identifier: "CircuitControl" })

const Reset = Schema.Struct({ reason: Reason }).annotate({ identifier: "CircuitReset" })

const params = {
  key: PathKey.annotate({
    description: "The key, percent-encoded; one that is empty, . or .., or begins with ~ is base64url behind a ~"
  })
}

export const list = HttpApiEndpoint.get("list", "/circuits", {
  query: { status: Schema.optional(CircuitReport.Status) },
  success: Schema.Struct({ circuits: Schema.Array(CircuitReport.Circuit) })
})
  .annotate(OpenApi.Summary, "List circuits")
  .annotate(OpenApi.Description, "All circuits, or those of one status, by key.")

export const explain = HttpApiEndpoint.get("explain", "/circuits/:key", {
  params,
  success: CircuitReport.Explanation,
  error: CircuitNotFound
})
  .annotate(OpenApi.Summary, "Explain a circuit")
  .annotate(
    OpenApi.Description,
    "Why it is in its state, what moved its score last, and when the next call is admitted."
  )

const control = <const Name extends string, Payload extends Schema.Top>(
  name: Name,
  payload: Payload,
  summary: string,
  description: string
) =>
  HttpApiEndpoint.post(name, `/circuits/:key/${name}`, {
    params,
    payload,
    success: CircuitReport.Circuit,
    error: [CircuitNotFound, JsonRequired]
  })
    .annotate(OpenApi.Summary, summary)
    .annotate(OpenApi.Description, description)

const until = "until another manual change"
export const isolate = control("isolate", Control, "Force a circuit open", `Every call is rejected ${until}.`)
export const disable = control(
  "disable",
  Control,
  "Force a circuit closed",
  `Every call is admitted ${until}; the score goes on.`
)
export const observe = control(
  "observe",
  Control,
  "Let a circuit report only",
  `The rules decide and report, and reject nothing, ${until}.`
)
export const reset = control(
  "reset",
  Reset,
  "Give a circuit back to the rules",
  "It is closed, with a score of 1 and no memory of openings."
)

export const transitions = HttpApiEndpoint.get("transitions", "/transitions", {
  headers: { "last-event-id": Schema.optional(Schema.String) },
  // Not `StreamSse`, whose client takes the time after which to come back for the end.
  success: HttpApiSchema.StreamUint8Array({ contentType: "text/event-stream" })
})
  .annotate(OpenApi.Summary, "Follow transitions")
  .annotate(
    OpenApi.Description,
    "Every change of state or mode as a server-sent event `transition`, whose data is a CircuitTransition in JSON. A reader that comes back with Last-Event-ID is sent what it has missed; an event `lost` says how many are gone."
  )

/**
 * The endpoints of the group.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoints =
  | typeof list
  | typeof explain
  | typeof isolate
  | typeof disable
  | typeof observe
  | typeof reset
  | typeof transitions
