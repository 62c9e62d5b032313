/** One run as a picture: states, score, load and availability on one time axis. */
import type * as Effect from "effect/Effect"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import { columns, sizeFor, type Column } from "../Series.ts"
import { boxes, colors, statusColors, svg, type Box, type Layer, type Panel } from "./Picture.ts"

const width = 270
const mostColumns = width / 2

/** `peak` is the top of the load panel, a second: the same for all designs of a scenario, so that they compare. */
export const draw = (scenario: Scenario, result: RunResult, peak: number): Effect.Effect<string> => {
  const unit = timeUnit(result)
  const rate = peak < 1 ? { seconds: 60, name: "a minute" } : { seconds: 1, name: "a second" }
  const points = columns(result, sizeFor(result, mostColumns))
  const { fromMillis, untilMillis } = scenario.fault
  const until = Math.min(untilMillis, result.durationMillis)
  // A fault from the start to the end needs no shade.
  const isPart = fromMillis < until && until - fromMillis < result.durationMillis
  const window: ReadonlyArray<Box> = isPart
    ? [{ x: fromMillis / unit.millis, x2: until / unit.millis, color: colors.window }]
    : []
  const panel = (title: string, height: number, layers: ReadonlyArray<Layer>, axis?: string): Panel => ({
    title,
    width,
    height,
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { domain: [0, result.durationMillis / unit.millis], nice: false },
        axis: axis === undefined ? null : { title: axis, grid: false, tickCount: 7, titlePadding: 2 }
      }
    },
    layer: [boxes(window), ...layers]
  })
  const steps = (value: (column: Column) => number | null, top: number, mark: Mark): Layer => ({
    data: { values: stepped(points, value, unit.millis) },
    mark: { ...marks[mark.type], color: mark.color, clip: true },
    encoding: {
      y: {
        field: "y",
        type: "quantitative",
        scale: { domain: [0, top], nice: false },
        axis: { ...axis, format: mark.format }
      }
    }
  })
  return svg(`${scenario.title}, ${result.design}`, [
    panel("circuit", 9, [boxes(states(result, unit.millis))]),
    panel("health score", 34, [steps(({ score }) => score, 1, { type: "line", color: colors.ink, format: ".1~f" })]),
    panel(`calls and attempts ${rate.name}`, 52, [
      steps(({ offered }) => offered * rate.seconds, peak * rate.seconds, {
        type: "area",
        color: colors.offered,
        format: "~s"
      }),
      steps(({ absorbed }) => absorbed * rate.seconds, peak * rate.seconds, {
        type: "line",
        color: colors.absorbed,
        format: "~s"
      })
    ]),
    panel(
      "available to callers",
      34,
      [steps(({ availability }) => availability, 1, { type: "area", color: colors.good, format: ".0%" })],
      unit.name
    )
  ])
}

/** A little more than the highest load of some runs in any column. */
export const peakOf = (results: ReadonlyArray<RunResult>): number =>
  1.05 *
  Math.max(
    0.01,
    ...results.flatMap((result) =>
      columns(result, sizeFor(result, mostColumns)).map(({ absorbed, offered }) => Math.max(absorbed, offered))
    )
  )

interface Mark {
  readonly type: "line" | "area"
  readonly color: string
  readonly format: string
}

const marks = {
  line: { type: "line", interpolate: "step-after", strokeWidth: 1.3 },
  area: { type: "area", interpolate: "step-after" }
} as const

const axis = { title: null, tickCount: 2, domain: false, ticks: false, minExtent: 30, maxExtent: 30 } as const

const timeUnit = ({ durationMillis }: RunResult) =>
  durationMillis > 600_000 ? { millis: 60_000, name: "minutes" } : { millis: 1000, name: "seconds" }

/** The last value lasts to the end of its column; a `null` is a gap. */
const stepped = (points: ReadonlyArray<Column>, value: (column: Column) => number | null, unit: number) => {
  const last = points.at(-1)
  const corners = points.map((column) => ({ x: column.fromMillis / unit, y: value(column) }))
  return last === undefined ? corners : [...corners, { x: last.untilMillis / unit, y: value(last) }]
}

const states = (result: RunResult, unit: number): ReadonlyArray<Box> => {
  const spans: Array<{ x: number; x2: number; color: string }> = []
  for (const { fromMillis, status, untilMillis } of columns(result, 1)) {
    const color = statusColors[status]
    const last = spans.at(-1)
    if (last?.color === color) last.x2 = untilMillis / unit
    else spans.push({ x: fromMillis / unit, x2: untilMillis / unit, color })
  }
  return spans
}
