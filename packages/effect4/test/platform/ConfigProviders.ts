import { Config, ConfigProvider, Effect, Schema } from "effect"

/** A provider of variables as a process has them. */
export const environment = (variables: { readonly [name: string]: string }): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromEnvRecord(variables)

/** A provider of an object, as read from a file. */
export const object = (value: unknown): ConfigProvider.ConfigProvider => ConfigProvider.fromUnknown(value)

/** What one provider has not is asked of the other. */
export const inOrder = (
  first: ConfigProvider.ConfigProvider,
  then: ConfigProvider.ConfigProvider
): ConfigProvider.ConfigProvider => ConfigProvider.orElse(first, then)

/** What is wrong, as `path: rule`, all of it. */
export const faultsOf = ({ cause }: Config.ConfigError): ReadonlyArray<string> => {
  if (cause._tag === "SourceError") return [cause.message]
  const found = Array.from(cause.message.matchAll(/(.*)\n  at ((?:\["[^"]*"\])+)/g), ([, rule, path = ""]) => {
    const names = Array.from(path.matchAll(/\["([^"]*)"\]/g), ([, name]) => name)
    return `${names.join(".")}: ${rule}`
  })
  return found.length === 0 ? [cause.message] : found
}

/** A list of texts, as one variable. */
export const list = (name: string): Config.Config<ReadonlyArray<string>> => Config.Array(Schema.String, name)

/** A provider that fails whatever it is asked for, and what it was asked for. */
export const broken = (message: string) => {
  const asked: Array<ConfigProvider.Path> = []
  const provider = ConfigProvider.make((path) => {
    asked.push(path)
    return Effect.fail(new ConfigProvider.SourceError({ message }))
  })
  return { asked, provider }
}

/** Runs with these as the environment. */
export const withEnv =
  (env: Readonly<Record<string, string>>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord({ ...env }))
