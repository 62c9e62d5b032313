/** The published packages, as their manifests and sources describe them. */
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

export interface Package {
  readonly name: string
  readonly folder: string
  readonly dependencies: ReadonlyArray<string>
  readonly peers: ReadonlyArray<string>
  readonly optionalPeers: ReadonlyArray<string>
  /** The modules that can be imported as subpaths. */
  readonly modules: ReadonlyArray<string>
}

export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

export const packages: ReadonlyArray<Package> = globSync("packages/*/package.json", { cwd: root })
  .sort()
  .flatMap((file) => {
    const folder = join(root, file, "..")
    const { dependencies = {}, name, peerDependencies = {}, peerDependenciesMeta = {}, ...rest } = manifest(folder)
    if (rest.private === true) return []
    const peers = Object.keys(peerDependencies)
    const modules = globSync("src/*.ts", { cwd: folder }).map((module) => basename(module, ".ts"))
    return {
      name,
      folder,
      dependencies: Object.keys(dependencies),
      peers,
      optionalPeers: peers.filter((peer) => peerDependenciesMeta[peer]?.optional === true),
      modules: modules.sort()
    }
  })
