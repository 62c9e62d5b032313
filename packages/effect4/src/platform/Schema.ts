import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type { Issue } from "../run/settings/Issue.ts"

/** Any number, of which JSON has not all: a schema says what stands for the others. */
export const AnyNumber = Schema.Number

export const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** A whole number of at least 0 that has another one after it. */
export const belowSafe = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(Number.MAX_SAFE_INTEGER))

/** A number in [0, 1]. */
export const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

/** A text that is not blank, and of no more than so many characters. */
export const shortText = (most: number, blank: string) =>
  Schema.String.check(Schema.isPattern(/\S/, { message: blank }), Schema.isMaxLength(most))

/** A field that data has or has not: what `undefined` is in a program is no key there. */
export const optionalKey = <S extends Schema.Top>(schema: S): Schema.optionalKey<S> => Schema.optionalKey(schema)

/** A number that is `undefined` where JSON has no key for it. */
export const NumberOrNone = Schema.optionalKey(Schema.Finite).pipe(
  Schema.decodeTo(Schema.UndefinedOr(Schema.Finite), {
    decode: SchemaGetter.transformOptional((given: Option.Option<number>) => Option.some(Option.getOrUndefined(given))),
    encode: SchemaGetter.transformOptional(Option.filter((given: number | undefined) => given !== undefined))
  })
)

/** A flag that is false where JSON has no key for it. */
export const Flag = Schema.optionalKey(Schema.Boolean).pipe(
  Schema.decodeTo(Schema.Boolean, {
    decode: SchemaGetter.transformOptional((given: Option.Option<boolean>) =>
      Option.some(Option.getOrElse(given, () => false))
    ),
    encode: SchemaGetter.transformOptional(Option.filter((given: boolean) => given))
  })
)

/** Tells a value that is something else altogether by one short rule; what is wrong inside of it has a rule of its own. */
export const must = (rule: string) => ({ message: `must ${rule}` })

/** A number or a text that stands for something; JSON's schema has either. */
export const numberOrText = <A extends number | string>(
  accepts: (input: number | string) => input is A,
  rule: string
) =>
  Schema.Union([Schema.Number, Schema.String])
    .annotate(must(rule))
    .pipe(Schema.refine(accepts, must(rule)))

/** A schema with rules over the whole, which tell each fault with its path. Who decodes may ask to be told of fields that it does not name. */
export const judged = <A, I>(
  schema: Schema.Codec<A, I>,
  identifier: string,
  faults: (value: A) => ReadonlyArray<Issue>
): Schema.Codec<A, I> =>
  schema
    .annotate({ identifier })
    .check(Schema.makeFilter((value: A) => faults(value).map(({ path, rule }) => ({ path, issue: rule }))))

/** The name of a schema whose fields are all there are; that is told to who decodes with `onExcessProperty: "error"`. */
export const closed = (identifier: string) => ({ identifier })
