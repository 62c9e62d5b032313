/**
 * The error of an attempt that ran longer than `attemptTimeout`.
 *
 * @since 0.1.0
 */
import { Printable } from "@truce/core"
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { ownMessage } from "./run/errors/message.ts"

/** What is known of the class by every copy of this package. */
const typeId: unique symbol = Symbol.for("@truce/effect3/AttemptTimeout")

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
  readonly #text: string = ownMessage(
    this,
    `attempt on ${Printable.shown(this.key)} timed out after ${Duration.format(this.after)}`
  )

  get [typeId](): typeof typeId {
    return typeId
  }

  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return this.#text
  }
}

/**
 * Whether an error is a timeout of an attempt, of this copy of the package or of another one in the same program.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAttemptTimeout = (u: unknown): u is AttemptTimeout => hasProperty(u, typeId)
