/** Makes the files that are out of date: rules first, then the formatter. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { format } from "oxfmt"
import { rewrite } from "./rewrite.ts"
import type { Fault, Used } from "./Table.ts"
import { table } from "./rules.ts"
import type { Job } from "./Tree.ts"

export interface Result {
  readonly job: Job
  readonly code: string
  readonly faults: ReadonlyArray<Fault>
}

export const make = (root: string, jobs: ReadonlyArray<Job>, used: Used): Promise<ReadonlyArray<Result>> => {
  const style = JSON.parse(readFileSync(join(root, ".oxfmtrc.json"), "utf8"))
  return Promise.all(
    jobs.map(async (job): Promise<Result> => {
      const { code, faults } = rewrite(job.code, table, { file: job.source, line: 1 }, used)
      const { code: formatted, errors } = await format(job.target, code, style)
      const [error] = errors
      if (error === undefined) return { job, code: formatted, faults }
      return {
        job,
        code,
        faults: [
          ...faults,
          { file: job.source, line: 1, message: `what is made of it cannot be read: ${error.message}` }
        ]
      }
    })
  )
}
