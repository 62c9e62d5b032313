/** The trace of a short run as a picture: a lane for each call, and above them what the circuit did. */
import type * as Effect from "effect/Effect"
import type { Status } from "../Design.ts"
import type { Event } from "../Run.ts"
import { boxes, colors, statusColors, svg, type Box, type Layer, type Panel } from "./Picture.ts"

const width = 400
const laneHeight = 13
const mostLanes = 40

/** Whether its calls can be told apart. */
export const fits = (trace: ReadonlyArray<Event>): boolean => callsOf(trace).length <= mostLanes

const callsOf = (trace: ReadonlyArray<Event>): ReadonlyArray<number> => [
  ...new Set(trace.flatMap((event) => ("call" in event ? [event.call] : [])))
]

export const draw = (label: string, trace: ReadonlyArray<Event>, durationMillis: number): Effect.Effect<string> => {
  const from = 0
  const span = Math.max(durationMillis, ...trace.map(({ at }) => at), 1)
  const unit = span > 5_000 ? { millis: 1000, name: "seconds" } : { millis: 1, name: "milliseconds" }
  const within = { from, end: span * 1.02, unit: unit.millis }
  const calls = callsOf(trace)
  const lanes = calls.map((call, lane) => marksOf(trace, call, lane, within)).flat()
  const panel = (title: string, height: number, layers: ReadonlyArray<Layer>, axis?: string): Panel => ({
    title,
    width,
    height,
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { domain: [from / unit.millis, within.end / unit.millis], nice: false },
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
      labelExpr: "format(datum.value + 0.5, 'd')",
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
    x: at / within.unit,
    x2: Math.max(until, at + (height > 0.2 ? least : 0)) / within.unit,
    y: lane + 0.5 - height / 2,
    y2: lane + 0.5 + height / 2,
    middle: lane + 0.5,
    color
  })
  return own.flatMap((event, index): ReadonlyArray<Mark> => {
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
}

const states = (trace: ReadonlyArray<Event>, { end, from, unit }: Within): ReadonlyArray<Box> => {
  const changes = trace.flatMap((event) => (event._tag === "Transitioned" ? [{ at: event.at, to: event.to }] : []))
  const first: Status = trace.find((event) => event._tag === "Transitioned")?.from ?? "Closed"
  return [{ at: from, to: first }, ...changes].map(({ at, to }, index) => ({
    x: at / unit,
    x2: (changes[index]?.at ?? end) / unit,
    color: statusColors[to]
  }))
}

const scores = (trace: ReadonlyArray<Event>, { end, from, unit }: Within): Layer => {
  const told = trace.flatMap((event) => ("score" in event ? [{ x: event.at / unit, y: event.score }] : []))
  return {
    data: { values: [{ x: from / unit, y: 1 }, ...told, { x: end / unit, y: told.at(-1)?.y ?? 1 }] },
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
