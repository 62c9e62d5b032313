/** The runs behind the tables of `docs/lab.md`, what is kept of each, and the tables. */
import type { Catalogue } from "./Catalogue.ts"
import { traceLimit } from "./Flaw.ts"
import type { Column as FleetColumn, Row as FleetRow } from "./FleetTable.ts"
import { type Metric, type Name, format, heading, meanOf, metrics } from "./Metric.ts"
import type { RunResult } from "./Run.ts"
import type { Shown, Walked } from "./Walkthrough.ts"
import type { Job } from "./WorkerProtocol.ts"

export type Value = number | string | boolean | null

/** What is kept of each run, by its name. */
export type Figures = { readonly [run: string]: ReadonlyArray<Value> }

export interface Item {
  readonly name: string
  readonly job: Job
  readonly measure: (result: RunResult) => ReadonlyArray<Value>
  /** One of those that a check repeats. */
  readonly sampled: boolean
}

/** Runs of each cell of the headline table. */
const runs = 3

const headlineName = (row: string, design: string, run: number): string => `headline/${row}/${design}/${run + 1}`
export const loopName = (callers: number, design: string, kind: string): string =>
  `closed-loop/${callers}/${design}/${kind}`
/** Seeds of each comparison, as in `lab compare`. */
const seeds = [1, 2, 3, 4, 5] as const
const comparisonName = (scenario: string, design: string, seed: number): string =>
  `compare/${scenario}/${design}/${seed}`

const fleetName = (scenario: string, design: string, run: number): string => `fleet/${scenario}/${design}/${run + 1}`
const flawName = (flaw: string, design: string): string => `flaw/${flaw}/${design}`

/**
 * Every run.
 *
 * A check repeats one run of each row of the headline table, on its diagonal, so that every scenario and every design is in; one of each
 * row of the closed-loop table and of that of the fleets; one of each comparison; and all of the flaws. A change of the engine changes them all, one of a design or of a scenario its own.
 */
export const items = ({
  closedLoop,
  comparisons,
  designs,
  flaws,
  fleet,
  headline,
  scenarios
}: Catalogue): ReadonlyArray<Item> => [
  ...headline.rows.flatMap(({ metrics, name, scenarios }, row) =>
    headline.columns.flatMap((design, column) =>
      Array.from({ length: runs }, (_, run) => run).flatMap((run) =>
        scenarios.slice(run % scenarios.length, (run % scenarios.length) + 1).map((scenario): Item => ({
          name: headlineName(name, design, run),
          job: { scenario, design, seed: run + 1, series: false },
          measure: (result) => metrics.map((metric) => metric.of(result)),
          sampled: column === row % headline.columns.length && run === row % runs
        }))
      )
    )
  ),
  ...closedLoop.rows.flatMap(({ callers, scenarios }, row) =>
    closedLoop.columns.flatMap((design, column) =>
      (["outage", "blackhole"] as const).map((kind): Item => ({
        name: loopName(callers, design, kind),
        job: { scenario: scenarios[kind], design, seed: 1, series: false },
        measure: ({ absorbed, wasted }) => [absorbed, wasted],
        sampled: column === row % closedLoop.columns.length
      }))
    )
  ),
  ...(fleet?.rows ?? []).flatMap(({ design }, row) =>
    (fleet?.columns ?? []).flatMap(({ metrics, scenarios }, column) =>
      scenarios.map((scenario, run): Item => ({
        name: fleetName(scenario.name, design, run),
        job: { scenario, design, seed: run + 1, series: false },
        measure: (result) => metrics.map((metric) => metric.of(result)),
        sampled: column === row % (fleet?.columns.length ?? 1) && run === row % scenarios.length
      }))
    )
  ),
  ...comparisons.flatMap(({ designs, metrics: names, scenario: name }, row) =>
    scenarios
      .filter((scenario) => scenario.name === name)
      .flatMap((scenario) =>
        designs.flatMap((design, column) =>
          seeds.map((seed): Item => ({
            name: comparisonName(name, design, seed),
            job: { scenario, design, seed, series: false },
            measure: (result) => names.map((metric) => metrics[metric].of(result)),
            sampled: column === row % designs.length && seed === seeds[row % seeds.length]
          }))
        )
      )
  ),
  ...flaws.flatMap((flaw) =>
    [flaw.design, ...designs.filter(({ name }) => name === headline.sound)].map(({ name }): Item => ({
      name: flawName(flaw.name, name),
      job: { scenario: flaw.scenario, design: name, seed: flaw.seed, series: false, trace: traceLimit },
      measure: (result) => {
        const { happens, text } = flaw.find(result)
        return [happens, text]
      },
      sampled: true
    }))
  )
]

export interface Table {
  /** Of the markers in the page. */
  readonly name: string
  readonly markdown: string
}

export const tables = (catalogue: Catalogue, figures: Figures): ReadonlyArray<Table> => [
  { name: "headline", markdown: headlineTable(catalogue, figures) },
  { name: "closed-loop", markdown: closedLoopTable(catalogue, figures) },
  { name: "flaws", markdown: flawTable(catalogue, figures) },
  ...fleetTables(catalogue, figures)
]

/** The table of what is shown step by step. */
export const walkthroughTable = (walked: ReadonlyArray<Walked>): Table => {
  const text = ({ happens, text }: Shown): string => `${happens ? "yes" : "no"}: ${text}`
  return {
    name: "walkthroughs",
    markdown: markdown(
      ["flaw", "`show`", "does it happen in the seed?", "in Truce?"],
      walked.map(({ seed, sound, walkthrough: { name, title } }) => [title, `\`${name}\``, text(seed), text(sound)])
    )
  }
}

/** The mean of a metric over the runs of a cell of the headline table; `null` where one never came to it. */
export const meanIn = ({ headline }: Catalogue, figures: Figures, row: string, design: string, metric: Name) => {
  const index = headline.rows.find(({ name }) => name === row)?.metrics.indexOf(metrics[metric]) ?? -1
  if (index < 0) throw new Error(`no ${metric} in the row ${row}`)
  return meanOf(Array.from({ length: runs }, (_, run) => numberOf(figures[headlineName(row, design, run)]?.[index])))
}

/** The median of a metric over the runs of a comparison; `null` where most never came to it. */
export const medianIn = (
  { comparisons }: Catalogue,
  figures: Figures,
  scenario: string,
  design: string,
  metric: Name
): number | null => {
  const index = comparisons.find((one) => one.scenario === scenario)?.metrics.indexOf(metric) ?? -1
  if (index < 0) throw new Error(`no ${metric} in the comparison ${scenario}`)
  const values = seeds.map((seed) => numberOf(figures[comparisonName(scenario, design, seed)]?.[index]) ?? Infinity)
  const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Infinity
  return median === Infinity ? null : median
}

/** A cell of the headline table: the mean of its runs by each metric. */
export const cellText = (figures: Figures, row: string, design: string, metrics: ReadonlyArray<Metric>): string => {
  const cell = Array.from({ length: runs }, (_, run) => figures[headlineName(row, design, run)] ?? [])
  return metrics
    .map((metric, index) => format(metric, meanOf(cell.map((values) => numberOf(values[index])))))
    .join(" / ")
}

const numberOf = (value: Value | undefined): number | null => (typeof value === "number" ? value : null)

const headlineTable = ({ headline }: Catalogue, figures: Figures): string =>
  markdown(
    ["scenario: metric", ...headline.columns.map((name) => `\`${name}\``)],
    headline.rows.map(({ metrics, name, title }) => [
      `${title}: ${metrics.map(heading).join(" / ")}`,
      ...headline.columns.map((design) => cellText(figures, name, design, metrics))
    ])
  )

const closedLoopTable = ({ closedLoop }: Catalogue, figures: Figures): string =>
  markdown(
    ["callers", ...closedLoop.columns.map((name) => `\`${name}\``)],
    closedLoop.rows.map(({ callers }) => [
      `${callers}`,
      ...closedLoop.columns.map((design) =>
        ["outage", "blackhole"]
          .map((kind) => (figures[loopName(callers, design, kind)] ?? []).map((value) => value ?? "-").join("/"))
          .join(", ")
      )
    ])
  )

/** Each figure with that of the table it is compared with in brackets. */
const fleetTables = ({ fleet }: Catalogue, figures: Figures): ReadonlyArray<Table> => {
  if (fleet === undefined) return []
  const { columns, rows } = fleet
  const cell = ({ metrics, scenarios }: FleetColumn, { design, reference }: FleetRow, index: number): string =>
    metrics
      .map((metric, place) => {
        const values = scenarios.map((scenario, run) =>
          numberOf(figures[fleetName(scenario.name, design, run)]?.[place])
        )
        const published = reference[index]?.[place]
        return `${format(metric, meanOf(values))}${published === undefined ? "" : ` (${published})`}`
      })
      .join(" / ")
  return [
    {
      name: "fleet",
      markdown: markdown(
        ["sharing", "design", ...columns.map(({ title }) => title)],
        rows.map((row) =>
          [row.title, `\`${row.design}\``].concat(columns.map((column, index) => cell(column, row, index)))
        )
      )
    }
  ]
}

const flawTable = ({ flaws, headline }: Catalogue, figures: Figures): string => {
  const text = (flaw: string, design: string): string => {
    const [happens = "", found = ""] = figures[flawName(flaw, design)] ?? []
    return `${happens === true ? "yes" : "no"}: ${found}`
  }
  return markdown(
    ["flaw", "design", "does it happen?", `with \`${headline.sound}\`?`],
    flaws.map(({ design, name, title }) => [
      title,
      `\`${design.name}\``,
      text(name, design.name),
      text(name, headline.sound)
    ])
  )
}

export const markdown = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (cells: ReadonlyArray<string>): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")
}

const markers = (name: string) => ({ start: `<!-- lab:${name} -->`, end: `<!-- /lab:${name} -->` })

/** The page with its tables replaced; fails with the name of a table that has no place in it. */
export const fill = (
  page: string,
  tables: ReadonlyArray<Table>
): { readonly text: string } | { readonly missing: string } => {
  let text = page
  for (const { markdown, name } of tables) {
    const { end, start } = markers(name)
    const from = text.indexOf(start)
    const until = text.indexOf(end)
    if (from === -1 || until < from) return { missing: `${start} ... ${end}` }
    // As the formatter of Markdown leaves it, or the check would call it stale.
    const table = `${start}\n<!-- prettier-ignore -->\n${markdown}\n\n`
    text = `${text.slice(0, from)}${table}${text.slice(until)}`
  }
  return { text }
}
