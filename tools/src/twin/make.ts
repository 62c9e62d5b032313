/** Makes what is out of date: rules first, then the formatter. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { format } from "oxfmt"
import { type MadePage, type Page, makePage } from "./pages.ts"
import { rewrite } from "./rewrite.ts"
import { table } from "./rules.ts"
import type { Fault, Used } from "./Table.ts"
import type { Job } from "./Tree.ts"

export interface Result {
  readonly job: Job
  readonly code: string
  readonly faults: ReadonlyArray<Fault>
}

const styleOf = (root: string): Parameters<typeof format>[2] =>
  JSON.parse(readFileSync(join(root, ".oxfmtrc.json"), "utf8"))

export const makeFiles = (root: string, jobs: ReadonlyArray<Job>, used: Used): Promise<ReadonlyArray<Result>> => {
  const style = styleOf(root)
  return Promise.all(
    jobs.map(async (job): Promise<Result> => {
      const { code, faults } = rewrite(job.code, table, { file: job.source, line: 1 }, used)
      const { code: formatted, errors } = await format(job.target, code, style)
      const [error] = errors
      if (error === undefined) return { job, code: formatted, faults }
      const message = `what is made of it cannot be read: ${error.message}`
      return { job, code, faults: [...faults, { file: job.source, line: 1, message }] }
    })
  )
}

export const makePages = (
  root: string,
  pages: ReadonlyArray<Page>,
  used: Used,
  isForced: boolean
): Promise<ReadonlyArray<MadePage>> => {
  const style = styleOf(root)
  return Promise.all(pages.map((page) => makePage(page, style, used, isForced)))
}
