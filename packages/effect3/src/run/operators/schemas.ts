import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { shortText } from "../../platform/Schema.ts"
import { PathKey } from "./pathKey.ts"

/**
 * Fails with status 404 because no circuit has the key.
 *
 * @category errors
 * @since 0.1.0
 */
export class CircuitNotFound extends Schema.TaggedError<CircuitNotFound>("@truce/effect3/CircuitNotFound")(
  "CircuitNotFound",
  { key: Schema.String, message: Schema.String },
  HttpApiSchema.annotations({ status: 404, description: "No circuit has the key" })
) {
  override get name(): string {
    return this._tag
  }
}

/**
 * Fails with status 415 because a change was asked for in anything but `application/json`, which a form of another site could do in an
 * operator's browser.
 *
 * @category errors
 * @since 0.1.0
 */
export class JsonRequired extends Schema.TaggedError<JsonRequired>("@truce/effect3/JsonRequired")(
  "JsonRequired",
  { message: Schema.String },
  HttpApiSchema.annotations({ status: 415, description: "The body is not declared as application/json" })
) {
  override get name(): string {
    return this._tag
  }
}

/**
 * Why an operator takes control: not blank, at most 500 characters. It is kept with the circuit, in its transitions and in `explain`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reason = shortText(500, "Expected a reason that is not blank").annotations({
  description: "Why: not blank, at most 500 characters; kept with the circuit"
})

/** What is sent to take control. */
export const Control = Schema.Struct({
  reason: Reason,
  create: Schema.optional(
    Schema.Boolean.annotations({
      description: "Whether a key that no circuit has is taken control of before its first call; else that is a 404"
    })
  )
}).annotations({ identifier: "CircuitControl" })

/** What is sent to give it back. */
export const Reset = Schema.Struct({ reason: Reason }).annotations({ identifier: "CircuitReset" })

/** The key in the path of an endpoint. */
export const Key = PathKey.annotations({
  description: "The key, percent-encoded; one that is empty, . or .., or begins with ~ is base64url behind a ~"
})
