/** Type-checks everything with the Effect diagnostics: @effect/tsgo ships a whole tsc 7 that has them built in. */
import { execFileSync, spawnSync } from "node:child_process"
import { globSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { commandLine } from "./commandLine.ts"
import { root } from "./workspace.ts"

commandLine("node tools/src/types.ts    type-checks every package, every example and the tools", {})

const require = createRequire(import.meta.url)
const cli = join(dirname(require.resolve("@effect/tsgo/package.json")), "dist/effect-tsgo.cjs")
// It looks for the compiler it replaces from where it is run.
const found = execFileSync(process.execPath, [cli, "get-exe-path"], { cwd: import.meta.dirname, encoding: "utf8" })
const tsc = found.trim().split("\n").at(-1) ?? ""

const projects = globSync("{packages/*,examples/*,tools}/tsconfig.json", { cwd: root })
  .map((config) => dirname(config))
  .sort()
console.log(`checking ${projects.join(", ")}`)
process.exitCode = spawnSync(tsc, ["-b", ...projects], { cwd: root, stdio: "inherit" }).status ?? 1
