/** One picture of a run in progress, as lines of text. */
import { Array } from "effect"
import { about, type Status } from "./Design.ts"
import { statusAt, type Trace, type Traces } from "./Journal.ts"
import { DesignId } from "./Protocol.ts"
import { end, explain, type Fault, label, phaseAt, type Timeline } from "./Scenario.ts"
import { attempts, attemptTimeout, callsPerSecond, circuit } from "./Settings.ts"
import { type Line, right, start, type Style, text, width } from "./Text.ts"

export interface View {
  readonly scenario: string
  readonly seed: number
  readonly timeline: Timeline
  readonly traces: Traces
  readonly now: number
}

/** The column after the names and the states. */
const indent = 16

export const frame = (view: View, columns: number): ReadonlyArray<Line> => {
  const cells = Math.max(20, Math.min(columns - indent - 1, 120))
  return [
    ...header(view, indent + cells),
    [],
    ...dependency(view, cells),
    ...DesignId.literals.flatMap((design) => block(design, view, cells)),
    [],
    legend
  ]
}

export const setting =
  `${callsPerSecond} calls/s to each, ${attempts} attempts of ${attemptTimeout} ms, ` +
  `open for ${circuit.openFor / 1000} to ${circuit.maxOpenFor / 1000} s: alike for all`

const statusStyle = (status: Status): Style => {
  if (status === "Closed") return "green"
  return status === "HalfOpen" ? "yellow" : "red"
}

const statusText = (status: Status): string => (status === "HalfOpen" ? "HALF-OPEN" : status.toUpperCase())

const faultStyle = (fault: Fault): Style => {
  switch (fault._tag) {
    case "Healthy":
      return "green"
    case "Brownout":
      return "yellow"
    case "Outage":
      return "red"
    case "Slow":
      return "cyan"
    case "Hang":
      return "magenta"
  }
}

const header = ({ now, scenario, seed, timeline }: View, columns: number): ReadonlyArray<Line> => {
  const title = [text(" Truce ", "inverse"), text(` the same calls, three designs. Scenario ${scenario}, seed ${seed}`)]
  const clock = text(`${seconds(Math.min(now, end(timeline)))} of ${seconds(end(timeline))} s`, "bold")
  return [[...title, right(clock, columns - width(title))], [text(` ${setting}`, "dim")]]
}

const dependency = ({ now, timeline }: View, cells: number): ReadonlyArray<Line> => {
  const { fault } = phaseAt(timeline, now)
  const style = faultStyle(fault)
  const strip = Array.makeBy(cells, (cell) => {
    const from = (cell / cells) * end(timeline)
    return text(from <= now ? "█" : "░", faultStyle(phaseAt(timeline, from).fault))
  })
  return [
    [start(text(" Dependency", "bold"), indent), ...strip],
    [start(text(`   ${label(fault).toUpperCase()}`, style), indent), text(explain(fault), style)]
  ]
}

const block = (design: DesignId, view: View, cells: number): ReadonlyArray<Line> => {
  const { name, opens, order } = about[design]
  const trace = view.traces[design]
  const phase = phaseAt(view.timeline, view.now)
  const status = statusAt(trace, view.now)
  const score = trace.scores.at(-1)?.score ?? 1
  const rejected = trace.calls.filter(({ outcome }) => outcome === "Rejected").length
  const retries = trace.attempts.filter(({ attempt }) => attempt > 0).length
  const inPhase = {
    served: servedOf(trace.calls.filter(({ from }) => from >= phase.from)),
    sent: trace.attempts.filter(({ from }) => from >= phase.from).length
  }
  const health = [...bar(score, statusStyle(status)), text(` score ${score.toFixed(2)}`)]
  const counts = [
    start(text(`attempts ${trace.attempts.length}`), 15),
    start(text(`retries ${retries}`), 13),
    text(`rejected ${rejected}`)
  ]
  return [
    [],
    [start(text(` ${name}`, "bold"), indent), text(order), text(`  ${opens}`, "dim")],
    [
      start(text(`   ${statusText(status)}`, statusStyle(status)), indent),
      ...health,
      right(
        text(` served ${percent(servedOf(trace.calls))}, this phase ${percent(inPhase.served)}`),
        cells - width(health)
      )
    ],
    [
      text(" ".repeat(indent)),
      ...counts,
      right(text(` ${inPhase.sent} sent in this phase`, faultStyle(phase.fault)), cells - width(counts))
    ],
    [text(" ".repeat(indent)), ...history(trace, view, cells)]
  ]
}

const barWidth = 20

const bar = (score: number, style: Style): Line => {
  const full = Math.round(score * barWidth)
  return [text("█".repeat(full), style), text("░".repeat(barWidth - full), "dim")]
}

/** For each slice of time the share of calls served, as height, and the state of the circuit, as color. */
const history = (trace: Trace, { now, timeline }: View, cells: number): Line => {
  const slice = end(timeline) / cells
  return Array.makeBy(cells, (cell) => {
    const from = cell * slice
    const to = from + slice
    const served = servedOf(trace.calls.filter((call) => call.from >= from && call.from < to))
    const height = from > now ? undefined : heights[Math.round(served * (heights.length - 1))]
    return text(height ?? " ", statusStyle(statusIn(trace, from, to)))
  })
}

const heights = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/** Open if it was so at either end: an opening must not hide between two cells. */
const statusIn = (trace: Trace, from: number, to: number): Status => {
  const [before, after] = [statusAt(trace, from), statusAt(trace, to)]
  return before === "Open" ? before : after
}

const legend: Line = [
  text(" Bars: calls served, circuit ", "dim"),
  text("closed", "green"),
  text(" ", "dim"),
  text("half-open", "yellow"),
  text(" ", "dim"),
  text("open", "red"),
  text(". A score of 1 is healthy.", "dim")
]

const servedOf = (calls: Trace["calls"]): number =>
  calls.length === 0 ? Number.NaN : calls.filter(({ outcome }) => outcome === "Served").length / calls.length

const percent = (share: number): string => (Number.isNaN(share) ? "--" : `${Math.round(share * 100)} %`)

const seconds = (millis: number): string => (millis / 1000).toFixed(1)
