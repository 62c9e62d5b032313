/**
 * Uses each packed tarball as a stranger would: unpacked under node_modules beside its peers, type-checked and imported, on this Node
 * and on the one found outside the repository.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { commandLine, run } from "./commandLine.ts"
import { type Package, packages } from "./workspace.ts"

const help = `Uses each packed tarball as a stranger would: unpacked beside its peers, type-checked and imported.

  node tools/src/tarballs.ts    checks the package.tgz of every published package: check:package in each packs it`

commandLine(help, {})

const tsc = fileURLToPath(new URL("../node_modules/.bin/tsc", import.meta.url))
const nodes = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .map((folder) => join(folder, "node"))
  .filter((file) => existsSync(file))

const compilerOptions = {
  strict: true,
  noEmit: true,
  module: "NodeNext",
  target: "ES2022",
  lib: ["ES2023"],
  types: [],
  skipLibCheck: true
}

/** In a folder of its own, as the packages have different majors of one peer. */
const check = ({ dependencies, folder, modules, name, optionalPeers, peers }: Package): void => {
  const dir = mkdtempSync(join(tmpdir(), "truce-tarballs-"))
  try {
    const place = (module: string) => {
      mkdirSync(dirname(join(dir, "node_modules", module)), { recursive: true })
      return join(dir, "node_modules", module)
    }
    const link = (peer: string) => symlinkSync(realpathSync(join(folder, "node_modules", peer)), place(peer))
    for (const one of packages.filter((other) => other.name === name || dependencies.includes(other.name))) {
      const tarball = join(one.folder, "package.tgz")
      if (!existsSync(tarball)) throw new Error(`${one.name} is not packed: there is no ${tarball}`)
      mkdirSync(place(one.name))
      execFileSync("tar", ["-xzf", tarball, "-C", place(one.name), "--strip-components=1"])
    }
    writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }))
    const imported = (names: ReadonlyArray<string>, what: string) => {
      const script = `for (const name of ${JSON.stringify(names)}) await import(name).catch((error) => { throw new Error(name + ": " + error.message) })`
      for (const node of [process.execPath, ...nodes.slice(0, 1)]) {
        const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim()
        execFileSync(node, ["--input-type=module", "-e", script], { cwd: dir, stdio: ["ignore", "inherit", "inherit"] })
        console.log(`${name}, Node ${version}: ${what} imported (${names.length})`)
      }
    }
    for (const peer of peers.filter((peer) => !optionalPeers.includes(peer))) link(peer)
    imported([name], "root without optional peers")
    for (const peer of optionalPeers) link(peer)
    const names = [name, ...modules.map((module) => `${name}/${module}`)]
    writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }))
    writeFileSync(
      join(dir, "main.ts"),
      names.map((path, i) => `import * as p${i} from "${path}"\nvoid p${i}\n`).join("")
    )
    execFileSync(tsc, ["-p", dir], { stdio: "inherit" })
    imported(names, "root and subpaths")
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

await run(() => packages.forEach(check))
