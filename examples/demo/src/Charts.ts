/** The timeline of one design as a picture: state, score, requests at the server and results of calls, on one time axis. */
import { Array, Effect } from "effect"
import * as Vega from "vega"
import * as VegaLite from "vega-lite"
import type { Trace } from "./Journal.ts"
import { callColors, faultColors, requestColors, statusColors } from "./Palette.ts"
import { DesignId } from "./Protocol.ts"
import type { Recording } from "./Run.ts"
import { end, isHealthy, label, type Timeline } from "./Scenario.ts"

type Panel = Extract<VegaLite.TopLevelSpec, { readonly vconcat: unknown }>["vconcat"][number]
type Layer = Extract<Panel, { readonly layer: unknown }>["layer"][number]

/** A colored span of time, in seconds. */
interface Box {
  readonly x: number
  readonly x2: number
  readonly color: string
}

interface Bar extends Box {
  readonly y: number
  readonly y2: number
}

/** Milliseconds: long enough to hold calls enough for a rate. */
const slice = 500

export const draw = (recording: Recording, design: DesignId): Effect.Effect<string> =>
  Effect.promise(() =>
    new Vega.View(Vega.parse(VegaLite.compile(spec(recording, design)).spec), { renderer: "none" }).toSVG()
  )

const spec = (recording: Recording, design: DesignId): VegaLite.TopLevelSpec => {
  const { timeline, traces } = recording
  const trace = traces[design]
  const requests = DesignId.literals.map((id) => requestRates(recording, id))
  const calls = DesignId.literals.map((id) => callRates(recording, id))
  const own = DesignId.literals.indexOf(design)
  return {
    spacing: 10,
    config,
    vconcat: [
      panel(timeline, { title: "circuit", height: 12, layers: [boxes(states(trace, timeline)), names(timeline)] }),
      panel(timeline, { title: "health score", height: 50, layers: [line(trace)] }),
      panel(timeline, {
        title: "requests/s that reached the server",
        height: 70,
        layers: [bars(requests[own] ?? [], peak(requests))]
      }),
      panel(timeline, {
        title: "calls/s that ended",
        height: 70,
        layers: [bars(calls[own] ?? [], peak(calls))],
        axis: "seconds"
      })
    ]
  }
}

const quiet = "#5b6673"

const config: VegaLite.Config = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: quiet,
    titleColor: quiet,
    titleFontWeight: "normal",
    gridColor: "#e6e9ed",
    tickColor: "#c9d0d8"
  },
  title: { anchor: "start", fontSize: 11, fontWeight: "normal", color: quiet, offset: 3, frame: "group" }
}

const panel = (
  timeline: Timeline,
  options: {
    readonly title: string
    readonly height: number
    readonly layers: ReadonlyArray<Layer>
    readonly axis?: string
  }
): Panel => ({
  title: options.title,
  width: 880,
  height: options.height,
  encoding: {
    x: {
      field: "x",
      type: "quantitative",
      scale: { domain: [0, end(timeline) / 1000], nice: false },
      axis: options.axis === undefined ? null : { title: options.axis, grid: false, domain: false, tickCount: 14 }
    }
  },
  layer: [shade(timeline), ...options.layers]
})

/** Boxes as high as the panel. */
const boxes = (values: ReadonlyArray<Box>, opacity = 1): Layer => ({
  data: { values: [...values] },
  mark: { type: "rect", opacity },
  encoding: { x2: { field: "x2" }, color: { field: "color", type: "nominal", scale: null } }
})

const axis = { title: null, tickCount: 3, domain: false, ticks: false, minExtent: 32, maxExtent: 32 } as const

/** `top` is the same for all designs, so that their heights compare. */
const bars = (values: ReadonlyArray<Bar>, top: number): Layer => ({
  data: { values: [...values] },
  mark: "rect",
  encoding: {
    x2: { field: "x2" },
    y: { field: "y", type: "quantitative", scale: { domain: [0, top] }, axis },
    y2: { field: "y2" },
    color: { field: "color", type: "nominal", scale: null }
  }
})

const peak = (designs: ReadonlyArray<ReadonlyArray<Bar>>): number => Math.max(...designs.flat().map(({ y2 }) => y2))

const shade = (timeline: Timeline): Layer =>
  boxes(
    timeline.map(({ fault, from, to }) => ({ x: from / 1000, x2: to / 1000, color: faultColors[fault._tag] })),
    0.13
  )

const names = (timeline: Timeline): Layer => ({
  data: {
    values: timeline
      .filter((phase) => !isHealthy(phase))
      .map(({ fault, from, to }) => ({ x: (from + to) / 2000, name: label(fault) }))
  },
  mark: { type: "text", baseline: "bottom", y: -4, fontSize: 11, fontWeight: "bold", color: "#2b3440" },
  encoding: { text: { field: "name" } }
})

const line = (trace: Trace): Layer => ({
  data: { values: trace.scores.map(({ at, score }) => ({ x: at / 1000, y: score })) },
  mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5, color: "#2b3440", clip: true },
  encoding: { y: { field: "y", type: "quantitative", scale: { domain: [0, 1] }, axis } }
})

const states = (trace: Trace, timeline: Timeline): ReadonlyArray<Box> => {
  const changes = [{ at: 0, to: "Closed" as const }, ...trace.transitions.filter(({ at }) => at < end(timeline))]
  return changes.map(({ at, to }, index) => ({
    x: at / 1000,
    x2: (changes[index + 1]?.at ?? end(timeline)) / 1000,
    color: statusColors[to]
  }))
}

const requestRates = ({ receipts, timeline }: Recording, design: DesignId): ReadonlyArray<Bar> => {
  const own = receipts.filter((receipt) => receipt.design === design)
  const { first, retry } = requestColors
  return rates(
    own.map(({ at, attempt }) => ({ at, color: attempt === 0 ? first : retry })),
    [first, retry],
    timeline
  )
}

const callRates = ({ timeline, traces }: Recording, design: DesignId): ReadonlyArray<Bar> =>
  rates(
    traces[design].calls.map(({ outcome, to }) => ({ at: to, color: callColors[outcome] })),
    Object.values(callColors),
    timeline
  )

/** Events per second in slices of time, stacked by color. */
const rates = (
  events: ReadonlyArray<{ readonly at: number; readonly color: string }>,
  colors: ReadonlyArray<string>,
  timeline: Timeline
): ReadonlyArray<Bar> =>
  Array.makeBy(Math.ceil(end(timeline) / slice), (index) => {
    const from = index * slice
    const to = Math.min(from + slice, end(timeline))
    const within = events.filter(({ at }) => at >= from && at < to)
    return Array.mapAccum(colors, 0, (y, color) => {
      const y2 = y + (within.filter((event) => event.color === color).length * 1000) / (to - from)
      return [y2, { x: from / 1000, x2: to / 1000, y, y2, color }]
    })[1]
  }).flat()
