// Type-checks every package and example with the Effect diagnostics: @effect/tsgo ships a whole tsc 7 that has them built in.
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, globSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const require = createRequire(import.meta.url)
const cli = join(dirname(require.resolve("@effect/tsgo/package.json")), "dist/effect-tsgo.cjs")
const tsc = execFileSync(process.execPath, [cli, "get-exe-path"], { encoding: "utf8" }).trim().split("\n").at(-1)

const projects = globSync("{packages,examples}/*/tsconfig.json")
  .map((config) => dirname(config))
  .filter((project) => existsSync(join(project, "src")))
  .sort()
console.log(`checking ${projects.join(", ")}`)
process.exit(spawnSync(tsc, ["-b", ...projects], { stdio: "inherit" }).status ?? 1)
