/** What a user ships: each entry point bundled and minified by esbuild, against the budgets of size-budgets.json. */
import { readFileSync, writeFileSync } from "node:fs"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build, type Metafile } from "esbuild"
import { commandLine } from "./commandLine.ts"
import { type Package, packages, root } from "./workspace.ts"

const help = `What a user ships: each entry point bundled and minified, against the budgets of tools/size-budgets.json.
Measured is each root, each name of one that has a budget, and each subpath that has one, or has 1 kB in no other bundle.

  node tools/src/size.ts            prints the table; exit code 1 over a budget, or where a root reaches what it must not
  node tools/src/size.ts --write    writes the sizes of now, and a tenth on top, as budgets`

const { values } = commandLine(help, { options: { write: { type: "boolean" } } })

interface Entry {
  readonly of: Package
  readonly module: string
  readonly what: string
}

interface Bundle {
  readonly minified: number
  readonly zipped: number
  /** The files that something is left of after tree shaking, and the modules that stay outside. */
  readonly parts: ReadonlyArray<string>
}

const file = fileURLToPath(new URL("../size-budgets.json", import.meta.url))
const budgets: Readonly<Record<string, number>> = JSON.parse(readFileSync(file, "utf8"))
const budgeted = Object.keys(budgets).map((id) => id.split(" "))

const entries = packages.flatMap((of): ReadonlyArray<Entry> => {
  const index = readFileSync(`${of.folder}/src/index.ts`, "utf8")
  const names = budgeted.flatMap(([from, what = "*"]) => (from === of.name && what !== "*" ? [what] : []))
  const subpaths = of.modules.filter((module) => module !== "index" && !index.includes(`"./${module}.ts"`))
  const ofRoot = names.concat("*").map((what) => ({ of, module: "index", what }))
  return ofRoot.concat(subpaths.map((module) => ({ of, module, what: "*" })))
})

const isEffect = (peer: string) => peer === "effect" || peer.startsWith("@effect/")

/** Without its peers, our own part alone, or with the parts of Effect it takes along. */
const bundled = async ({ module, of, what }: Entry, external: ReadonlyArray<string>): Promise<Bundle> => {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `export ${what === "*" ? what : `{ ${what} }`} from "./src/${module}.ts"`,
      resolveDir: of.folder,
      loader: "ts"
    },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    external: [...external, "node:*"],
    logLevel: "error"
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  return { minified: code.length, zipped: gzipSync(code, { level: 9 }).length, parts: partsOf(metafile) }
}

// Effect's own Schema imports some of `effect/http`, of which nothing is left after tree shaking.
const partsOf = ({ outputs }: Metafile): ReadonlyArray<string> =>
  Object.values(outputs).flatMap(({ imports, inputs }) =>
    Object.keys(inputs)
      .filter((input) => inputs[input]?.bytesInOutput !== 0)
      .concat(imports.map(({ path }) => path))
  )

// The parts of Effect 4 that were packages of their own, optional peers, before.
const partOfEffect = /node_modules\/effect\/(?:src|dist)\/(?:http|http-api|persistence|sql)\//

/** A root must load without what its subpaths are for. */
const isForbidden = (of: Package) => (part: string) =>
  partOfEffect.test(part) ||
  of.optionalPeers.some((peer) => `${part}/`.startsWith(`${peer}/`) || part.includes(`node_modules/${peer}/`))

const kB = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`
const everything = await Promise.all(
  entries.map(async (entry) => {
    const label = entry.module === "index" ? entry.of.name : `${entry.of.name}/${entry.module}`
    const [own, all] = await Promise.all([
      bundled(entry, entry.of.peers),
      bundled(
        entry,
        entry.of.peers.filter((peer) => !isEffect(peer))
      )
    ])
    return { entry, id: `${label} ${entry.what}`, label, own, all }
  })
)
// A subpath without a budget is one that was forgotten, unless it is next to nothing or the budget of another includes it.
const measured = everything.filter(({ entry: { module, of }, id, own }) => {
  const source = relative(root, `${of.folder}/src/${module}.ts`)
  const isContained = everything.some(
    (other) => other.entry.of === of && other.entry.module !== module && other.own.parts.includes(source)
  )
  return module === "index" || id in budgets || (own.zipped >= 1_000 && !isContained)
})
const rows = measured.map(({ all, entry, id, label, own }) => [
  label,
  entry.what,
  kB(own.minified),
  kB(own.zipped),
  kB(all.zipped),
  budgets[id] === undefined ? "none" : kB(budgets[id])
])
const faults = measured.flatMap(({ all, entry, id, own }) => {
  const budget = budgets[id]
  const reached = entry.module === "index" ? all.parts.filter(isForbidden(entry.of)) : []
  return [
    ...(budget !== undefined && own.zipped <= budget ? [] : [`${id}: ${own.zipped} B, budget ${budget ?? "not set"}`]),
    ...(reached.length > 0 ? [`${id} reaches ${reached.slice(0, 3).join(", ")}`] : [])
  ]
})

const head = ["import from", "names", "minified", "gzip", "with Effect, gzip", "budget, gzip"]
const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)))
const line = (row: ReadonlyArray<string>) =>
  row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
console.log([head, ...rows].map(line).join("\n"))
if (values.write === true) {
  const tenthMore = (bytes: number) => Math.ceil((bytes * 1.1) / 100) * 100
  const next = Object.fromEntries(measured.map(({ id, own }) => [id, tenthMore(own.zipped)]))
  writeFileSync(file, `${JSON.stringify(next, null, 2)}\n`)
  console.log(`written: ${relative(process.cwd(), file)}`)
} else if (faults.length > 0) {
  console.error(`\n${faults.join("\n")}`)
  process.exitCode = 1
}
