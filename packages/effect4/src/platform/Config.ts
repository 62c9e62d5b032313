import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Issue } from "../run/settings/Issue.ts"
import type { Reading } from "./Reading.ts"

/** Faults of options as Effect tells those of a configuration: each with its path. */
export const configError = (issues: readonly [Issue, ...ReadonlyArray<Issue>]): Config.ConfigError => {
  const [first, ...rest] = issues
  return wrong(new SchemaIssue.Composite(Schema.Unknown.ast, [pointer(first), ...rest.map(pointer)]))
}

/** What is made of the data of a configuration. */
export const checkedConfig = <A, B>(self: Config.Config<A>, read: (data: A) => Reading<B>): Config.Config<B> =>
  Config.mapEffect(self, (data) => {
    const reading = read(data)
    return reading._tag === "Read" ? Effect.succeed(reading.value) : Effect.fail(configError(reading.issues))
  })

/** Only what is not there is looked for elsewhere: a provider that fails is not asked again. */
export const elsewhere = <A, B>(self: Config.Config<A>, other: Config.Config<B>): Config.Config<A | B> =>
  Config.orElse(self, ({ cause }) => (cause._tag === "SourceError" ? Config.fail(cause) : other))

/** JSON under a name, where the configuration is nested under `parent`. */
export const jsonConfig = <A, I>(parent: string, name: string, schema: Schema.Codec<A, I>): Config.Config<A> => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema), {
    onExcessProperty: "error",
    reportInput: true
  })
  return Config.mapEffect(Config.String(name), (text) =>
    Effect.mapError(decode(text), ({ issue }) => wrong(new SchemaIssue.Pointer([parent, name], issue)))
  )
}

const wrong = (issue: SchemaIssue.Issue): Config.ConfigError => new Config.ConfigError(new Schema.SchemaError(issue))

const pointer = ({ path, rule }: Issue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer(path, new SchemaIssue.InvalidValue({ message: rule }))
