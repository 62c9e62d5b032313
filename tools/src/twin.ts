/** Makes the sources for Effect 4 from those for Effect 3. */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { commandLine, run } from "./commandLine.ts"
import { pages, trees } from "./twin/folders.ts"
import { hash } from "./twin/Made.ts"
import { unimported } from "./twin/reach.ts"
import type { Fault, Used } from "./twin/Table.ts"
import { remove, survey, write } from "./twin/Tree.ts"
import { unused } from "./twin/unused.ts"
import { root } from "./workspace.ts"

const help = `node tools/src/twin.ts             makes what is out of date of the sources for Effect 4 and of the examples in pages
node tools/src/twin.ts --check     writes nothing; fails where something is out of date, or a rule matches nothing
node tools/src/twin.ts --force     makes all of it anew, over what was edited by hand too`

/** All that decides what is made of a source. */
const rules = (): string => {
  const own = globSync("tools/src/twin/*.ts", { cwd: root }).sort()
  return hash(...[...own, ".oxfmtrc.json"].map((file) => readFileSync(join(root, file), "utf8")))
}

interface Flags {
  readonly check: boolean
  readonly force: boolean
}

interface Report {
  readonly made: number
  readonly faults: ReadonlyArray<Fault>
}

const makeTrees = async (input: string, { check, force }: Flags, used: Used): Promise<Report> => {
  const surveys = trees.map((tree) => survey(root, tree, input, force))
  const faults: Array<Fault> = surveys.flatMap((one) => one.faults)
  const orphans = surveys.flatMap((one) => one.orphans)
  const stale = surveys.flatMap((one) => one.stale)
  if (check) {
    for (const { target } of stale) faults.push({ file: target, line: 1, message: "is out of date" })
    for (const target of orphans) faults.push({ file: target, line: 1, message: "has no source any more" })
  } else for (const target of orphans) remove(root, target)
  const jobs = check ? trees.flatMap((tree) => survey(root, tree, input, true).stale) : stale
  if (jobs.length > 0) {
    // Loaded only now: most runs find nothing to make.
    const { makeFiles } = await import("./twin/make.ts")
    const results = await makeFiles(root, jobs, used)
    faults.push(...results.flatMap((result) => result.faults))
    if (!check) for (const { code, job } of results) write(root, job, code)
  }
  faults.push(...unimported(root, trees))
  return { made: check ? 0 : stale.length + orphans.length, faults }
}

/** What the pages were when they were last in order: they are in git, and carry no hash of the rules. */
const seen = join(root, "tools/node_modules/.cache/twin-pages")

const makeShown = async (input: string, { check, force }: Flags, used: Used): Promise<Report> => {
  const files = pages.flatMap((glob) => globSync(glob, { cwd: root })).sort()
  const read = () => files.map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }))
  const before = read()
  const state = (now: ReadonlyArray<{ readonly text: string }>) => hash(input, ...now.map(({ text }) => text))
  if (!check && !force && existsSync(seen) && readFileSync(seen, "utf8") === state(before))
    return { made: 0, faults: [] }
  const { makePages } = await import("./twin/make.ts")
  const results = await makePages(root, before, used, force)
  const faults = results.flatMap((result) => result.faults)
  const stale = results.filter(({ isStale }) => isStale)
  if (check) {
    const late = stale.map(({ file }) => ({ file, line: 1, message: "its examples for Effect 4 are out of date" }))
    return { made: 0, faults: [...faults, ...late] }
  }
  if (faults.length > 0) return { made: 0, faults }
  for (const { file, text } of stale) writeFileSync(join(root, file), text)
  mkdirSync(dirname(seen), { recursive: true })
  writeFileSync(seen, state(read()))
  return { made: stale.length, faults }
}

const { values: flags } = commandLine(help, {
  options: { check: { type: "boolean", default: false }, force: { type: "boolean", default: false } }
})

await run(async () => {
  const started = performance.now()
  const input = rules()
  const used: Used = new Set()
  const reports = [await makeTrees(input, flags, used), await makeShown(input, flags, used)]
  const faults = [...reports.flatMap((report) => report.faults), ...(flags.check ? unused(used) : [])]
  const made = reports.reduce((sum, report) => sum + report.made, 0)
  if (faults.length > 0) {
    const found = faults.map(({ file, line, message }) => `${file}:${line}: ${message}`)
    throw new Error(`${found.join("\n")}\n\ntwin: ${faults.length} ${faults.length === 1 ? "fault" : "faults"}`)
  }
  if (made > 0) console.log(`twin: ${made} made, ${Math.round(performance.now() - started)} ms`)
})
