/**
 * What is stored of all circuits: a versioned JSON record, with the wall-clock time at which it was saved.
 *
 * It touches no store: `Snapshots` does.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { reader } from "./platform/Reading.ts"
import { belowSafe, must } from "./platform/Schema.ts"

/**
 * The version of the record that this release writes and reads.
 *
 * @category constants
 * @since 0.1.0
 */
export const version = 1

/**
 * The record as data; `sequence` counts the saves, `circuits` are judged one by one when they are restored.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.Struct({
  version: Schema.Literal(version).annotations(must(`be ${version}`)),
  // One more can be counted.
  sequence: belowSafe,
  savedAt: Schema.DateTimeUtc,
  // Not a `Schema.Record`, which copies: a circuit whose key is `__proto__` would be lost.
  circuits: Schema.declare(
    (input: unknown): input is { readonly [key: string]: unknown } => Predicate.isReadonlyRecord(input),
    { identifier: "Circuits", description: "circuits by key" }
  )
}).annotations(must("be an object"))

/**
 * A record.
 *
 * @category models
 * @since 0.1.0
 */
export type SnapshotRecord = typeof schema.Type

/**
 * What a stored text turned out to be: a record, one of a newer release (which is left as it is), or neither, with the field and what
 * is wrong with it.
 *
 * @category models
 * @since 0.1.0
 */
export type Reading =
  | { readonly _tag: "Read"; readonly record: SnapshotRecord }
  | { readonly _tag: "Newer"; readonly version: number }
  | { readonly _tag: "Corrupt"; readonly field: string; readonly rule: string }

const readJson = reader(Schema.parseJson(Schema.Unknown), { isClosed: false })
const readRecord = reader(schema, { isClosed: false })

/**
 * The text of a record.
 *
 * @category conversions
 * @since 0.1.0
 */
export const write: (record: SnapshotRecord) => string = Schema.encodeSync(Schema.parseJson(schema))

/**
 * Reads a stored text; never throws.
 *
 * **Example** (A write that was cut off)
 *
 * ```ts
 * import { read } from "@truce/effect3/SnapshotRecord"
 *
 * read(`{"version":1,"sequen`) // => { _tag: "Corrupt", field: "record", rule: "Expected JSON, got 20 characters that are not" }
 * read(`{"version":2}`) // => { _tag: "Newer", version: 2 }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const read = (text: string): Reading => {
  const json = readJson(text)
  if (json._tag === "Faulty") {
    return { _tag: "Corrupt", field: "record", rule: `Expected JSON, got ${text.length} characters that are not` }
  }
  const found = Predicate.hasProperty(json.value, "version") ? json.value.version : undefined
  if (typeof found === "number" && found > version) return { _tag: "Newer", version: found }
  const record = readRecord(json.value)
  if (record._tag === "Read") return { _tag: "Read", record: record.value }
  const [{ path, rule }] = record.issues
  return { _tag: "Corrupt", field: path.length === 0 ? "record" : path.join("."), rule }
}
