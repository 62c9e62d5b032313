/** One source for Effect 3, as it reads on Effect 4. */
import { type SgNode, Lang, parse } from "@ast-grep/napi"
import { rewriteComment } from "./comments.ts"
import { printImports, readImports } from "./imports.ts"
import { matchesOf } from "./patterns.ts"
import { phrased } from "./phrases.ts"
import type { Fault, Table, Used } from "./Table.ts"

export interface Rewritten {
  readonly code: string
  readonly faults: ReadonlyArray<Fault>
}

/** Where `code` is from: an example begins somewhere inside its file. */
export interface Origin {
  readonly file: string
  readonly line: number
}

/** A place that changes, and the text that it becomes; `render` gives a part of the code with all of its changes. */
interface Site {
  readonly start: number
  readonly end: number
  readonly text: (render: (from: number, to: number) => string) => string
}

export const rewrite = (code: string, table: Table, origin: Origin, used: Used): Rewritten => {
  const root = parse(Lang.TypeScript, code).root()
  const faults: Array<Fault> = []
  const blame = (node: SgNode, message: string) =>
    faults.push({ file: origin.file, line: origin.line + node.range().start.line, message })
  const imports = readImports(root, table, used)
  // Words that the parser does not know, such as variance, are in the way of no rule.
  for (const node of root.findAll({ rule: { kind: "ERROR" } })) {
    if (!/^\w+$/.test(node.text())) blame(node, "cannot be read from here on")
  }
  for (const node of imports.between) blame(node, "between imports, where it would be lost")
  const matches = matchesOf(root, code, table.patterns)
  for (const { pattern } of matches) {
    used.add(pattern.from)
    for (const [local, from] of Object.entries(pattern.needs ?? {})) imports.wanted.set(local, from)
  }
  const isMatched = (node: SgNode): boolean => {
    const { end, start } = node.range()
    return matches.some((match) => match.isFixed(start.index, end.index))
  }

  const names = namesOf(root).flatMap(({ name, namespace, node, text }): ReadonlyArray<Site> => {
    const to = table.names[text]
    if (to !== undefined) {
      used.add(text)
      return [siteOf(node, () => to)]
    }
    if (imports.namespaces.has(namespace) && !isSame(table, namespace, name, used) && !isMatched(node)) {
      blame(node, `${namespace}.${name}: no rule says what it is on Effect 4`)
    }
    return []
  })
  const members = membersOf(root, code, Object.keys(table.members)).map((node) => {
    used.add(`.${node.text()}`)
    return siteOf(node, () => table.members[node.text()] ?? node.text())
  })
  const prose = (text: string): string => phrased(text, table, used)
  const texts = root.findAll({ rule: { any: kinds("comment", "string_fragment") } }).map((node) => {
    const line = origin.line + node.range().start.line
    const example = (inner: string, before: number): string => {
      const made = rewrite(inner, table, { file: origin.file, line: line + before }, used)
      faults.push(...made.faults)
      return made.code
    }
    const text = node.text()
    const to = node.is("comment") ? rewriteComment(text, { prose, code: example }) : prose(text)
    return siteOf(node, () => to)
  })

  // The outer one of two that begin at one place comes first.
  const sites: ReadonlyArray<Site> = [...matches, ...names, ...members, ...texts].toSorted(
    (a, b) => a.start - b.start || b.end - a.end
  )
  const render = (from: number, to: number): string => {
    let text = ""
    let at = from
    for (const site of sites) {
      if (site.start < at || site.end > to) continue
      text += code.slice(at, site.start) + site.text(render)
      at = site.end
    }
    return text + code.slice(at, to)
  }
  return { code: printImports(imports, render, code), faults }
}

const kinds = (...names: ReadonlyArray<string>) => names.map((kind) => ({ kind }))

const siteOf = (node: SgNode, text: Site["text"]): Site => {
  const { end, start } = node.range()
  return { start: start.index, end: end.index, text }
}

/** `Namespace.name`, in values and in types, with what may follow it. */
const namesOf = (root: SgNode) =>
  root
    .findAll({ rule: { any: kinds("member_expression", "nested_type_identifier", "nested_identifier") } })
    .flatMap((node) => {
      const text = node.text().replaceAll(/\s+/g, "")
      const [, namespace, name] = /^([A-Z]\w*)\.(\w+)(?:\.\w+)*$/.exec(text) ?? []
      return namespace === undefined || name === undefined ? [] : [{ node, text, namespace, name }]
    })

const membersOf = (root: SgNode, code: string, all: ReadonlyArray<string>): ReadonlyArray<SgNode> => {
  const names = all.filter((name) => code.includes(name))
  if (names.length === 0) return []
  const regex = `^(${names.join("|")})$`
  // Where it is used, declared and given.
  const holders = kinds("member_expression", "property_signature", "pair")
  return root.findAll({ rule: { kind: "property_identifier", regex, inside: { any: holders } } })
}

/** Whether the name means the same on both, or is renamed as a part of longer ones or as a member of any value. */
const isSame = (table: Table, namespace: string, name: string, used: Used): boolean => {
  if (name in table.members || `${namespace}.${name}` in table.names) return true
  used.add(`same ${namespace}.${name}`)
  return table.same[namespace]?.includes(name) ?? false
}
