import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Issue } from "../run/settings/Issue.ts"
import { named } from "../run/settings/named.ts"

/** Any number, of which JSON has not all: a schema says what stands for the others. */
export const AnyNumber = Schema.Number

export const NonNegative = Schema.NonNegative

/** A whole number of at least 0 that has another one after it. */
export const belowSafe = Schema.NonNegativeInt.pipe(Schema.lessThan(Number.MAX_SAFE_INTEGER))

/** A number in [0, 1]. */
export const Share = Schema.Number.pipe(Schema.between(0, 1))

/** A text that is not blank, and of no more than so many characters. */
export const shortText = (most: number, blank: string) =>
  Schema.String.pipe(Schema.pattern(/\S/, { message: () => blank }), Schema.maxLength(most))

/** A field that data has or has not: what `undefined` is in a program is no key there. */
export const optionalKey = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** A number that is `undefined` where JSON has no key for it. */
export const NumberOrNone = Schema.optionalToRequired(Schema.Number, Schema.UndefinedOr(Schema.Number), {
  decode: Option.getOrUndefined,
  encode: Option.fromNullable
})

/** A flag that is false where JSON has no key for it. */
export const Flag = Schema.optionalToRequired(Schema.Boolean, Schema.Boolean, {
  decode: Option.getOrElse(() => false),
  encode: Option.liftPredicate((flag: boolean) => flag)
})

/** Tells a value that is something else altogether by one short rule; what is wrong inside of it has a rule of its own. */
export const must = (rule: string) => ({
  message: ({ actual }: { readonly actual: unknown }) => `must ${rule}, got ${named(actual)}`
})

/** A number or a text that stands for something; JSON's schema has either. */
export const numberOrText = <A extends number | string>(
  accepts: (input: number | string) => input is A,
  rule: string
) =>
  Schema.Union(Schema.Number, Schema.String)
    .pipe(Schema.filter(accepts, { jsonSchema: {} }))
    .annotations({
      message: ({ actual }) => ({ message: `must ${rule}, got ${named(actual)}`, override: true })
    })

/** A schema with rules over the whole, which tell each fault with its path. Who decodes is told of fields that it does not name. */
export const judged = <A, I>(
  schema: Schema.Schema<A, I>,
  identifier: string,
  faults: (value: A) => ReadonlyArray<Issue>
): Schema.Schema<A, I> =>
  schema
    .pipe(
      Schema.filter((value) => faults(value).map(({ path, rule }) => ({ path, message: rule })), { jsonSchema: {} })
    )
    .annotations({ identifier, parseOptions: { errors: "all", onExcessProperty: "error" } })

/** The name of a schema whose fields are all there are; Effect 4 leaves that to who decodes. */
export const closed = (identifier: string) => ({ identifier, parseOptions: { onExcessProperty: "error" } }) as const
