import { JSONSchema, type Schema } from "effect"

/** A schema from text to values, and back. */
export type Codec<A, I> = Schema.Schema<A, I>

/** The schema of what is sent as JSON. */
export const json = <A, I>(schema: Codec<A, I>): Codec<A, I> => schema

/** The JSON schema of a schema, where an editor finds it. */
export const jsonSchemaOf = <A, I>(schema: Codec<A, I>): unknown => {
  const { $defs, ...root } = JSONSchema.make(schema)
  return "$ref" in root ? $defs?.[root.$ref.slice("#/$defs/".length)] : root
}
