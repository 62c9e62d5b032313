/** What the modules of a package export, read from their sources, and in what two packages differ. */
import { readFileSync, readdirSync } from "node:fs"
import { join, relative, sep } from "node:path"

/** The sources of a package by their path from `src`, such as `testing/Script.ts`. */
export type Sources = ReadonlyMap<string, string>

/** A class is both. */
export type Kind = "value" | "type" | "both" | "namespace"

export type Names = ReadonlyMap<string, Kind>

/** What can be imported: every module but those behind them, and what a major has of its own. */
export type Surface = ReadonlyMap<string, Names>

/** A difference that was looked at, and why it is meant. */
export interface Intended {
  readonly difference: string
  readonly reason: string
}

/** Reads a package's `src`. */
export const load = (directory: string): Sources =>
  new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(directory, path).split(sep).join("/"), readFileSync(path, "utf8")])
  )

export const surface = (sources: Sources): Surface =>
  new Map(
    [...sources.keys()]
      .filter((path) => !/^(run|platform)\//.test(path))
      .sort()
      .map((path) => [path.replace(/\.ts$/, ""), exportsOf(sources, path)])
  )

/** Lines such as `CircuitBreaker.execute: only in effect3`. */
export const differences = (
  [leftName, left]: readonly [name: string, surface: Surface],
  [rightName, right]: readonly [name: string, surface: Surface]
): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const path of union(left, right)) {
    const [one, two] = [left.get(path), right.get(path)]
    if (one === undefined || two === undefined) {
      found.push(`${path}: only in ${one === undefined ? rightName : leftName}`)
      continue
    }
    for (const name of union(one, two)) {
      const [here, there] = [one.get(name), two.get(name)]
      if (here === there) continue
      if (here === undefined || there === undefined) {
        found.push(`${path}.${name}: only in ${here === undefined ? rightName : leftName}`)
      } else found.push(`${path}.${name}: ${here} in ${leftName}, ${there} in ${rightName}`)
    }
  }
  return found
}

/** What is wrong with a list of intended differences: what differs and is not in it, and what is in it and does not differ. */
export const unintended = (found: ReadonlyArray<string>, intended: ReadonlyArray<Intended>): ReadonlyArray<string> => {
  const listed = intended.map(({ difference }) => difference)
  return [
    ...found.filter((difference) => !listed.includes(difference)).map((difference) => `not intended: ${difference}`),
    ...listed.filter((difference) => !found.includes(difference)).map((difference) => `no difference: ${difference}`),
    ...intended.filter(({ reason }) => reason.trim() === "").map(({ difference }) => `no reason: ${difference}`)
  ]
}

const union = <A>(left: ReadonlyMap<string, A>, right: ReadonlyMap<string, A>): ReadonlyArray<string> =>
  [...new Set([...left.keys(), ...right.keys()])].sort()

const exportsOf = (sources: Sources, path: string): Names => {
  const source = sources.get(path)
  if (source === undefined) throw new Error(`no such module: ${path}`)
  const names = new Map<string, Kind>()
  for (const statement of statements(source)) {
    for (const [name, kind] of read(sources, path, statement)) {
      const known = names.get(name)
      names.set(name, known === undefined || known === kind ? kind : "both")
    }
  }
  return names
}

/** The heads of the statements that export, each on one line; the formatter puts nothing else at the start of a line. */
const statements = (source: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let isComment = false
  let open: string | undefined
  for (const line of source.split("\n")) {
    if (open !== undefined) {
      open = `${open} ${line.replace(/\/\/.*$/, "").trim()}`
    } else {
      if (line.startsWith("/*")) isComment = true
      const isInside = isComment
      if (line.includes("*/")) isComment = false
      if (isInside || !line.startsWith("export ")) continue
      open = line
    }
    const isList = /^export (type |const )?\{/.test(open)
    if (isList && !open.includes("}")) continue
    found.push(open)
    open = undefined
  }
  return found
}

const declared = /^export (?:declare |abstract |async )*(const|let|function\*?|class|interface|type) ([A-Za-z_$][\w$]*)/

const read = (sources: Sources, path: string, statement: string): ReadonlyArray<readonly [string, Kind]> => {
  const from = /from "([^"]+)"/.exec(statement)?.[1]
  const all = /^export (type )?\* as ([\w$]+) from/.exec(statement)
  if (all?.[2] !== undefined) return [[all[2], "namespace"]]
  if (from !== undefined && statement.startsWith("export * from")) {
    return [...exportsOf(sources, resolved(path, from))]
  }
  const list = /^export (type |const )?\{(.*)\}/.exec(statement)
  if (list?.[2] !== undefined) {
    const isType = list[1] === "type "
    return list[2]
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => {
        const [original = "", name = original] = item.replace(/^type /, "").split(/ as |: /)
        const isOnlyType = isType || item.startsWith("type ")
        return [name, isOnlyType ? "type" : kindOf(sources, path, from, original)]
      })
  }
  const [, keyword, name] = declared.exec(statement) ?? []
  if (keyword === undefined || name === undefined) throw new Error(`${path}: what does this export? ${statement}`)
  if (keyword === "class") return [[name, "both"]]
  return [[name, keyword === "interface" || keyword === "type" ? "type" : "value"]]
}

/** The kind of a name that is exported again; those of another package are taken for values, which all of them are here. */
const kindOf = (sources: Sources, path: string, from: string | undefined, name: string): Kind =>
  from?.startsWith(".") === true ? (exportsOf(sources, resolved(path, from)).get(name) ?? "value") : "value"

const resolved = (path: string, from: string): string => {
  const parts = path.split("/").slice(0, -1)
  for (const part of from.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== ".") parts.push(part)
  }
  return parts.join("/")
}
