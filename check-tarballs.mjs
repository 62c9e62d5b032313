// Uses each packed tarball as a stranger would: unpacked under node_modules beside its peers, type-checked and imported, on this Node
// and on the one found outside the repository.
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
import { basename, delimiter, dirname, join, resolve } from "node:path"

const nodes = process.env.PATH.split(delimiter)
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

const packages = globSync("packages/*/package.tgz").map((tarball) => {
  const home = resolve(tarball, "..")
  return Object.assign(JSON.parse(readFileSync(join(home, "package.json"), "utf8")), {
    home,
    tarball: resolve(tarball)
  })
})

/** In a folder of its own, as the packages have different majors of one peer. */
const checkPackage = ({ dependencies = {}, home, name, peerDependencies = {}, peerDependenciesMeta = {} }) => {
  const dir = mkdtempSync(join(tmpdir(), "truce-tarballs-"))
  try {
    const place = (module) => {
      mkdirSync(dirname(join(dir, "node_modules", module)), { recursive: true })
      return join(dir, "node_modules", module)
    }
    const link = (peer) => symlinkSync(realpathSync(join(home, "node_modules", peer)), place(peer))
    for (const one of packages.filter((other) => other.name === name || other.name in dependencies)) {
      mkdirSync(place(one.name))
      execFileSync("tar", ["-xzf", one.tarball, "-C", place(one.name), "--strip-components=1"])
    }
    writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }))
    const imported = (names, what) => {
      const script = `for (const name of ${JSON.stringify(names)}) await import(name).catch((error) => { throw new Error(name + ": " + error.message) })`
      for (const node of [process.execPath, ...nodes.slice(0, 1)]) {
        const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim()
        execFileSync(node, ["--input-type=module", "-e", script], { cwd: dir, stdio: ["ignore", "inherit", "inherit"] })
        console.log(`${name}, Node ${version}: ${what} imported (${names.length})`)
      }
    }
    const isOptional = (peer) => peerDependenciesMeta[peer]?.optional === true
    const peers = Object.keys(peerDependencies)
    for (const peer of peers.filter((peer) => !isOptional(peer))) link(peer)
    imported([name], "root without optional peers")
    for (const peer of peers.filter(isOptional)) link(peer)
    const names = [name, ...globSync("src/*.ts", { cwd: home }).map((file) => `${name}/${basename(file, ".ts")}`)]
    writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }))
    writeFileSync(
      join(dir, "main.ts"),
      names.map((path, i) => `import * as p${i} from "${path}"\nvoid p${i}\n`).join("")
    )
    execFileSync(resolve("node_modules/.bin/tsc"), ["-p", dir], { stdio: "inherit" })
    imported(names, "root and subpaths")
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

try {
  if (packages.length === 0) throw new Error("no packages/*/package.tgz to check")
  for (const one of packages) checkPackage(one)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
