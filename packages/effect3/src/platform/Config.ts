import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Issue } from "../run/settings/Issue.ts"
import type { Reading } from "./Reading.ts"

/** Faults of options as Effect tells those of a configuration: each with its path. */
export const configError = (issues: readonly [Issue, ...ReadonlyArray<Issue>]): ConfigError.ConfigError =>
  issues
    .map(({ path, rule }) => ConfigError.InvalidData([...path], rule))
    .reduce((left, right) => ConfigError.And(left, right))

/** What is made of the data of a configuration. */
export const checkedConfig = <A, B>(self: Config.Config<A>, read: (data: A) => Reading<B>): Config.Config<B> =>
  Config.mapOrFail(self, (data) => {
    const reading = read(data)
    return reading._tag === "Read" ? Either.right(reading.value) : Either.left(configError(reading.issues))
  })

/** Only what is not there is looked for elsewhere: a provider that fails is not asked again. */
export const elsewhere = <A, B>(self: Config.Config<A>, other: Config.Config<B>): Config.Config<A | B> =>
  Config.orElseIf(self, { if: ConfigError.isMissingDataOnly, orElse: () => other })

/** JSON under a name, where the configuration is nested under `parent`. */
export const jsonConfig = <A, I>(_parent: string, name: string, schema: Schema.Schema<A, I>): Config.Config<A> =>
  Schema.Config(name, Schema.parseJson(schema))
