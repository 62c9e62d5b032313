/** The headline table as a heat map: a cell is as blue as it is good. */
import type { Row } from "../Catalogue.ts"
import type { Design } from "../Design.ts"
import { type Metric, format, heading, mean } from "../Metric.ts"
import type { RunResult } from "../Run.ts"
import { encode } from "./Markup.ts"

/** The runs of each cell. */
export type Cells = (row: Row, design: Design) => ReadonlyArray<RunResult>

export const draw = (rows: ReadonlyArray<Row>, designs: ReadonlyArray<Design>, cells: Cells): string => {
  const head = designs.map(
    ({ name, title }) => `<th scope="col" title="${encode(title)}"><span>${encode(name)}</span></th>`
  )
  const body = rows.map((row) => {
    const lines = row.metrics.map((metric, index) => {
      const name = `<th scope="rowgroup" rowspan="${row.metrics.length}"><a href="#${encode(row.name)}">${encode(row.title)}</a></th>`
      const values = designs.map((design) => cells(row, design))
      return `<tr>${index === 0 ? name : ""}<th scope="row">${encode(heading(metric))}</th>${line(metric, values)}</tr>`
    })
    return `<tbody>${lines.join("\n")}</tbody>`
  })
  return `<div class="wide"><table class="heat">
<thead><tr><td></td><td></td>${head.join("")}</tr></thead>
${body.join("\n")}
</table></div>`
}

const line = (metric: Metric, cells: ReadonlyArray<ReadonlyArray<RunResult>>): string => {
  const values = cells.map((results) => mean(metric, results))
  const goodness = scale(metric, values)
  const texts = cells.map((results, index) => (results.length === 0 ? "-" : format(metric, values[index] ?? null)))
  const bests = new Set(texts.filter((_, index) => goodness(values[index] ?? null) === 1))
  const isContest = new Set(texts).size > 1
  return cells
    .map((results, index) => {
      const good = results.length === 0 ? undefined : goodness(values[index] ?? null)
      const paint = good === undefined ? "" : ` style="--good:${Math.round(good * 100)}%"`
      const best = isContest && good !== undefined && bests.has(texts[index] ?? "") ? ' class="best"' : ""
      const runs = results.map((result) => format(metric, metric.of(result))).join(", ")
      return `<td${best}${paint} title="${encode(runs)}">${encode(texts[index] ?? "")}</td>`
    })
    .join("")
}

/** Differences smaller than these are none: ten points of availability, or twice as many. */
const leastPoints = 10
const leastRatio = 2

/**
 * From the worst of the row at 0 to the best at 1; `undefined` for what is neither.
 *
 * To never open is right in one world and wrong in another, so "never" has no color; to never recover is the worst there is.
 */
const scale = (metric: Metric, values: ReadonlyArray<number | null>) => {
  const known = values.filter((value) => value !== null)
  const low = Math.min(...known)
  const high = Math.max(...known)
  return (value: number | null): number | undefined => {
    if (metric.better === "neither") return undefined
    if (value === null) return metric.name === "recovery" ? 0 : undefined
    if (metric.better === "more") return 1 - (high - value) / Math.max(leastPoints, high - low)
    // Times and counts differ by factors; a little is added to what can be 0.
    const distance = (to: number): number => Math.log((to + little(metric)) / (low + little(metric)))
    return 1 - distance(value) / Math.max(Math.log(leastRatio), distance(high))
  }
}

const little = ({ unit }: Metric): number => (unit === "s" ? 0.5 : 1)
