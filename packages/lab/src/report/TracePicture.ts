/** The trace of a short run as a picture: a lane for each call, and above them what the circuit did. */
import type * as Effect from "effect/Effect"
import type { Event } from "../Run.ts"
import type { Focus } from "./Focus.ts"
import { boxes, colors, statusColors, svg, type Box, type Layer, type Panel } from "./Picture.ts"

const width = 400
const laneHeight = 13
export const draw = (label: string, trace: ReadonlyArray<Event>, focus: Focus): Effect.Effect<string> => {
  const { calls, fromMillis: from, untilMillis: end } = focus
  const unit = end - from > 5_000 ? { millis: 1000, name: "seconds" } : { millis: 1, name: "milliseconds" }
  const within = { from, end, unit: unit.millis }
  const lanes = calls.flatMap((call, lane) => marksOf(trace, call, lane, within))
  const panel = (title: string, height: number, layers: ReadonlyArray<Layer>, axis?: string): Panel => ({
    title,
    width,
    height,
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { domain: [from / unit.millis, end / unit.millis], nice: false },
        axis: axis === undefined ? null : { title: axis, grid: false, tickCount: 7, titlePadding: 2 }
      }
    },
    layer: [...layers]
  })
  const y = {
    type: "quantitative" as const,
    scale: { domain: [calls.length, 0], nice: false },
    axis: {
      title: "call",
      values: calls.map((_, lane) => lane + 0.5),
      labelExpr: `${JSON.stringify(calls.map((call) => call + 1))}[floor(datum.value)]`,
      grid: false,
      ticks: false,
      domain: false,
      minExtent: 26,
      maxExtent: 26
    }
  }
  const bars: Layer = {
    data: { values: lanes.filter((mark) => mark.shape === "bar") },
    mark: { type: "rect", cornerRadius: 1 },
    encoding: {
      x2: { field: "x2" },
      y: { ...y, field: "y" },
      y2: { field: "y2" },
      color: { field: "color", type: "nominal", scale: null }
    }
  }
  const crosses: Layer = {
    data: { values: lanes.filter((mark) => mark.shape === "cross") },
    mark: { type: "text", text: "×", fontSize: 13, fontWeight: "bold", color: colors.ink },
    encoding: { y: { ...y, field: "middle" } }
  }
  return svg(label, [
    panel("circuit", 9, [boxes(states(trace, within))]),
    panel("health score", 30, [scores(trace, within)]),
    panel("attempts", Math.max(2, calls.length) * laneHeight, [bars, crosses], unit.name)
  ])
}

interface Within {
  readonly from: number
  readonly end: number
  readonly unit: number
}

interface Mark extends Box {
  readonly shape: "bar" | "cross"
  readonly y: number
  readonly y2: number
  readonly middle: number
}

/** An attempt is a bar from admission to outcome, a wait a thin line, a refusal a cross. */
const marksOf = (trace: ReadonlyArray<Event>, call: number, lane: number, within: Within): ReadonlyArray<Mark> => {
  const own = trace.filter((event) => "call" in event && event.call === call)
  const least = (within.end - within.from) * 0.008
  const mark = (shape: Mark["shape"], at: number, until: number, color: string, height: number): Mark => ({
    shape,
    x: Math.max(at, within.from) / within.unit,
    x2: Math.min(within.end, Math.max(until, at + (height > 0.2 ? least : 0))) / within.unit,
    y: lane + 0.5 - height / 2,
    y2: lane + 0.5 + height / 2,
    middle: lane + 0.5,
    color
  })
  const marks = own.flatMap((event, index): ReadonlyArray<Mark> => {
    switch (event._tag) {
      case "Admitted": {
        const settled = own.slice(index).find((next) => next._tag === "Settled" && next.attempt === event.attempt)
        const isGood = settled?._tag === "Settled" && settled.outcome === "Success"
        const color = settled === undefined ? colors.quiet : isGood ? colors.good : colors.bad
        return [mark("bar", event.at, settled?.at ?? within.end, color, 0.72)]
      }
      case "Waiting":
        return [mark("bar", event.at, event.at + event.delayMillis, colors.quiet, 0.1)]
      case "Rejected":
        return [mark("cross", event.at, event.at, colors.ink, 0)]
      case "Called":
      case "Settled":
      case "Ended":
      case "Transitioned":
        return []
    }
  })
  return marks.filter(({ x, x2 }) => x < within.end / within.unit && x2 > within.from / within.unit)
}

const states = (trace: ReadonlyArray<Event>, { end, from, unit }: Within): ReadonlyArray<Box> => {
  const changes = trace.flatMap((event) => (event._tag === "Transitioned" ? [{ at: event.at, to: event.to }] : []))
  const spans = [{ at: 0, to: "Closed" as const }, ...changes].map(({ at, to }, index) => ({
    from: Math.max(at, from),
    until: Math.min(changes[index]?.at ?? end, end),
    color: statusColors[to]
  }))
  return spans
    .filter((span) => span.from < span.until)
    .map((span) => ({ x: span.from / unit, x2: span.until / unit, color: span.color }))
}

const scores = (trace: ReadonlyArray<Event>, { end, from, unit }: Within): Layer => {
  const told = trace.flatMap((event) => ("score" in event && event.at <= end ? [{ at: event.at, y: event.score }] : []))
  const first = told.findLast(({ at }) => at <= from)?.y ?? 1
  const shown = told.filter(({ at }) => at > from).map(({ at, y }) => ({ x: at / unit, y }))
  return {
    data: { values: [{ x: from / unit, y: first }, ...shown, { x: end / unit, y: shown.at(-1)?.y ?? first }] },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.3, color: colors.ink, clip: true },
    encoding: {
      y: {
        field: "y",
        type: "quantitative",
        scale: { domain: [0, 1], nice: false },
        axis: { title: null, tickCount: 2, domain: false, ticks: false, minExtent: 26, maxExtent: 26, format: ".1~f" }
      }
    }
  }
}
