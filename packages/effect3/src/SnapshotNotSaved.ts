/**
 * The error of circuits that were not saved.
 *
 * @since 0.1.0
 */
import { Printable } from "@truce/core"
import * as Schema from "effect/Schema"
import { ownMessage } from "./run/errors/message.ts"

/**
 * Fails because the record under `key` was not written: the store failed (`"store"`), took longer than the timeout (`"timeout"`), or
 * holds a record of a newer release (`"newer"`), which is not overwritten.
 *
 * @category errors
 * @since 0.1.0
 */
export class SnapshotNotSaved extends Schema.TaggedError<SnapshotNotSaved>("@truce/effect3/SnapshotNotSaved")(
  "SnapshotNotSaved",
  { key: Schema.String, reason: Schema.Literal("store", "timeout", "newer"), detail: Schema.String }
) {
  readonly #text: string = ownMessage(this, `circuits were not saved to ${Printable.shown(this.key)}: ${this.detail}`)

  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return this.#text
  }
}
