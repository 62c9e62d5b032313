// What a user ships: each entry point bundled and minified by esbuild, against the budgets of size-budgets.json.
//
//   node check-size.mjs            prints the table; exit code 1 over a budget, or where a root reaches what it must not
//   node check-size.mjs --write    writes the sizes of now, and a tenth on top, as budgets
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"

const file = "size-budgets.json"
const budgets = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}
const subpaths = (name) =>
  ["BuiltinBreaker", "Fleet", "HttpClient", "Operators", "Redis", "Snapshots", "testing"].filter((path) =>
    existsSync(`packages/${name}/src/${path}.ts`)
  )
const binding = (name) => [
  { name, what: "Truce", root: true },
  { name, what: "CircuitBreaker", root: true },
  { name, what: "RetryPolicy", root: true },
  { name, what: "*", root: true },
  ...subpaths(name).map((path) => ({ name, path, what: "*" }))
]
const entries = [{ name: "core", what: "*", root: true }, ...["effect3", "effect4"].flatMap(binding)].filter(
  ({ name }) => existsSync(`packages/${name}`)
)
// A root must load without what its subpaths are for.
const forbidden =
  /node_modules\/(?:@effect\/platform|ioredis|redis)\/|node_modules\/effect\/(?:src|dist)\/(?:http|http-api|persistence|sql)\//

/** Our own part alone, or with the parts of Effect it takes along. */
const bundled = async ({ name, path = "index", what }, external) => {
  const contents = what === "*" ? `export * from "./src/${path}.ts"` : `export { ${what} } from "./src/${path}.ts"`
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: `packages/${name}`, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    external: [
      ...(external ? ["effect", "effect/*", "@effect/*"] : []),
      ...(path === "Redis" ? ["ioredis"] : []),
      "node:*"
    ],
    logLevel: "error"
  })
  const code = outputFiles[0].contents
  return { minified: code.length, zipped: gzipSync(code, { level: 9 }).length, inputs: shipped(metafile) }
}

// Effect's own Schema imports some of `effect/http`, of which nothing is left after tree shaking.
const shipped = ({ outputs }) =>
  Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0))

const kB = (bytes) => `${(bytes / 1_000).toFixed(1)} kB`
const measured = await Promise.all(
  entries.map(async (entry) => {
    const label = `@truce/${entry.name}${entry.path === undefined ? "" : `/${entry.path}`}`
    const [own, all] = await Promise.all([bundled(entry, true), bundled(entry, false)])
    return { entry, id: `${label} ${entry.what}`, label, own, all }
  })
)
const rows = measured.map(({ all, entry, id, label, own }) => [
  label,
  entry.what,
  kB(own.minified),
  kB(own.zipped),
  kB(all.zipped),
  id in budgets ? kB(budgets[id]) : "none"
])
const faults = measured.flatMap(({ all, entry, id, own }) => {
  const reached = entry.root ? all.inputs.filter((input) => forbidden.test(input)) : []
  return [
    ...(own.zipped <= budgets[id] ? [] : [`${id}: ${own.zipped} B, budget ${budgets[id] ?? "not set"}`]),
    ...(reached.length > 0 ? [`${id} reaches ${reached.slice(0, 3).join(", ")}`] : [])
  ]
})

const head = ["import from", "names", "minified", "gzip", "with Effect, gzip", "budget, gzip"]
const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)))
const line = (row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")
console.log([line(head), ...rows.map(line)].join("\n"))
if (process.argv.includes("--write")) {
  const tenthMore = (bytes) => Math.ceil((bytes * 1.1) / 100) * 100
  const next = Object.fromEntries(measured.map(({ id, own }) => [id, tenthMore(own.zipped)]))
  writeFileSync(file, `${JSON.stringify(next, null, 2)}\n`)
  console.log(`written: ${file}`)
} else if (faults.length > 0) {
  console.error(`\n${faults.join("\n")}`)
  process.exitCode = 1
}
