import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Issue } from "../run/settings/Issue.ts"
import { named } from "../run/settings/named.ts"

/** What data turned out to be. */
export type Reading<A> =
  | { readonly _tag: "Read"; readonly value: A }
  | { readonly _tag: "Faulty"; readonly issues: readonly [Issue, ...ReadonlyArray<Issue>] }

/** Reads data by a schema, or tells every fault in it with its path. Fields that the schema does not name are dropped, or faults too. */
export const reader = <A, I>(
  schema: Schema.Codec<A, I>,
  { isClosed }: { readonly isClosed: boolean }
): ((data: unknown) => Reading<A>) => {
  const decode = Schema.decodeUnknownResult(schema, {
    errors: "all",
    onExcessProperty: isClosed ? "error" : "ignore",
    reportInput: true
  })
  return (data) =>
    Result.match(decode(data), {
      onFailure: ({ issue, message }): Reading<A> => {
        const [first, ...rest] = faultsOf(issue)
        return { _tag: "Faulty", issues: [first ?? { path: [], rule: message }, ...rest] }
      },
      onSuccess: (value) => ({ _tag: "Read", value })
    })
}

/** Every fault that a schema finds, with its path; a rule of its own is told with what there was instead. */
const faultsOf = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<string> = [],
  broken?: string
): ReadonlyArray<Issue> => {
  const rule = broken ?? ruleOf(issue)
  switch (issue._tag) {
    case "Pointer":
      return faultsOf(issue.issue, [...path, ...issue.path.map(String)], rule)
    case "Filter":
      // The filter knows what it expects; the issue in it only what it got.
      return rule === undefined && issue.issue._tag === "InvalidValue"
        ? [{ path, rule: format(issue) }]
        : faultsOf(issue.issue, path, rule)
    case "Encoding":
      return faultsOf(issue.issue, path, rule)
    case "Composite":
      return issue.issues.flatMap((one) => faultsOf(one, path))
    case "AnyOf":
      return issue.issues.length > 0 ? issue.issues.flatMap((one) => faultsOf(one, path)) : noMember(issue, path, rule)
    case "InvalidType":
    case "InvalidValue":
    case "MissingKey":
    case "UnexpectedKey":
    case "Forbidden":
    case "OneOf":
      return [{ path, rule: told(issue, rule) }]
  }
}

/** What is no member of a union because of its `type` is told of by that. */
const noMember = (
  issue: SchemaIssue.AnyOf,
  path: ReadonlyArray<string>,
  rule: string | undefined
): ReadonlyArray<Issue> => {
  const types = issue.ast._tag === "Union" ? issue.ast.types.flatMap(typeOf) : []
  const input = SchemaIssue.hasInput(issue) ? issue.input : undefined
  if (types.length === 0 || !Predicate.isObject(input) || Array.isArray(input)) {
    return [{ path, rule: told(issue, rule) }]
  }
  const wrong = Predicate.hasProperty(input, "type")
    ? `Expected ${types.map((type) => JSON.stringify(type)).join(" | ")}, got ${named(input.type)}`
    : "is missing"
  return [{ path: [...path, "type"], rule: wrong }]
}

const typeOf = (member: SchemaAST.AST): ReadonlyArray<string> =>
  member._tag !== "Objects"
    ? []
    : member.propertySignatures.flatMap(({ name, type }) =>
        name === "type" && type._tag === "Literal" ? [String(type.literal)] : []
      )

const ruleOf = (issue: SchemaIssue.Issue): string | undefined => {
  const { message } =
    (issue._tag === "Filter"
      ? issue.filter.annotations
      : issue._tag === "AnyOf" || issue._tag === "InvalidType"
        ? issue.ast.annotations
        : undefined) ?? {}
  return typeof message === "string" ? message : undefined
}

const told = (issue: SchemaIssue.Issue, rule: string | undefined): string => {
  if (rule !== undefined) return SchemaIssue.hasInput(issue) ? `${rule}, got ${named(issue.input)}` : rule
  if (issue._tag === "MissingKey") return "is missing"
  if (issue._tag === "UnexpectedKey" && issue.ast._tag === "Objects") {
    const known = issue.ast.propertySignatures.map(({ name }) => JSON.stringify(String(name)))
    return `is unexpected, expected: ${known.join(" | ")}`
  }
  return format(issue)
}

const format = SchemaIssue.makeFormatterDefault()
