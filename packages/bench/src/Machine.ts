/** Where and with what it was measured. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus } from "node:os"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  readonly packages: { readonly [name: string]: string }
}

const { resolve } = createRequire(import.meta.url)

const versionOf = (name: string): string => {
  const text = readFileSync(resolve(`${name}/package.json`), "utf8")
  const found: unknown = JSON.parse(text)
  return typeof found === "object" && found !== null && "version" in found ? String(found.version) : "?"
}

export const read = (): Machine => {
  const processors = cpus()
  const names = ["effect", "effect4", "cockatiel", "opossum"]
  return {
    cpu: processors[0]?.model.trim() ?? "?",
    cores: processors.length,
    node: process.version,
    packages: Object.fromEntries(names.map((name) => [name, versionOf(name)]))
  }
}

export const text = ({ cores, cpu, node, packages }: Machine): string =>
  [
    `${cpu}, ${cores} cores, Node ${node}`,
    Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")
  ].join("\n")
