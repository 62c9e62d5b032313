// Makes the sources for Effect 4 from those for Effect 3.
//
//   node tools/src/twin/main.ts            makes what is out of date
//   node tools/src/twin/main.ts --check    writes nothing; exit code 1 where something is out of date, or a rule matches nothing
//   node tools/src/twin/main.ts --force    makes all of it, over what was edited by hand too
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { hash } from "./Made.ts"
import { unimported } from "./reach.ts"
import type { Fault, Used } from "./Table.ts"
import { remove, survey, write } from "./Tree.ts"
import { trees } from "./folders.ts"
import { unused } from "./unused.ts"

const help = `Makes the sources for Effect 4 from those for Effect 3.

  pnpm twin            makes what is out of date
  pnpm twin --check    writes nothing; fails where something is out of date, or a rule matches nothing
  pnpm twin --force    makes all of it, over what was edited by hand too
`
const root = fileURLToPath(new URL("../../..", import.meta.url))

/** All that decides what is made of a source. */
const rules = (): string => {
  const own = globSync("*.ts", { cwd: import.meta.dirname }).sort()
  const files = [...own.map((file) => join(import.meta.dirname, file)), join(root, ".oxfmtrc.json")]
  return hash(...files.map((file) => readFileSync(file, "utf8")))
}

const run = async ({ check, force }: { readonly check: boolean; readonly force: boolean }): Promise<void> => {
  const started = performance.now()
  const from = rules()
  const surveys = trees.map((tree) => survey(root, tree, from, force))
  const faults: Array<Fault> = surveys.flatMap((one) => one.faults)
  const orphans = surveys.flatMap((one) => one.orphans)
  const stale = surveys.flatMap((one) => one.stale)
  const fresh = surveys.reduce((sum, one) => sum + one.fresh, 0)
  const used: Used = new Set()
  if (check) for (const { target } of stale) faults.push({ file: target, line: 1, message: "is out of date" })
  if (stale.length > 0 || check) {
    // Loaded only now: most runs find nothing to make.
    const { make } = await import("./make.ts")
    const jobs = check ? trees.flatMap((tree) => survey(root, tree, "", true).stale) : stale
    const results = await make(root, jobs, used)
    faults.push(...results.flatMap((result) => result.faults))
    if (!check) for (const { code, job } of results) write(root, job, code)
    if (check) faults.push(...unused(used))
  }
  if (check) for (const target of orphans) faults.push({ file: target, line: 1, message: "has no source any more" })
  else for (const target of orphans) remove(root, target)
  faults.push(...unimported(root, trees))
  for (const { file, line, message } of faults) console.error(`${file}:${line}: ${message}`)
  if (faults.length > 0) {
    console.error(`\ntwin: ${faults.length} ${faults.length === 1 ? "fault" : "faults"}`)
    process.exitCode = 1
  } else if (stale.length + orphans.length > 0) {
    const millis = Math.round(performance.now() - started)
    console.log(`twin: ${stale.length} made, ${fresh} kept, ${orphans.length} removed, ${millis} ms`)
  }
}

try {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false }
    }
  })
  if (values.help) console.log(help)
  else await run(values)
} catch (error) {
  console.error(error instanceof Error ? `twin: ${error.message}` : error)
  process.exitCode = 2
}
