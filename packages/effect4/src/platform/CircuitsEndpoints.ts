import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as CircuitReport from "../CircuitReport.ts"
import { CircuitNotFound, JsonRequired, Key } from "../run/operators/schemas.ts"

const params = { key: Key }

export const list = HttpApiEndpoint.get("list", "/circuits", {
  query: { status: Schema.optional(CircuitReport.Status) },
  success: Schema.Struct({ circuits: Schema.Array(CircuitReport.Circuit) })
})

export const explain = HttpApiEndpoint.get("explain", "/circuits/:key", {
  params,
  success: CircuitReport.Explanation,
  error: CircuitNotFound
})

export const control = <const Name extends string, Payload extends Schema.Top>(name: Name, payload: Payload) =>
  HttpApiEndpoint.post(name, `/circuits/:key/${name}`, {
    params,
    payload,
    success: CircuitReport.Circuit,
    error: [CircuitNotFound, JsonRequired]
  })

export const transitions = HttpApiEndpoint.get("transitions", "/transitions", {
  headers: { "last-event-id": Schema.optional(Schema.String) },
  // Not `StreamSse`, whose client takes the time after which to come back for the end.
  success: HttpApiSchema.StreamUint8Array({ contentType: "text/event-stream" })
})
