/** The imports of a file, moved to where Effect 4 has what they import, without those that its code no longer names. */
import type { SgNode } from "@ast-grep/napi"
import type { Table, Used } from "./Table.ts"

interface Import {
  readonly local: string
  /** Its name in the source. */
  readonly was: string
  /** `*` for the whole module, `default`, or the name that the module exports. */
  readonly name: string
  readonly from: string
  readonly isType: boolean
}

export interface Imports {
  readonly start: number
  readonly end: number
  readonly all: ReadonlyArray<Import>
  /** What stands between two of them, such as a comment, and would be lost. */
  readonly between: ReadonlyArray<SgNode>
  readonly namespaces: ReadonlySet<string>
  /** What patterns ask for: local name to `module#name`. */
  readonly wanted: Map<string, string>
}

export const readImports = (root: SgNode, table: Table, used: Used): Imports => {
  const statements = root.children().filter((node) => node.is("import_statement"))
  const namespaces = new Set<string>()
  const all = statements.flatMap((statement) => {
    const isType = /^import\s+type\b/.test(statement.text())
    const source = unquoted(statement.field("source")?.text() ?? "")
    const found = [...named(statement, source, isType), ...whole(statement, source, isType)]
    for (const { from, local } of found) if (/^(@?effect)(\/|$)/.test(from)) namespaces.add(local)
    return found.map((one) => moved(one, table, used))
  })
  const start = statements[0]?.range().start.index ?? 0
  const end = statements.at(-1)?.range().end.index ?? start
  const between = root.children().filter((node) => {
    const at = node.range().start.index
    return at > start && at < end && !node.is("import_statement")
  })
  return { start, end, between, all, namespaces, wanted: new Map() }
}

const imported = (local: string, name: string, from: string, isType: boolean): Import => ({
  local,
  was: local,
  name,
  from,
  isType
})

const unquoted = (text: string): string => text.slice(1, -1)

const named = (statement: SgNode, from: string, isType: boolean): ReadonlyArray<Import> =>
  statement.findAll({ rule: { kind: "import_specifier" } }).map((one) => {
    const name = one.field("name")?.text() ?? ""
    return imported(one.field("alias")?.text() ?? name, name, from, isType || /^type\s/.test(one.text()))
  })

const whole = (statement: SgNode, from: string, isType: boolean): ReadonlyArray<Import> => {
  const all = statement.find({ rule: { kind: "namespace_import" } })
  if (all !== null) return [imported(all.find({ rule: { kind: "identifier" } })?.text() ?? "", "*", from, isType)]
  const clause = statement.find({ rule: { kind: "import_clause" } })
  const local = clause?.children()[0]
  if (clause === null) return [imported("", "", from, isType)]
  return local?.is("identifier") ? [imported(local.text(), "default", from, isType)] : []
}

const moved = (one: Import, table: Table, used: Used): Import => {
  const exact = `${one.from}#${one.name}`
  const key = exact in table.imports ? exact : one.from
  const to = table.imports[key]
  if (to === undefined) return one
  used.add(`import ${key}`)
  const [from = one.from, name = one.name] = to.split("#")
  return { ...one, from, name, local: one.local === one.name && name !== "*" ? name : one.local }
}

/** The whole file, with `render` for what is not an import. */
export const printImports = (
  { all, end, start, wanted }: Imports,
  render: (from: number, to: number) => string,
  code: string
): string => {
  const before = render(0, start)
  const after = render(end, code.length)
  const names = (text: string, local: string): boolean => new RegExp(`(?<![^.]\\.)\\b${local}\\b`).test(text)
  const source = bare(code.slice(end))
  const made = bare(after)
  const asked = Array.from(wanted, ([local, to]): Import => {
    const [from = to, name = "*"] = to.split("#")
    return imported(local, name, from, false)
  })
  // What the source itself does not name either is there for a reader.
  const kept = [...all, ...asked].filter(({ local, was }) => names(made, local) || !names(source, was))
  return before + statements(kept) + after
}

const bare = (code: string): string => code.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g, "")

const statements = (all: ReadonlyArray<Import>): string => {
  const byModule = Map.groupBy(merged(all), ({ from, local, name }) => (name === "*" ? `* ${local} ${from}` : from))
  return Array.from(byModule.values(), statement).join("\n")
}

/** Two imports under one name are one, a value if either is. */
const merged = (all: ReadonlyArray<Import>): ReadonlyArray<Import> => {
  const byLocal = Map.groupBy(all, ({ from, local }) => `${local} ${local === "" ? from : ""}`)
  return Array.from(byLocal.values(), (same) => {
    const first = same.find(({ isType }) => !isType) ?? same[0]
    if (first === undefined) throw new Error("no import in a group of imports")
    return { ...first, isType: same.every(({ isType }) => isType) }
  })
}

const statement = (all: ReadonlyArray<Import>): string => {
  const [first] = all
  if (first === undefined) return ""
  if (first.name === "") return `import ${JSON.stringify(first.from)}`
  const areTypes = all.every(({ isType }) => isType)
  const clauses = all.map(({ isType, local, name }) => {
    if (name === "*") return `* as ${local}`
    if (name === "default") return local
    return `${isType && !areTypes ? "type " : ""}${name}${local === name ? "" : ` as ${local}`}`
  })
  const braced = first.name === "*" || first.name === "default" ? clauses.join(", ") : `{ ${clauses.join(", ")} }`
  return `import ${areTypes ? "type " : ""}${braced} from ${JSON.stringify(first.from)}`
}
