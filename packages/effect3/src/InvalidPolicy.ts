/**
 * The error of a policy that cannot be.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Fails because options of a policy break their rules; whatever was in force stays in force.
 *
 * `issues` has at least one: `path` names the option (`overrides.payments-*.circuit.openFor`), `rule` says what it must be and what
 * it was.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPolicy extends Schema.TaggedError<InvalidPolicy>("@truce/effect3/InvalidPolicy")("InvalidPolicy", {
  issues: Schema.NonEmptyArray(Schema.Struct({ path: Schema.String, rule: Schema.String }))
}) {
  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return this.issues.map(({ path, rule }) => (path === "" ? rule : `${path}: ${rule}`)).join("; ")
  }
}
