import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { InvalidPolicy } from "../InvalidPolicy.ts"
import { configError } from "./configError.ts"

/** The names of the settings of each part. */
export interface Settings {
  readonly [part: string]: ReadonlyArray<string>
}

/** Reads every setting there is, in the spelling of objects or of the environment, and then the whole. */
export const policyConfig = <Policy>(
  settings: Settings,
  decode: (data: unknown) => Effect.Effect<Policy, InvalidPolicy>
): Config.Config<Policy> =>
  Config.all({
    ...Object.fromEntries(Object.entries(settings).map(([part, names]) => [part, partOf(part, names)])),
    maxKeys: setting("maxKeys"),
    ttl: setting("ttl"),
    overrides: setting("overrides")
  }).pipe(
    Config.mapEffect((data) =>
      Effect.mapError(decode(present(data) ?? {}), ({ issues: [first, ...rest] }) =>
        configError([located(first), ...rest.map(located)])
      )
    )
  )

const located = ({ path, rule }: InvalidPolicy["issues"][number]) => ({ path: path.split("."), rule })

const partOf = (part: string, names: ReadonlyArray<string>): Config.Config<unknown> =>
  Config.map(Config.all(Object.fromEntries(names.map((name) => [name, setting(part, name)]))), (found) =>
    present(found)
  )

/** One value under its path (`circuit.openFor`) or the name that path has in an environment (`CIRCUIT_OPEN_FOR`). */
const setting = (...path: readonly [string, ...ReadonlyArray<string>]): Config.Config<unknown> => {
  const [last, ...parents] = path.toReversed()
  const nested = parents.reduce((config, parent) => Config.nested(config, parent), Config.String(last))
  const flat = Config.String(path.map(constantCase).join("_"))
  return nested.pipe(
    // Only what is not there is looked for elsewhere: a provider that fails is not asked again.
    Config.orElse(({ cause }) => (cause._tag === "SourceError" ? Config.fail(cause) : flat)),
    Config.map(valueOf),
    Config.option,
    Config.map(Option.getOrUndefined)
  )
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
