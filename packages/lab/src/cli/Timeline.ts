/** The time series of a run as a few lines of text. */
import type { Status } from "../Design.ts"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import { columns as columnsOf } from "../Series.ts"
import { bold, faint } from "./Table.ts"

const heights = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
const statusMarks: { readonly [S in Status]: string } = { Closed: "─", HalfOpen: "▒", Open: "█" }
const labelWidth = 10

/** As many columns as there is room for. */
export const render = (scenario: Scenario, result: RunResult, width = 72): string => {
  const { durationMillis } = result
  const columns = columnsOf(result, Math.max(1, Math.ceil(result.buckets.length / width)))
  const offered = columns.map((column) => column.offered)
  const absorbed = columns.map((column) => column.absorbed)
  const peak = Math.max(1, ...offered, ...absorbed)
  const at = (millis: number): number => Math.round((millis / durationMillis) * columns.length)
  const window = [
    at(scenario.fault.fromMillis),
    Math.max(at(scenario.fault.untilMillis), at(scenario.fault.fromMillis) + 1)
  ]
  const line = (label: string, text: string, note = ""): string =>
    `${faint(label.padEnd(labelWidth))}${text}${note === "" ? "" : `  ${faint(note)}`}`
  return [
    line(
      "window",
      columns.map((_, index) => (index >= (window[0] ?? 0) && index < (window[1] ?? 0) ? "━" : " ")).join("")
    ),
    line("circuit", columns.map(({ status }) => statusMarks[status]).join(""), "─ closed  ▒ half-open  █ open"),
    line(
      "score",
      bars(
        columns.map(({ score }) => score),
        1
      ),
      "0 to 1, the lowest"
    ),
    line("calls", bars(offered, peak), `a second, up to ${rounded(peak)}`),
    line("attempts", bars(absorbed, peak), "that reached the service, same scale"),
    line(
      "available",
      bars(
        columns.map(({ availability }) => availability ?? 0),
        1
      ),
      "0 to 100 %"
    ),
    line("", `0 s${bold(`${rounded(durationMillis / 1000)} s`).padStart(columns.length - 3)}`)
  ].join("\n")
}

/** What is more than nothing shows. */
const bars = (values: ReadonlyArray<number>, peak: number): string =>
  values
    .map((value) => heights[value <= 0 ? 0 : Math.max(1, Math.min(8, Math.round((value / peak) * 8)))] ?? " ")
    .join("")

const rounded = (value: number): string => (value >= 10 ? `${Math.round(value)}` : value.toFixed(1))
