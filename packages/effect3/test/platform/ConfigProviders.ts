import { Config, type ConfigError, ConfigProvider } from "effect"

/** A provider of variables as a process has them. */
export const environment = (variables: { readonly [name: string]: string }): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: "_", seqDelim: "," })

/** A provider of an object, as read from a file. */
export const object = (value: unknown): ConfigProvider.ConfigProvider => ConfigProvider.fromJson(value)

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
