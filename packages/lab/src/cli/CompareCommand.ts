/** `lab compare`: designs beside each other in scenarios, over several seeds. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { all, showSummary, summarize, type Metric, type Summary } from "../Metric.ts"
import type { RunResult } from "../Run.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Output from "./Output.ts"
import * as Selection from "./Selection.ts"
import * as Settings from "./Settings.ts"
import * as Sweep from "./Sweep.ts"
import * as Table from "./Table.ts"

const metric = Options.text("metric").pipe(
  Options.repeated,
  Options.withDescription(
    "A metric by name or glob, as a table of scenarios by designs; can be repeated. Without it, a table of designs by metrics for each scenario."
  )
)

export const compareCommand = Command.make(
  "compare",
  {
    scenarios: Settings.scenarios,
    designs: Settings.designs,
    metrics: metric,
    seed: Settings.seed,
    seeds: Settings.seeds(5),
    jobs: Settings.jobs,
    json: Settings.json,
    csv: Settings.csv
  },
  (options) =>
    Effect.gen(function* () {
      const { catalogue, module } = yield* Lab
      const scenarios = yield* Selection.some("scenario", catalogue.scenarios, options.scenarios)
      const designs = yield* Selection.some("design", catalogue.designs, options.designs)
      const chosen = yield* Selection.some("metric", all, options.metrics)
      const json = yield* Effect.transposeOption(Option.map(options.json, (file) => Output.target("--json", file)))
      const csv = yield* Effect.transposeOption(Option.map(options.csv, (file) => Output.target("--csv", file)))
      const seeds = Sweep.seeds(options.seed, options.seeds)
      yield* Sweep.run(
        { catalogue: module, jobs: Sweep.every(scenarios, designs, seeds, false), threads: options.jobs },
        (sweep) =>
          Effect.gen(function* () {
            const cells = compare(Sweep.done(sweep))
            if (Option.isSome(json)) yield* Output.write(json.value, Output.json(document(sweep, seeds, cells)))
            if (Option.isSome(csv)) yield* Output.write(csv.value, table(sweep))
            yield* Console.log(
              options.metrics.length === 0
                ? byScenario(cells, chosen)
                : chosen.map((metric) => byMetric(cells, metric)).join("\n\n")
            )
          })
      )
    })
).pipe(
  Command.withDescription(
    help("Runs designs in scenarios over several seeds: the median, and the lowest and highest in brackets.", [
      "pnpm lab compare",
      'pnpm lab compare --scenario "brownout-*" --design retry-only --design truce --seeds 20',
      "pnpm lab compare --metric availability --metric absorbed --csv runs.csv --json runs.json --jobs 4"
    ])
  )
)

/** The runs of one scenario under one design. */
interface Cell {
  readonly scenario: string
  readonly design: string
  readonly of: (metric: Metric) => Summary | undefined
}

const compare = (results: ReadonlyArray<RunResult>): ReadonlyArray<Cell> => {
  const groups = new Map<string, Array<RunResult>>()
  for (const result of results) {
    const name = `${result.scenario} ${result.design}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [result])
    else group.push(result)
  }
  return [...groups.values()].flatMap((group) =>
    group
      .slice(0, 1)
      .map(({ design, scenario }) => ({ scenario, design, of: (metric: Metric) => summarize(metric, group) }))
  )
}

const names = (cells: ReadonlyArray<Cell>, of: (cell: Cell) => string): ReadonlyArray<string> => [
  ...new Set(cells.map(of))
]

const byScenario = (cells: ReadonlyArray<Cell>, chosen: ReadonlyArray<Metric>): string => {
  const row = (cell: Cell): ReadonlyArray<string> =>
    [cell.design].concat(chosen.map((metric) => showSummary(metric, cell.of(metric))))
  return Table.render({
    head: ["design", ...chosen.map(({ title }) => title)],
    rows: names(cells, ({ scenario }) => scenario).flatMap((scenario) =>
      heading(scenario).concat(cells.filter((cell) => cell.scenario === scenario).map(row))
    )
  })
}

const heading = (text: string): ReadonlyArray<ReadonlyArray<string>> => [[text]]

const byMetric = (cells: ReadonlyArray<Cell>, metric: Metric): string => {
  const designs = names(cells, ({ design }) => design)
  const text = (scenario: string, design: string): string => {
    const cell = cells.find((one) => one.scenario === scenario && one.design === design)
    return cell === undefined ? "" : showSummary(metric, cell.of(metric))
  }
  const rows = names(cells, ({ scenario }) => scenario).map((scenario) =>
    [scenario].concat(designs.map((design) => text(scenario, design)))
  )
  return `${Table.bold(metric.name)}: ${metric.description}\n${Table.render({ head: ["scenario", ...designs], rows })}`
}

const document = (sweep: Sweep.Sweep, seeds: ReadonlyArray<number>, cells: ReadonlyArray<Cell>) => ({
  partial: Sweep.isPartial(sweep),
  planned: sweep.jobs.length,
  done: Sweep.done(sweep).length,
  seeds,
  cells: cells.map((cell) => ({
    scenario: cell.scenario,
    design: cell.design,
    metrics: Object.fromEntries(all.map((metric) => [metric.name, cell.of(metric) ?? null]))
  })),
  runs: Sweep.done(sweep).map(({ bucketMillis: _bucketMillis, buckets: _buckets, ...rest }) => rest)
})

/** A run a row. */
const table = (sweep: Sweep.Sweep): string => {
  const isPartial = Sweep.isPartial(sweep)
  const row = (result: RunResult): ReadonlyArray<Output.Field> => [
    result.scenario,
    result.design,
    result.seed,
    ...all.map((metric) => metric.of(result)),
    isPartial
  ]
  return Output.csv(
    ["scenario", "design", "seed", ...all.map(({ name }) => name), "partial"],
    Sweep.done(sweep).map(row)
  )
}
