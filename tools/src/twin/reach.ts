/** A made file that nothing imports is one whose only reader was written by hand, or gone. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, matchesGlob, normalize, resolve } from "node:path"
import type { Fault } from "./Table.ts"
import type { Tree } from "./Tree.ts"

const imported = /(?:from|import)\s*\(?\s*"(\.[^"]+)"|new URL\("(\.[^"]+)"/g

/** Files in folders of sources that no other file names; those at the top of a folder are what users import, or what is run. */
export const unimported = (root: string, trees: ReadonlyArray<Tree>): ReadonlyArray<Fault> =>
  trees.flatMap(({ byHand, to }) => {
    if (!existsSync(resolve(root, to))) return []
    const files = globSync("**/*.ts", { cwd: resolve(root, to) })
    const named = new Set(
      files.flatMap((file) =>
        Array.from(readFileSync(resolve(root, to, file), "utf8").matchAll(imported), ([, from, url]) =>
          normalize(join(dirname(file), from ?? url ?? ""))
        )
      )
    )
    return files
      .filter(
        (file) =>
          file.includes("/") &&
          !byHand.some((glob) => matchesGlob(file, glob)) &&
          !/\.test(-d)?\.ts$/.test(file) &&
          !named.has(file)
      )
      .map((file) => ({ file: join(to, file), line: 1, message: "nothing imports it" }))
  })
