/** Turns every `ts` fence of doc comments and Markdown into a test in `<package>/.doctest`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { commandLine, refuse, run } from "./commandLine.ts"
import { type Fence, fences } from "./doctest/fences.ts"
import { testOf } from "./doctest/testOf.ts"
import { manifest, packages, root } from "./workspace.ts"

const bindings = packages.filter(({ peers }) => peers.includes("effect")).map(({ name }) => name)

const help = `Turns every \`ts\` fence of doc comments and Markdown into a test in .doctest.

  node ../../tools/src/doctest.ts PATH...    e.g. src ../../docs ../../README.md; run in the package whose tests they become

An example of the shared docs belongs to the binding it imports, to ${bindings[0]} where it imports none.
\`expr // => value\` asserts, as does a \`// => value\` on the line after; \`ts no-run\` is type-checked only.
A generated file keeps the line numbers of its source: an error in README.md.10.test.ts(14,3) is on line 14 of README.md.`

const { positionals } = commandLine(help, { allowPositionals: true })
if (positionals.length === 0) refuse("PATH is missing")

const sources = (path: string): ReadonlyArray<string> => {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules" && (entry.isDirectory() || /\.(ts|md)$/.test(entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => sources(join(path, entry.name)))
}

const read = (file: string) => fences(relative(root, file).replaceAll("\\", "/"), readFileSync(file, "utf8"))

const isOwn =
  (own: string) =>
  ({ lines, name }: Fence): boolean => {
    if (!relative(process.cwd(), join(root, name)).startsWith("..")) return true
    const imported = Array.from(lines.join("\n").matchAll(/from "(@[\w-]+\/[\w-]+)/g), ([, from = ""]) => from)
    return own === (imported.find((from) => bindings.includes(from)) ?? bindings[0])
  }

await run(() => {
  const out = ".doctest"
  const own = positionals
    .flatMap(sources)
    .flatMap(read)
    .filter(isOwn(manifest(".").name))
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  for (const fence of own) {
    const { file, source } = testOf(fence)
    writeFileSync(join(out, file), source)
  }
  const { length: runs } = own.filter(({ run }) => run)
  console.log(`documentation examples: ${runs} to run, ${own.length - runs} to compile only`)
})
