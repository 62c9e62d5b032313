/** A process whose third run never ends; it makes a file when it gets there. */
import { writeFileSync } from "node:fs"
import { isMainThread } from "node:worker_threads"
import type { Catalogue } from "../src/Catalogue.ts"
import { start } from "../src/cli/Start.ts"
import { catalogue as small } from "./catalogue.ts"

export const catalogue: Catalogue = {
  ...small,
  run: (scenario, design, options) => {
    if (options.seed === 3) {
      writeFileSync(process.env["STUCK"] ?? "", "")
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    }
    return small.run(scenario, design, options)
  }
}

if (isMainThread) start(catalogue, new URL(import.meta.url))
