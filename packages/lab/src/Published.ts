/** The runs behind the tables of `docs/lab.md`, what is kept of each, and the tables. */
import type { Catalogue } from "./Catalogue.ts"
import { traceLimit } from "./Flaw.ts"
import { type Metric, format, heading, meanOf } from "./Metric.ts"
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
const loopName = (callers: number, design: string, kind: string): string => `closed-loop/${callers}/${design}/${kind}`
const flawName = (flaw: string, design: string): string => `flaw/${flaw}/${design}`

/**
 * Every run.
 *
 * A check repeats one run of each row of the headline table, on its diagonal, so that every scenario and every design is in; one of each
 * row of the closed-loop table; and all of the flaws. A change of the engine changes them all, one of a design or of a scenario its own.
 */
export const items = ({ closedLoop, designs, flaws, headline }: Catalogue): ReadonlyArray<Item> => [
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
  { name: "flaws", markdown: flawTable(catalogue, figures) }
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

/** The rows of the headline table that `docs/composition.md` compares the orders by. */
const orderRows: ReadonlySet<string> = new Set([
  "outage-100",
  "brownout-30-100",
  "brownout-50-100",
  "brownout-80-100",
  "brownout-busy",
  "metastable",
  "outage-1000",
  "outage-by-the-minute"
])

/** Its columns: the designs with Truce's open times, so that only the order, the model and the budget differ. */
const orders = [
  ["retry-only", "retry only"],
  ["effect-consecutive-short", "fused, 5 in a row"],
  ["outside-consecutive-short", "outside, 5 in a row"],
  ["truce", "Truce"]
] as const

/** The table of `docs/composition.md`; none of a catalogue without its designs. */
export const orderTables = ({ headline }: Catalogue, figures: Figures): ReadonlyArray<Table> =>
  orders.every(([design]) => headline.columns.some((column) => column === design))
    ? [
        {
          name: "orders",
          markdown: markdown(
            ["", ...orders.map(([, title]) => title)],
            headline.rows.flatMap(({ metrics, name, title }) => {
              const cells = orders.map(([design]) => cellText(figures, name, design, metrics))
              return orderRows.has(name) ? [[`${title}: ${metrics.map(heading).join(" / ")}`, ...cells]] : []
            })
          )
        }
      ]
    : []

const cellText = (figures: Figures, row: string, design: string, metrics: ReadonlyArray<Metric>): string => {
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

const markdown = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
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
