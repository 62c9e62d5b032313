/**
 * The error of two different policies on one key.
 *
 * @since 0.1.0
 */
import { Printable } from "@truce/core"
import * as Schema from "effect/Schema"
import { ownMessage } from "./run/errors/message.ts"

/**
 * Fails because `key` already has a policy that differs in `field`: a circuit shared under two policies would obey neither.
 *
 * @category errors
 * @since 0.1.0
 */
export class PolicyConflict extends Schema.TaggedError<PolicyConflict>("@truce/effect3/PolicyConflict")(
  "PolicyConflict",
  { key: Schema.String, field: Schema.String, existing: Schema.Unknown, requested: Schema.Unknown }
) {
  readonly #text: string = ownMessage(
    this,
    `key ${Printable.shown(this.key)} already has a policy with ${this.field} = ${String(this.existing)}, requested ${String(this.requested)}`
  )

  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return this.#text
  }
}
