import { Effect } from "effect"
import { build } from "esbuild"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const folder = mkdtempSync(join(tmpdir(), "truce-test-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const programs = new Map<string, Promise<string>>()

const made = async (entry: string): Promise<string> => {
  const outfile = join(folder, `${programs.size}.mjs`)
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
    logLevel: "error"
  })
  return outfile
}

/** A program in one file: to read all of Effect file by file would take a process longer than what it does in a test. */
export const bundled = (url: URL): Effect.Effect<string> =>
  Effect.promise(() => {
    const entry = fileURLToPath(url)
    const program = programs.get(entry) ?? made(entry)
    programs.set(entry, program)
    return program
  })
