import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Issue } from "../run/settings/Issue.ts"

/** What data turned out to be. */
export type Reading<A> =
  | { readonly _tag: "Read"; readonly value: A }
  | { readonly _tag: "Faulty"; readonly issues: readonly [Issue, ...ReadonlyArray<Issue>] }

/** Reads data by a schema, or tells every fault in it with its path. Fields that the schema does not name are dropped, or faults too. */
export const reader = <A, I>(
  schema: Schema.Schema<A, I>,
  { isClosed }: { readonly isClosed: boolean }
): ((data: unknown) => Reading<A>) => {
  const decode = Schema.decodeUnknownEither(schema, {
    errors: "all",
    onExcessProperty: isClosed ? "error" : "ignore"
  })
  return (data) =>
    Either.match(decode(data), {
      onLeft: (error): Reading<A> => {
        const [first, ...rest] = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => ({
          path: path.map(String),
          rule: message
        }))
        return { _tag: "Faulty", issues: [first ?? { path: [], rule: error.message }, ...rest] }
      },
      onRight: (value) => ({ _tag: "Read", value })
    })
}
