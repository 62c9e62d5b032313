/** `lab headline`: each cell of the headline table beside the figure it is compared with. */
import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { type Comparison, type Verdict, compare } from "../Compare.ts"
import { type Column, type Row, columns, rows } from "../Headline.ts"
import { type Metric, show } from "../Metric.ts"
import type { RunResult } from "../RunResult.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Settings from "./Settings.ts"
import * as Sweep from "./Sweep.ts"
import * as Table from "./Table.ts"

interface Cell {
  readonly row: Row
  readonly column: Column
  readonly metric: Metric
  readonly found: Comparison
}

export const headlineCommand = Command.make(
  "headline",
  { seed: Settings.seed, seeds: Settings.seeds(24), jobs: Settings.jobs },
  (options) =>
    Effect.gen(function* () {
      const { module } = yield* Lab
      const seeds = Sweep.seeds(options.seed, options.seeds)
      const cells = rows.flatMap((row) => columns.map((column) => ({ row, column })))
      // A seed has the length of the fault that the reference's run of that number had.
      const jobs = cells.flatMap(({ column, row }) =>
        seeds.flatMap((seed, index) => {
          const scenario = row.scenarios[index % row.scenarios.length]
          return scenario === undefined ? [] : [{ scenario, design: column, seed, series: false }]
        })
      )
      yield* Sweep.run({ catalogue: module, jobs, threads: options.jobs }, (sweep) => {
        const resultsOf = (index: number): ReadonlyArray<RunResult> =>
          sweep.results.slice(index * seeds.length, (index + 1) * seeds.length).filter((result) => result !== undefined)
        return Console.log(
          told(
            cells.flatMap(({ column, row }, index) =>
              row.metrics.map((metric) => ({
                row,
                column,
                metric,
                found: compare(row, column, metric, resultsOf(index))
              }))
            )
          )
        )
      })
    })
).pipe(
  Command.withDescription(
    help(
      "Compares the headline table with the figures of an independent simulator: what agrees, what is within the noise of three runs, and what differs.",
      ["pnpm lab headline", "pnpm lab headline --seeds 3"]
    )
  )
)

const told = (cells: ReadonlyArray<Cell>): string => {
  const count = (verdict: Verdict) => cells.filter(({ found }) => found.verdict === verdict).length
  const differing = cells.filter(({ found }) => found.verdict === "differs")
  const summary = `Of ${cells.length} figures ${count("agrees")} agree, ${count("chance")} are within the noise of three runs, ${differing.length} differ.`
  if (differing.length === 0) return summary
  const table = Table.render({
    head: ["scenario", "design", "figure", "reference", "here", "runs", "allowed"],
    rows: differing.map(({ column, found, metric, row }) => [
      row.name,
      column,
      metric.name,
      show(metric, found.reference),
      show(metric, found.mean),
      String(found.runs),
      show(metric, found.tolerance)
    ]),
    words: 3
  })
  return `${table}\n\n${summary}`
}
