import { Schema } from "effect"

/** A schema from text to values, and back. */
export type Codec<A, I> = Schema.Codec<A, I>

/** The schema of what is sent as JSON. */
export const json = <A, I>(schema: Codec<A, I>): Codec<A, Schema.Json> => Schema.toCodecJson(schema)

/** The JSON schema of a schema, where an editor finds it. */
export const jsonSchemaOf = (schema: Schema.Top): unknown =>
  Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" }).schema
