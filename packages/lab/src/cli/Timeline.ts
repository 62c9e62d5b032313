/** The time series of a run as a few lines of text. */
import type { Status } from "../Design.ts"
import type { Bucket, RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import { bold, faint } from "./Table.ts"

const heights = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
const statusMarks: { readonly [S in Status]: string } = { Closed: "─", HalfOpen: "▒", Open: "█" }
const labelWidth = 10

interface Column {
  readonly status: Status
  readonly score: number
  readonly offered: number
  readonly absorbed: number
  readonly ok: number
  readonly seconds: number
}

export const render = (scenario: Scenario, { bucketMillis, buckets, durationMillis }: RunResult, width = 72): string => {
  const columns = merge(buckets, bucketMillis, width)
  const perSecond = (value: (column: Column) => number) => columns.map((column) => value(column) / column.seconds)
  const offered = perSecond((column) => column.offered)
  const absorbed = perSecond((column) => column.absorbed)
  const peak = Math.max(1, ...offered, ...absorbed)
  const at = (millis: number): number => Math.round((millis / durationMillis) * columns.length)
  const window = [at(scenario.fault.fromMillis), Math.max(at(scenario.fault.untilMillis), at(scenario.fault.fromMillis) + 1)]
  const line = (label: string, text: string, note = ""): string =>
    `${faint(label.padEnd(labelWidth))}${text}${note === "" ? "" : `  ${faint(note)}`}`
  return [
    line("window", columns.map((_, index) => (index >= (window[0] ?? 0) && index < (window[1] ?? 0) ? "━" : " ")).join("")),
    line("circuit", columns.map(({ status }) => statusMarks[status]).join(""), "─ closed  ▒ half-open  █ open"),
    line("score", bars(columns.map(({ score }) => score), 1), "0 to 1, the lowest"),
    line("calls", bars(offered, peak), `a second, up to ${rounded(peak)}`),
    line("attempts", bars(absorbed, peak), "that reached the service, same scale"),
    line("available", bars(columns.map(({ offered, ok }) => (offered === 0 ? 0 : ok / offered)), 1), "0 to 100 %"),
    line("", `0 s${bold(`${rounded(durationMillis / 1000)} s`).padStart(columns.length - 3)}`)
  ].join("\n")
}

/** As many columns as there is room for; each has the worst state and score of its buckets. */
const merge = (buckets: ReadonlyArray<Bucket>, bucketMillis: number, width: number): ReadonlyArray<Column> => {
  const size = Math.max(1, Math.ceil(buckets.length / width))
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, index): Column => {
    const own = buckets.slice(index * size, (index + 1) * size)
    const sum = (value: (bucket: Bucket) => number): number => own.reduce((total, bucket) => total + value(bucket), 0)
    const is = (status: Status): boolean => own.some((bucket) => bucket.status === status)
    return {
      status: is("Open") ? "Open" : is("HalfOpen") ? "HalfOpen" : "Closed",
      score: Math.min(...own.map(({ score }) => score)),
      offered: sum(({ offered }) => offered),
      absorbed: sum(({ absorbed }) => absorbed),
      ok: sum(({ ok }) => ok),
      seconds: (own.length * bucketMillis) / 1000
    }
  })
}

/** What is more than nothing shows. */
const bars = (values: ReadonlyArray<number>, peak: number): string =>
  values
    .map((value) => heights[value <= 0 ? 0 : Math.max(1, Math.min(8, Math.round((value / peak) * 8)))] ?? " ")
    .join("")

const rounded = (value: number): string => (value >= 10 ? `${Math.round(value)}` : value.toFixed(1))
