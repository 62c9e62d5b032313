/** A table whose cells are as good as they are blue: scenarios and their metrics down, designs across. */
import type { Design } from "../Design.ts"
import { show, showSummary, summarize, type Metric, type Summary } from "../Metric.ts"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import { telling } from "./Headline.ts"
import { encode } from "./Markup.ts"

export const draw = (
  scenarios: ReadonlyArray<Scenario>,
  designs: ReadonlyArray<Design>,
  results: ReadonlyArray<RunResult>
): string => {
  const head = designs.map(({ name, title }) => `<th scope="col" title="${encode(title)}"><span>${encode(name)}</span></th>`)
  const body = scenarios.map((scenario) => {
    const own = results.filter((result) => result.scenario === scenario.name)
    const chosen = telling(scenario)
    const rows = chosen.map((metric, index) => {
      const name = `<th scope="rowgroup" rowspan="${chosen.length}"><a href="#${encode(scenario.name)}">${encode(scenario.title)}</a></th>`
      return `<tr>${index === 0 ? name : ""}<th scope="row" title="${encode(metric.description)}">${encode(metric.title)}</th>${cells(metric, designs, own)}</tr>`
    })
    return `<tbody>${rows.join("\n")}</tbody>`
  })
  return `<div class="wide"><table class="heat">
<thead><tr><td></td><td></td>${head.join("")}</tr></thead>
${body.join("\n")}
</table></div>`
}

const cells = (metric: Metric, designs: ReadonlyArray<Design>, results: ReadonlyArray<RunResult>): string => {
  const summaries = designs.map(({ name }) =>
    summarize(
      metric,
      results.filter(({ design }) => design === name)
    )
  )
  const goodness = scale(metric, summaries)
  const texts = summaries.map((summary) => (summary === undefined ? "-" : show(metric, summary.median)))
  const isContest = new Set(texts).size > 1
  return summaries
    .map((summary, index) => {
      const good = summary === undefined ? undefined : goodness(summary.median)
      const paint = good === undefined ? "" : ` style="--good:${Math.round(good * 100)}%"`
      const best = good === 1 && isContest ? ' class="best"' : ""
      return `<td${best}${paint} title="${encode(showSummary(metric, summary))}">${encode(texts[index] ?? "")}</td>`
    })
    .join("")
}

/** Differences smaller than this are no differences: a tenth of the calls, or twice as many. */
const leastShare = 0.1
const leastRatio = 2

/**
 * From the worst of the row at 0 to the best at 1; `undefined` for what is neither.
 *
 * To never open is right in one world and wrong in another, so "never" has no color; to never recover is the worst there is.
 */
const scale = (
  metric: Metric,
  summaries: ReadonlyArray<Summary | undefined>
): ((value: number) => number | undefined) => {
  const medians = summaries.flatMap((summary) => (summary === undefined ? [] : [summary.median]))
  const finite = medians.filter(Number.isFinite)
  const best = metric.better === "more" ? Math.max(...finite) : Math.min(...finite)
  const worst = metric.better === "more" ? Math.min(...finite) : Math.max(...finite)
  return (value) => {
    if (!Number.isFinite(value)) return metric.name === "recovery" ? 0 : undefined
    if (metric.better === "more") return 1 - (best - value) / Math.max(leastShare, best - worst)
    // Seconds and counts differ by factors; a little is added for what can be 0.
    const distance = (to: number): number => Math.log((to + little(metric)) / (best + little(metric)))
    return 1 - distance(value) / Math.max(Math.log(leastRatio), distance(worst))
  }
}

const little = ({ unit, name }: Metric): number => (unit === "s" ? 500 : name === "load" ? 0.2 : 1)
