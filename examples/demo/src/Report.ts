/** The report: one HTML file with its pictures inside, which needs no script and no network. */
import { Effect } from "effect"
import * as Charts from "./Charts.ts"
import { about } from "./Design.ts"
import { setting } from "./Frame.ts"
import { callColors, requestColors, statusColors } from "./Palette.ts"
import { DesignId } from "./Protocol.ts"
import type { Recording } from "./Run.ts"
import type { Verdict } from "./Soundness.ts"
import type { Table } from "./Table.ts"

export const html = (options: {
  readonly recording: Recording
  readonly table: Table
  readonly reading: ReadonlyArray<string>
  readonly verdict: Verdict
}): Effect.Effect<string> =>
  Effect.gen(function* () {
    const { reading, recording, table, verdict } = options
    const sections = yield* Effect.forEach(DesignId.literals, (design) =>
      Effect.map(Charts.draw(recording, design), (picture) => {
        const { name, opens, order } = about[design]
        return `<section><h2>${encode(name)} <code>${encode(order)}</code> <small>${encode(opens)}</small></h2>${picture}</section>`
      })
    )
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Truce demo: ${encode(recording.scenario)}, seed ${recording.seed}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Retry inside the breaker, outside of it, and Truce</h1>
<p>The same calls through three designs, against one dependency with the same faults. Scenario <b>${encode(recording.scenario)}</b>, seed <b>${recording.seed}</b>. ${encode(setting)}.</p>
</header>
${drawTable(table)}
${reading.map((sentence) => `<p>${encode(sentence)}</p>`).join("\n")}
${legend}
${sections.join("\n")}
<footer>
<h2>${verdict.problems.length === 0 ? "The run was sound" : "The run was not sound: do not trust these numbers"}</h2>
<ul>${[...verdict.problems, ...verdict.facts].map((line) => `<li>${encode(line)}</li>`).join("")}</ul>
</footer>
</body>
</html>
`
  })

const encode = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

const drawTable = ({ columns, rows }: Table): string => {
  const head = columns.map((column) => `<th scope="col">${encode(column)}</th>`).join("")
  const body = rows.map(({ cells, label }) => {
    const values = cells.map((cell) => `<td${cell.isBest ? ' class="best"' : ""}>${encode(cell.text)}</td>`).join("")
    if (cells.length === 0) return `<tr><th scope="rowgroup" colspan="${columns.length + 1}">${encode(label)}</th></tr>`
    return `<tr><th scope="row">${encode(label)}</th>${values}</tr>`
  })
  return `<table>\n<thead><tr><td></td>${head}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table>`
}

const key = (entries: ReadonlyArray<readonly [name: string, color: string]>): string =>
  entries.map(([name, color]) => `<span><i style="background:${color}"></i>${name}</span>`).join(" ")

const legend = `<p class="legend">
<b>circuit</b> ${key([
  ["closed", statusColors.Closed],
  ["half-open", statusColors.HalfOpen],
  ["open", statusColors.Open]
])}
<b>requests</b> ${key([
  ["first attempts", requestColors.first],
  ["retries", requestColors.retry]
])}
<b>calls</b> ${key([
  ["served", callColors.Served],
  ["failed", callColors.Failed],
  ["rejected", callColors.Rejected]
])}
</p>`

const style = `
body { font: 15px/1.5 system-ui, sans-serif; color: #2b3440; background: #fff; max-width: 960px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem } small { font-weight: normal; color: #5b6673 }
code { font: .9em ui-monospace, monospace; background: #f1f3f5; border-radius: 4px; padding: .1em .4em }
table { border-collapse: collapse; margin: 1.2rem 0 } th, td { padding: .25rem .9rem; border-bottom: 1px solid #e6e9ed }
th[scope^=row] { font-weight: normal; text-align: left; padding-left: 0; white-space: pre } th[scope=col], td { text-align: right; font-variant-numeric: tabular-nums }
.best { color: #1d7a52; font-weight: 600; position: relative } .best::after { content: "*"; position: absolute } svg { max-width: 100%; height: auto }
.legend { color: #5b6673; font-size: 13px } .legend b { margin-left: 1.2rem } .legend b:first-child { margin-left: 0 }
.legend span { margin-left: .6rem; white-space: nowrap } .legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .3em }
footer { color: #5b6673; font-size: 13px } section { break-inside: avoid }
@media print { body { margin: 0 auto; -webkit-print-color-adjust: exact; print-color-adjust: exact } }
`
