import * as Config from "effect/Config"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Issue } from "./issues.ts"

/** Faults of options as Effect tells those of a configuration: each with its path. */
export const configError = (issues: readonly [Issue, ...ReadonlyArray<Issue>]): Config.ConfigError => {
  const [first, ...rest] = issues
  const all = new SchemaIssue.Composite(Schema.Unknown.ast, [pointer(first), ...rest.map(pointer)])
  return new Config.ConfigError(new Schema.SchemaError(all))
}

const pointer = ({ path, rule }: Issue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer(path, new SchemaIssue.InvalidValue({ message: rule }))
