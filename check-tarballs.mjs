// Uses the packed tarballs as a stranger would: unpacked side by side under node_modules, type-checked and imported,
// on this Node and on the one found outside the repository.
import { execFileSync } from "node:child_process"
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, resolve } from "node:path"

const dir = mkdtempSync(join(tmpdir(), "truce-tarballs-"))
const modules = join(dir, "node_modules")
try {
  const names = globSync("packages/*/package.tgz").map((tarball) => {
    const home = resolve(tarball, "..")
    const { name, peerDependencies } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"))
    mkdirSync(join(modules, name), { recursive: true })
    execFileSync("tar", ["-xzf", resolve(tarball), "-C", join(modules, name), "--strip-components=1"])
    for (const peer of Object.keys(peerDependencies ?? {})) {
      mkdirSync(dirname(join(modules, peer)), { recursive: true })
      symlinkSync(realpathSync(join(home, "node_modules", peer)), join(modules, peer))
    }
    return name
  })
  if (names.length === 0) throw new Error("no packages/*/package.tgz to check")

  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023"],
    types: []
  }
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }))
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true } })
  )
  writeFileSync(join(dir, "main.ts"), names.map((name, i) => `import * as p${i} from "${name}"\nvoid p${i}\n`).join(""))
  execFileSync(resolve("node_modules/.bin/tsc"), ["-p", dir], { stdio: "inherit" })

  const script = names
    .map((name) => `console.log("${name}", Object.keys(await import("${name}")).length, "exports")`)
    .join(";")
  const nodes = process.env.PATH.split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .filter((file) => existsSync(file))
  for (const node of [process.execPath, ...nodes.slice(0, 1)]) {
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim()
    const output = execFileSync(node, ["--input-type=module", "-e", script], { cwd: dir, encoding: "utf8" })
    console.log(output.trimEnd().replace(/^/gm, `Node ${version}: `))
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}
