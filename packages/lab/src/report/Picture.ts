/** Pictures by Vega-Lite, as SVG that takes its colors from the page: it is light, dark or on paper as the page is. */
import * as Effect from "effect/Effect"
import * as Vega from "vega"
import * as VegaLite from "vega-lite"
import { encode } from "./Markup.ts"

export type Panel = Extract<VegaLite.TopLevelSpec, { readonly vconcat: unknown }>["vconcat"][number]
export type Layer = Extract<Panel, { readonly layer: unknown }>["layer"][number]

export const colors = {
  ink: "var(--ink)",
  quiet: "var(--quiet)",
  rule: "var(--rule)",
  window: "var(--window)",
  closed: "var(--closed)",
  halfOpen: "var(--half-open)",
  open: "var(--open)",
  offered: "var(--offered)",
  absorbed: "var(--absorbed)",
  good: "var(--served)",
  bad: "var(--failed)"
} as const

export const statusColors = { Closed: colors.closed, HalfOpen: colors.halfOpen, Open: colors.open } as const

const config: VegaLite.Config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: colors.quiet,
    titleColor: colors.quiet,
    titleFontWeight: "normal",
    labelFontSize: 9,
    titleFontSize: 9,
    gridColor: colors.rule,
    tickColor: colors.rule,
    domainColor: colors.rule
  },
  title: { anchor: "start", fontSize: 10, fontWeight: "normal", color: colors.quiet, offset: 2, frame: "group" },
  text: { color: colors.ink }
}

/** A colored span of time. */
export interface Box {
  readonly x: number
  readonly x2: number
  readonly color: string
}

/** Boxes as high as the panel. */
export const boxes = (values: ReadonlyArray<Box>): Layer => ({
  data: { values: [...values] },
  mark: { type: "rect" },
  encoding: { x2: { field: "x2" }, color: { field: "color", type: "nominal", scale: null } }
})

/** What a static picture within a page does without: half of its size. */
const noise = / (xmlns(:xlink)?|aria-[a-z]+|role|class|pointer-events|opacity|version)="[^"]*"/g

/** Panels below each other. The label is what a screen reader says. */
export const svg = (label: string, panels: ReadonlyArray<Panel>): Effect.Effect<string> =>
  Effect.promise(async () => {
    const { spec } = VegaLite.compile({ config, spacing: 6, vconcat: [...panels] })
    const drawn = await new Vega.View(Vega.parse(spec), { renderer: "none" }).toSVG()
    // Within HTML the namespaces go without saying, and the page stays free of addresses.
    return (
      drawn
        .replaceAll(noise, "")
        .replaceAll(/<path (display="none" )?d="(M0,0h0v0h0Z)?"( display="none")?\/>/g, "")
        .replaceAll(/\d+\.\d{2,}/g, (number) => `${Math.round(Number(number) * 10) / 10}`)
        // A little larger than drawn where there is room, and no more: letters are to be of one size.
        .replace(/<svg width="(\d+)"/, (_, width: string) => {
          const style = `max-width:${Math.round(Number(width) * 1.12)}px`
          return `<svg role="img" aria-label="${encode(label)}" style="${style}" width="${width}"`
        })
    )
  })
