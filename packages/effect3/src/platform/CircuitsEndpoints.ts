import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as CircuitReport from "../CircuitReport.ts"
import { CircuitNotFound, JsonRequired, Key } from "../run/operators/schemas.ts"

const path = Schema.Struct({ key: Key })

export const list = HttpApiEndpoint.get("list", "/circuits")
  .setUrlParams(Schema.Struct({ status: Schema.optional(CircuitReport.Status) }))
  .addSuccess(Schema.Struct({ circuits: Schema.Array(CircuitReport.Circuit) }))

export const explain = HttpApiEndpoint.get("explain", "/circuits/:key")
  .setPath(path)
  .addSuccess(CircuitReport.Explanation)
  .addError(CircuitNotFound)

export const control = <const Name extends string, A, I>(name: Name, payload: Schema.Schema<A, I>) =>
  HttpApiEndpoint.post(name, `/circuits/:key/${name}`)
    .setPath(path)
    .setPayload(payload)
    .addSuccess(CircuitReport.Circuit)
    .addError(CircuitNotFound)
    .addError(JsonRequired)

export const transitions = HttpApiEndpoint.get("transitions", "/transitions")
  .setHeaders(Schema.Struct({ "last-event-id": Schema.optional(Schema.String) }))
  .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
