/**
 * The error of data that is not a snapshot.
 *
 * @since 0.1.0
 */
import { Printable } from "@truce/core"
import * as Schema from "effect/Schema"
import { ownMessage } from "./run/errors/message.ts"

/**
 * Fails because `field` of the snapshot (of the circuit `key`, where the fault lies in one) breaks its rule; nothing was restored.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidSnapshot extends Schema.TaggedError<InvalidSnapshot>("@truce/effect3/InvalidSnapshot")(
  "InvalidSnapshot",
  { key: Schema.optional(Schema.String), field: Schema.String, rule: Schema.String }
) {
  readonly #text: string = ownMessage(
    this,
    `snapshot${this.key === undefined ? "" : ` of ${Printable.shown(this.key)}`}: ${this.field} must be ${this.rule}`
  )

  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return this.#text
  }
}
