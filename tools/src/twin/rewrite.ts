/** One source for Effect 3, as it reads on Effect 4. */
import { type SgNode, Lang, parse } from "@ast-grep/napi"
import { rewriteComment } from "./comments.ts"
import { type Imports, printImports, readImports } from "./imports.ts"
import type { Fault, Pattern, Table, Used } from "./Table.ts"

export interface Rewritten {
  readonly code: string
  readonly faults: ReadonlyArray<Fault>
}

/** A place that changes, and the text that it becomes. */
interface Site {
  readonly start: number
  readonly end: number
  readonly render: () => string
}

/** Where `code` is from: a fence begins somewhere inside its file. */
export interface Origin {
  readonly file: string
  readonly line: number
}

export const rewrite = (code: string, table: Table, origin: Origin, used: Used): Rewritten => {
  const root = parse(Lang.TypeScript, code).root()
  const faults: Array<Fault> = []
  const blame = (node: SgNode, message: string) =>
    faults.push({ file: origin.file, line: origin.line + node.range().start.line, message })
  const imports = readImports(root, table, used)
  const sites = nested([
    ...patternSites(root, code, table, imports, used, (from, to) => render(from, to)),
    ...nameSites(root, table, imports, used, blame),
    ...memberSites(root, code, table, used),
    ...textSites(root, code, table, origin, used, faults)
  ])
  const render = (from: number, to: number): string => {
    let text = ""
    let at = from
    for (const site of within(sites, from, to)) {
      text += code.slice(at, site.start) + site.render()
      at = site.end
    }
    return text + code.slice(at, to)
  }
  return { code: printImports(imports, render, code), faults }
}

/** In order, the outer one of two that begin at one place first, and of two with the same place the one of the earlier rule. */
const nested = (sites: ReadonlyArray<Site>): ReadonlyArray<Site> =>
  sites.toSorted((a, b) => a.start - b.start || b.end - a.end)

/** The outermost sites inside a range that are not the whole of it by themselves being rendered. */
function* within(sites: ReadonlyArray<Site>, from: number, to: number): Generator<Site> {
  let at = from
  for (let i = firstFrom(sites, from); i < sites.length; i++) {
    const site = sites[i]
    if (site === undefined || site.start >= to) return
    if (site.start < at || site.end > to) continue
    yield site
    at = site.end
  }
}

const firstFrom = (sites: ReadonlyArray<Site>, from: number): number => {
  let low = 0
  let high = sites.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sites[middle]?.start ?? 0) < from) low = middle + 1
    else high = middle
  }
  return low
}

const anchor = ({ from }: Pattern): string => /[\w.]+/.exec(from.replaceAll(/\$+\w+/g, ""))?.[0] ?? ""

const patternSites = (
  root: SgNode,
  code: string,
  table: Table,
  imports: Imports,
  used: Used,
  render: (from: number, to: number) => string
): ReadonlyArray<Site> => {
  const taken = new Set<number>()
  return table.patterns.flatMap((pattern) => {
    if (!code.includes(anchor(pattern))) return []
    return root.findAll(pattern.from).flatMap((match): ReadonlyArray<Site> => {
      const holes = holesOf(match, pattern)
      if (holes === undefined || taken.has(match.id())) return []
      taken.add(match.id())
      used.add(pattern.from)
      for (const [local, from] of Object.entries(pattern.needs ?? {})) imports.wanted.set(local, from)
      const { end, start } = match.range()
      const filled = () =>
        pattern.to.replaceAll(/\$+(\w+)/g, (hole, name: string) => {
          const place = holes.get(name)
          return place === undefined ? hole : place === null ? "" : render(...place)
        })
      return [{ start: start.index, end: end.index, render: filled }]
    })
  })
}

/** Where each hole of a pattern is, `null` for an empty list; nothing where a list is too short. */
const holesOf = (match: SgNode, pattern: Pattern) => {
  const holes = new Map<string, readonly [number, number] | null>()
  for (const [, dollars, name] of pattern.from.matchAll(/(\$+)(\w+)/g)) {
    if (name === undefined) continue
    const nodes =
      dollars === "$" ? [match.getMatch(name)].filter((node) => node !== null) : match.getMultipleMatches(name)
    const first = nodes[0]
    const last = nodes.at(-1)
    if (dollars !== "$" && nodes.filter((node) => node.isNamed() && !node.is("comment")).length < (pattern.min ?? 0))
      return
    holes.set(name, first && last ? [first.range().start.index, last.range().end.index] : null)
  }
  return holes
}

const dotted = ["member_expression", "nested_type_identifier", "nested_identifier"].map((kind) => ({ kind }))

const nameSites = (
  root: SgNode,
  table: Table,
  imports: Imports,
  used: Used,
  blame: (node: SgNode, message: string) => void
): ReadonlyArray<Site> => {
  const sites: Array<Site> = []
  for (const node of root.findAll({ rule: { any: dotted } })) {
    const text = node.text().replaceAll(/\s+/g, "")
    const [, namespace, name] = /^([A-Z]\w*)\.(\w+)/.exec(text) ?? []
    if (namespace === undefined || name === undefined || !/^[\w.]+$/.test(text)) continue
    const full = text in table.names ? text : `${namespace}.${name}`
    const { end, start } = node.range()
    const to = table.names[text]
    if (to !== undefined) {
      used.add(text)
      sites.push({ start: start.index, end: end.index, render: () => to })
    } else if (imports.namespaces.has(namespace) && !isKnown(table, namespace, name, used)) {
      blame(node, `${full}: no rule says what it is on Effect 4`)
    }
  }
  return sites
}

const isKnown = (table: Table, namespace: string, name: string, used: Used): boolean => {
  const full = `${namespace}.${name}`
  if (full in table.names || table.patterns.some((pattern) => anchor(pattern) === full)) return true
  // While files are still ported: the census comes last.
  if (Object.keys(table.same).length === 0) return true
  used.add(`same ${full}`)
  return table.same[namespace]?.includes(name) ?? false
}

// Where it is used, declared and given.
const holders = ["member_expression", "property_signature", "pair"].map((kind) => ({ kind }))

const memberSites = (root: SgNode, code: string, table: Table, used: Used): ReadonlyArray<Site> => {
  const names = Object.keys(table.members).filter((name) => code.includes(name))
  if (names.length === 0) return []
  const rule = { kind: "property_identifier", regex: `^(${names.join("|")})$`, inside: { any: holders } }
  return root.findAll({ rule }).map((node) => {
    const name = node.text()
    used.add(`.${name}`)
    const { end, start } = node.range()
    return { start: start.index, end: end.index, render: () => table.members[name] ?? name }
  })
}

const texts = ["comment", "string_fragment"].map((kind) => ({ kind }))

const textSites = (
  root: SgNode,
  code: string,
  table: Table,
  origin: Origin,
  used: Used,
  faults: Array<Fault>
): ReadonlyArray<Site> =>
  root.findAll({ rule: { any: texts } }).flatMap((node): ReadonlyArray<Site> => {
    const { end, start } = node.range()
    const text = code.slice(start.index, end.index)
    const place = { file: origin.file, line: origin.line + start.line }
    const to = node.is("comment") ? rewriteComment(text, table, place, used, faults) : phrased(text, table, used)
    return to === text ? [] : [{ start: start.index, end: end.index, render: () => to }]
  })

/** Whole phrases only: a version or a name alone would make true sentences false ones. */
export const phrased = (text: string, table: Table, used: Used): string => {
  let result = text
  for (const [from, to] of Object.entries(table.phrases)) {
    if (!result.includes(from)) continue
    used.add(from)
    result = result.replaceAll(from, to)
  }
  return result
}
