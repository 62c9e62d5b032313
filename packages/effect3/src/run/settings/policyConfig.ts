import * as Config from "effect/Config"
import * as Option from "effect/Option"
import { checkedConfig, elsewhere } from "../../platform/Config.ts"
import type { Reading } from "../../platform/Reading.ts"
import type { Issue } from "./Issue.ts"

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
    (found) => {
      const reading = read(present(found) ?? {})
      if (reading._tag === "Read") return reading
      const [first, ...rest] = reading.issues
      const spelt = spelling(found, settings)
      return { _tag: "Faulty", issues: [spelt(first), ...rest.map(spelt)] }
    }
  )

/** What was found of the whole, of a part, or of one setting. */
interface Found {
  readonly value: unknown
  readonly isVariable: boolean
  /** Of a part. */
  readonly settings?: FoundByName
}

interface FoundByName {
  readonly [name: string]: Found | undefined
}

const partOf = (part: string, names: ReadonlyArray<string>): Config.Config<Found | undefined> =>
  Config.map(Config.all(Object.fromEntries(names.map((name) => [name, setting(part, name)]))), (settings) => {
    const value = present(settings)
    return value && { value, isVariable: hasVariable(settings), settings }
  })

const hasVariable = (found: FoundByName): boolean => Object.values(found).some((one) => one?.isVariable)

/** One value under its path (`circuit.openFor`) or the name that path has in an environment (`CIRCUIT_OPEN_FOR`). */
const setting = (...path: Path): Config.Config<Found | undefined> => {
  const [last, ...parents] = path.toReversed()
  const nested = parents.reduce((config, parent) => Config.nested(config, parent), Config.string(last))
  return elsewhere(
    Config.map(nested, (text) => ({ value: valueOf(text), isVariable: false })),
    Config.map(Config.string(variableOf(path)), (text) => ({ value: valueOf(text), isVariable: true }))
  ).pipe(Config.option, Config.map(Option.getOrUndefined))
}

type Path = readonly [string, ...ReadonlyArray<string>]

const variableOf = (path: ReadonlyArray<string>): string => path.map(constantCase).join("_")

/** Names faults as whoever wrote the setting has: what is inside of a variable stays a path, what is missing goes by what is there. */
const spelling =
  (found: FoundByName, parts: Settings) =>
  ({ path, rule }: Issue): Issue => {
    const [part = "", name = ""] = path
    const depth = part in parts ? 2 : 1
    const one = depth === 2 ? found[part]?.settings?.[name] : found[part]
    return path.length >= depth && (one?.isVariable ?? hasVariable(found))
      ? { path: [variableOf(path.slice(0, depth)), ...path.slice(depth)], rule }
      : { path, rule }
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

const present = (found: FoundByName): { readonly [name: string]: unknown } | undefined => {
  const entries = Object.entries(found).flatMap(([name, one]) => (one === undefined ? [] : [[name, one.value]]))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
