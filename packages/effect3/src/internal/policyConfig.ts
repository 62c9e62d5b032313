import * as Config from "effect/Config"
import * as Option from "effect/Option"
import { checkedConfig, elsewhere } from "../platform/Config.ts"
import type { Reading } from "../platform/Reading.ts"

/** The names of the settings of each part. */
export interface Settings {
  readonly [part: string]: ReadonlyArray<string>
}

/** Reads every setting there is, in the spelling of objects or of the environment, and then the whole. */
export const policyConfig = <Policy>(
  settings: Settings,
  read: (data: unknown) => Reading<Policy>
): Config.Config<Policy> =>
  checkedConfig(
    Config.all({
      ...Object.fromEntries(Object.entries(settings).map(([part, names]) => [part, partOf(part, names)])),
      maxKeys: setting("maxKeys"),
      ttl: setting("ttl"),
      overrides: setting("overrides")
    }),
    (data) => read(present(data) ?? {})
  )

const partOf = (part: string, names: ReadonlyArray<string>): Config.Config<unknown> =>
  Config.map(Config.all(Object.fromEntries(names.map((name) => [name, setting(part, name)]))), (found) =>
    present(found)
  )

/** One value under its path (`circuit.openFor`) or the name that path has in an environment (`CIRCUIT_OPEN_FOR`). */
const setting = (...path: readonly [string, ...ReadonlyArray<string>]): Config.Config<unknown> => {
  const [last, ...parents] = path.toReversed()
  const nested = parents.reduce((config, parent) => Config.nested(config, parent), Config.string(last))
  const flat = Config.string(path.map(constantCase).join("_"))
  return elsewhere(nested, flat).pipe(Config.map(valueOf), Config.option, Config.map(Option.getOrUndefined))
}

const constantCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()

/** Configuration is text: what reads as a number, a truth value, an object or a list is one. */
const valueOf = (text: string): unknown => {
  if (!/^\s*([-+.\d]|true|false|\{|\[)/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const present = (data: { readonly [name: string]: unknown }): { readonly [name: string]: unknown } | undefined => {
  const entries = Object.entries(data).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
