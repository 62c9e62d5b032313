/** The final table as data; the terminal and the report both draw it. */
import { Array } from "effect"
import { about } from "./Design.ts"
import type { Absorbed, FaultMeasures, Measures, Recovery } from "./Measure.ts"
import { isBreaking, isBrownout, isHopeless, type Phase } from "./Scenario.ts"
import { type Line, right, type Segment, start, text } from "./Text.ts"

export interface Cell {
  readonly text: string
  /** Whether no other design has a better one; never in a row where less is not better or more is not. */
  readonly isBest: boolean
}

export interface Row {
  readonly label: string
  /** None in a heading. */
  readonly cells: ReadonlyArray<Cell>
}

export interface Table {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<Row>
}

export const make = (measures: ReadonlyArray<Measures>): Table => ({
  columns: measures.map(({ design }) => about[design].name),
  rows: [
    row("Availability for callers", measures, ({ availability }) => percent(availability)),
    ...perFault(measures, isBrownout, "in the", ({ availability }) => percent(availability)),
    ...group(
      "Requests absorbed before opening",
      perFault(measures, isHopeless, "in the", ({ absorbed }) => absorbedText(absorbed))
    ),
    ...group(
      "Requests wasted",
      perFault(measures, isHopeless, "in the", ({ requests }) => ({ text: `${requests}`, merit: -requests }))
    ),
    ...group(
      "Time to recover",
      perFault(measures, isBreaking, "after the", ({ recovery }) => recoveryText(recovery))
    ),
    row("Retries sent", measures, ({ retries }) => ({ text: `${retries}` }))
  ]
})

const group = (label: string, rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  rows.length === 0 ? [] : [{ label, cells: [] }, ...rows]

export const lines = ({ columns, rows }: Table): ReadonlyArray<Line> => {
  const first = Math.max(...rows.map(({ label }) => label.length)) + 1
  const widths = columns.map(
    (name, column) => Math.max(name.length, ...rows.map(({ cells }) => cells[column]?.text.length ?? 0)) + 1
  )
  const aligned = (texts: ReadonlyArray<Segment>): Line =>
    Array.zipWith(texts, widths, (segment, width) => [text("  "), right(segment, width)]).flat()
  return [
    [start(text(""), first), ...aligned(columns.map((name) => text(`${name} `, "bold")))],
    ...rows.map(({ cells, label }) => [
      start(text(label), first),
      ...aligned(cells.map((cell) => (cell.isBest ? text(`${cell.text}*`, "green") : text(`${cell.text} `))))
    ])
  ]
}

interface Value {
  readonly text: string
  /** More is better; absent where the value is neither good nor bad. */
  readonly merit?: number | undefined
}

const row = (label: string, measures: ReadonlyArray<Measures>, value: (measures: Measures) => Value): Row => {
  const values = measures.map(value)
  const merits = values.flatMap(({ merit }) => (merit === undefined ? [] : [merit]))
  const best = Math.max(...merits)
  const isContest = merits.some((merit) => merit < best)
  return { label, cells: values.map(({ merit, text }) => ({ text, isBest: isContest && merit === best })) }
}

/** A row for each phase meant; the phases are the same for every design. */
const perFault = (
  measures: ReadonlyArray<Measures>,
  isMeant: (phase: Phase) => boolean,
  prefix: string,
  value: (fault: FaultMeasures) => Value
): ReadonlyArray<Row> =>
  (measures[0]?.faults ?? []).flatMap(({ name, phase }, index) =>
    isMeant(phase)
      ? [
          row(`  ${prefix} ${name}`, measures, ({ faults }) => {
            const fault = faults[index]
            return fault === undefined ? { text: "" } : value(fault)
          })
        ]
      : []
  )

const percent = (share: number): Value => ({ text: `${(share * 100).toFixed(1)} %`, merit: Math.round(share * 1000) })

const absorbedText = (absorbed: Absorbed): Value => {
  switch (absorbed._tag) {
    case "Opened":
      return { text: `${absorbed.requests}`, merit: -absorbed.requests }
    case "StayedClosed":
      return { text: "did not open" }
    case "WasOpen":
      return { text: "was open" }
  }
}

const recoveryText = ({ _tag, after }: Recovery): Value => {
  const seconds = `${(after / 1000).toFixed(1)} s`
  return _tag === "Recovered" ? { text: seconds, merit: -Math.round(after / 100) } : { text: `not in ${seconds}` }
}
