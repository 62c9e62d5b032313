import * as Predicate from "effect/Predicate"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Issue } from "./issues.ts"

/** Every fault that a schema finds, with its path; a rule of its own is told with what there was instead. */
export const faultsOf = (
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

/** What stands where something else must. */
export const named = (data: unknown): string => {
  if (data === null) return "null"
  if (Array.isArray(data)) return "an array"
  if (typeof data === "number") return String(data)
  return typeof data === "string" ? JSON.stringify(data) : typeof data
}
