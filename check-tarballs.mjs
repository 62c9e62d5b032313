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
import { basename, delimiter, dirname, join, resolve } from "node:path"

const dir = mkdtempSync(join(tmpdir(), "truce-tarballs-"))
const modules = join(dir, "node_modules")
try {
  const link = (peer, home) => {
    mkdirSync(dirname(join(modules, peer)), { recursive: true })
    symlinkSync(realpathSync(join(home, "node_modules", peer)), join(modules, peer))
  }
  const packages = globSync("packages/*/package.tgz").map((tarball) => {
    const home = resolve(tarball, "..")
    const { name, peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(home, "package.json"), "utf8")
    )
    const subpaths = globSync("src/*.ts", { cwd: home }).map((file) => `${name}/${basename(file, ".ts")}`)
    mkdirSync(join(modules, name), { recursive: true })
    execFileSync("tar", ["-xzf", resolve(tarball), "-C", join(modules, name), "--strip-components=1"])
    const peers = Object.keys(peerDependencies ?? {})
    const isOptional = (peer) => peerDependenciesMeta?.[peer]?.optional === true
    for (const peer of peers.filter((peer) => !isOptional(peer))) link(peer, home)
    return {
      name,
      names: [name, ...subpaths],
      linkOptional: () => peers.filter(isOptional).forEach((peer) => link(peer, home))
    }
  })
  if (packages.length === 0) throw new Error("no packages/*/package.tgz to check")
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }))

  const nodes = process.env.PATH.split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .filter((file) => existsSync(file))
  const imported = (names, what) => {
    const script = `for (const name of ${JSON.stringify(names)}) await import(name).catch((error) => { throw new Error(name + ": " + error.message) })`
    for (const node of [process.execPath, ...nodes.slice(0, 1)]) {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim()
      execFileSync(node, ["--input-type=module", "-e", script], { cwd: dir, stdio: ["ignore", "inherit", "inherit"] })
      console.log(`Node ${version}: ${names.length} ${what} imported`)
    }
  }
  // A root needs no optional peer.
  imported(
    packages.map(({ name }) => name),
    "roots without optional peers"
  )
  for (const { linkOptional } of packages) linkOptional()
  const names = packages.flatMap((one) => one.names)

  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023"],
    types: []
  }
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true } })
  )
  writeFileSync(join(dir, "main.ts"), names.map((name, i) => `import * as p${i} from "${name}"\nvoid p${i}\n`).join(""))
  execFileSync(resolve("node_modules/.bin/tsc"), ["-p", dir], { stdio: "inherit" })

  imported(names, "roots and subpaths")
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(dir, { recursive: true, force: true })
}
