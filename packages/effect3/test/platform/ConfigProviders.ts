import { Cause, Config, ConfigError, ConfigProvider, ConfigProviderPathPatch as PathPatch, Effect } from "effect"

/** A provider of variables as a process has them. */
export const environment = (variables: { readonly [name: string]: string }): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: "_", seqDelim: "," })

/** A provider of an object, as read from a file. */
export const object = (value: unknown): ConfigProvider.ConfigProvider => ConfigProvider.fromJson(value)

/** What one provider has not is asked of the other. */
export const inOrder = (
  first: ConfigProvider.ConfigProvider,
  then: ConfigProvider.ConfigProvider
): ConfigProvider.ConfigProvider => ConfigProvider.orElse(first, () => then)

/** What is wrong, as `path: rule`, all of it. */
export const faultsOf = (error: ConfigError.ConfigError): ReadonlyArray<string> => {
  switch (error._op) {
    case "And":
    case "Or":
      return [...faultsOf(error.left), ...faultsOf(error.right)]
    default:
      return [`${error.path.join(".")}: ${error.message}`]
  }
}

/** A list of texts, as one variable. */
export const list = (name: string): Config.Config<Array<string>> => Config.array(Config.string(), name)

/** A provider that fails whatever it is asked for, and what it was asked for. */
export const broken = (message: string) => {
  const asked: Array<ReadonlyArray<string>> = []
  const unavailable = (path: ReadonlyArray<string>) => {
    asked.push(path)
    return Effect.fail(ConfigError.SourceUnavailable([...path], message, Cause.empty))
  }
  const flat = ConfigProvider.makeFlat({ load: unavailable, enumerateChildren: unavailable, patch: PathPatch.empty })
  return { asked, provider: ConfigProvider.fromFlat(flat) }
}

/** Runs with these as the environment. */
export const withEnv =
  (env: Readonly<Record<string, string>>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withConfigProvider(self, ConfigProvider.fromMap(new Map(Object.entries(env))))
