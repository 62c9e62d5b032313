/** How the code stands: lines by hand, the longest function and the circles of imports, by folder. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { type SgNode, Lang, parse } from "@ast-grep/napi"
import { commandLine, run } from "./commandLine.ts"
import { root } from "./workspace.ts"

const help = `How the code stands: files and lines written by hand, the longest function with its parameters, and circles of imports (those of types included).

  node tools/src/structure.ts [FOLDER]...    of these folders; without one, of the sources and tests of every package`

const { positionals } = commandLine(help, { allowPositionals: true })

const folders =
  positionals.length > 0
    ? positionals
    : ["core", "effect3", "effect4", "conformance", "lab", "bench"].flatMap((name) =>
        ["src", "test"].map((part) => `packages/${name}/${part}`)
      )

/** What git holds: what is made from it is nobody's to read. */
const filesOf = (folder: string): ReadonlyArray<string> =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", folder], {
    cwd: root,
    encoding: "utf8"
  })
    .split("\n")
    .filter((file) => file.endsWith(".ts") && existsSync(join(root, file)))

interface Longest {
  readonly lines: number
  readonly where: string
}

const kinds = ["arrow_function", "function_declaration", "function_expression", "method_definition"]

const longestOf = (file: string, code: string): Longest => {
  const all = parse(Lang.TypeScript, code)
    .root()
    .findAll({ rule: { any: kinds.map((kind) => ({ kind })) } })
  return all.reduce<Longest>(
    (longest, node) => {
      const { end, start } = node.range()
      const lines = end.line - start.line + 1
      return lines > longest.lines ? { lines, where: `${nameOf(node)} ${file}:${start.line + 1}` } : longest
    },
    { lines: 0, where: "" }
  )
}

const nameOf = (node: SgNode): string => (node.field("name") ?? node.parent()?.field("name"))?.text() ?? "(anonymous)"

/** The files that each imports, types included. */
const importsOf = (file: string, code: string): ReadonlyArray<string> =>
  [...code.matchAll(/^(?:import|export|\})[^"\n]*from "(\.[^"]+)"/gm)].map(([, path = ""]) =>
    relative(root, join(root, dirname(file), path))
  )

/** The largest groups of files that reach each other, by Tarjan's algorithm. */
const circlesOf = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: Array<string> = []
  const circles: Array<ReadonlyArray<string>> = []
  const visit = (file: string): number => {
    const own = index.size
    index.set(file, own)
    low.set(file, own)
    stack.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue
      const reached = index.has(next) ? (stack.includes(next) ? (index.get(next) ?? own) : own) : visit(next)
      low.set(file, Math.min(low.get(file) ?? own, reached))
    }
    if (low.get(file) === own) {
      const circle = stack.splice(stack.indexOf(file))
      if (circle.length > 1) circles.push(circle)
    }
    return low.get(file) ?? own
  }
  for (const file of graph.keys()) if (!index.has(file)) visit(file)
  return circles
}

await run(() => {
  const rows = folders.flatMap((folder) => {
    const sources = filesOf(folder).map((file) => ({ file, code: readFileSync(join(root, file), "utf8") }))
    if (sources.length === 0) return []
    const lines = sources.reduce((sum, { code }) => sum + code.split("\n").length - 1, 0)
    const longest = sources
      .map(({ code, file }) => longestOf(relative(folder, file), code))
      .reduce((one, other) => (other.lines > one.lines ? other : one))
    const circles = circlesOf(new Map(sources.map(({ code, file }) => [file, importsOf(file, code)])))
    const widest = Math.max(0, ...circles.map(({ length }) => length))
    const tied = circles.length === 0 ? "0" : `${circles.length}, the largest of ${widest} files`
    return [[folder, String(sources.length), String(lines), `${longest.lines}`, longest.where, tied]]
  })
  const titles = ["folder", "files", "lines", "longest", "function", "circles"]
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of [titles, ...rows]) {
    const cells = row.map((cell, column) =>
      [1, 2, 3].includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    )
    console.log(cells.join("  ").trimEnd())
  }
})
