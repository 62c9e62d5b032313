/** The report: one HTML file with its pictures inside, which needs no script and no network. */
import * as Effect from "effect/Effect"
import type { Row } from "../Catalogue.ts"
import type { Design } from "../Design.ts"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import type { Walked } from "../Walkthrough.ts"
import * as FlawSection from "./FlawSection.ts"
import * as Heatmap from "./Heatmap.ts"
import { encode } from "./Markup.ts"
import { colors } from "./Picture.ts"
import * as RunPicture from "./RunPicture.ts"
import { style } from "./Style.ts"
import * as WalkthroughSection from "./WalkthroughSection.ts"

export interface Content {
  readonly rows: ReadonlyArray<Row>
  readonly designs: ReadonlyArray<Design>
  readonly cells: Heatmap.Cells
  /** Runs of each cell. */
  readonly runs: number
  readonly seed: number
  readonly scenarios: ReadonlyArray<Scenario>
  /** Those whose runs are drawn. */
  readonly pictured: ReadonlyArray<Design>
  /** The runs that are drawn. */
  readonly drawn: ReadonlyArray<RunResult>
  readonly flaws: ReadonlyArray<FlawSection.Shown>
  readonly walked: ReadonlyArray<Walked>
  /** Not all runs were done. */
  readonly isPartial: boolean
}

export const html = (content: Content): Effect.Effect<string> =>
  Effect.gen(function* () {
    const { designs, runs, rows, scenarios, seed } = content
    const pictures = yield* Effect.forEach(scenarios, (scenario) => scenarioSection(content, scenario))
    const flaws = yield* Effect.forEach(content.flaws, FlawSection.draw)
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Truce lab</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Truce lab</h1>
<p>Designs of retry and circuit breaker in simulated worlds, Truce by the code that is shipped. The same seed gives every design the same calls and the same faults; every number is a command: <code>pnpm lab compare</code>.</p>
</header>
${content.isPartial ? `<p class="note">The runs were stopped before the end: these results are partial.</p>` : ""}
<h2>Designs by scenario</h2>
<p>The mean of ${runs} ${runs === 1 ? "run" : "runs"}, seeds from ${seed}. Each row is colored from its worst to its best; the best is bold. What never opened has no color, as it is right in one world and wrong in another; nor has the load, as whoever answers nobody has the least.</p>
<p class="legend">${key([
      ["best of the row", "var(--heat-good)"],
      ["worst of the row", "var(--heat-bad)"]
    ])}</p>
${Heatmap.draw(rows, designs, content.cells)}
<h2>Runs</h2>
<p>One run of each scenario, seed ${seed}. The window of the fault is shaded.</p>
${runLegend}
<nav>${scenarios.map(({ name, title }) => `<a href="#${encode(name)}">${encode(title)}</a>`).join("")}</nav>
${pictures.join("\n")}
${flaws.length === 0 ? "" : `<h2>Flaws of the seeds</h2>\n<p>Each flaw in the smallest world that shows it, and the same calls and faults under the design that does not have it.</p>\n${traceLegend}\n${flaws.join("\n")}`}
${content.walked.length === 0 ? "" : `<h2>Flaws step by step</h2>\n<p>What no traffic is needed for: the seed's own logic at a few steps, and Truce at the same ones.</p>\n${content.walked.map(WalkthroughSection.draw).join("\n")}`}
<h2>Designs</h2>
<dl>${designs.map(({ description, name, title }) => `<dt><code>${encode(name)}</code> ${encode(title)}</dt><dd class="quiet">${encode(description)}</dd>`).join("\n")}</dl>
</body>
</html>
`
  })

const scenarioSection = ({ drawn, pictured }: Content, scenario: Scenario): Effect.Effect<string> =>
  Effect.gen(function* () {
    const own = pictured.flatMap((design) => {
      const result = drawn.find((one) => one.scenario === scenario.name && one.design === design.name)
      return result === undefined ? [] : [{ design, result }]
    })
    const peak = RunPicture.peakOf(own.map(({ result }) => result))
    const figures = yield* Effect.forEach(own, ({ design, result }) =>
      Effect.map(
        RunPicture.draw(scenario, result, peak),
        (picture) => `<figure><figcaption>${encode(design.title)}</figcaption>${picture}</figure>`
      )
    )
    return `<section id="${encode(scenario.name)}"><h3>${encode(scenario.title)} <code class="quiet">${encode(scenario.name)}</code></h3><p class="quiet">${encode(scenario.description)}</p><div class="grid">${figures.join("\n")}</div></section>`
  })

const key = (entries: ReadonlyArray<readonly [name: string, color: string]>): string =>
  entries.map(([name, color]) => `<span><i style="background:${color}"></i>${name}</span>`).join(" ")

const runLegend = `<p class="legend">${key([
  ["closed", colors.closed],
  ["half-open", colors.halfOpen],
  ["open", colors.open],
  ["calls", colors.offered],
  ["attempts that reached the service", colors.absorbed],
  ["available", colors.good],
  ["window of the fault", colors.window]
])}</p>`

const traceLegend = `<p class="legend">${key([
  ["attempt that succeeded", colors.good],
  ["attempt that failed", colors.bad],
  ["wait", colors.quiet]
])} <span><b>\u00d7</b> not admitted</span></p>`
