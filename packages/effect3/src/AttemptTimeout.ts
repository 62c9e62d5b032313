/**
 * The error of an attempt that ran longer than `attemptTimeout`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * Fails because one attempt for `key` took longer than `after`; retriable, and a saturated failure of the dependency.
 *
 * @category errors
 * @since 0.1.0
 */
export class AttemptTimeout extends Schema.TaggedError<AttemptTimeout>("@truce/effect3/AttemptTimeout")(
  "AttemptTimeout",
  { key: Schema.String, after: Schema.Duration }
) {
  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return `attempt on ${this.key} timed out after ${Duration.format(this.after)}`
  }
}
