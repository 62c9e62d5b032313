/** Redraws a run in place, on the terminal's second screen, so that the first is as it was whatever happens. */
import * as Terminal from "@effect/platform/Terminal"
import { Effect, Schedule } from "effect"
import * as Frame from "./Frame.ts"
import type { Journal } from "./Journal.ts"
import type { Plan, Recording } from "./Run.ts"
import { end } from "./Scenario.ts"
import { render } from "./Text.ts"

const enter = "\u001B[?1049h\u001B[?25l\u001B[2J"
const leave = "\u001B[?25h\u001B[?1049l"
const home = "\u001B[H"
const eraseLine = "\u001B[K"
const eraseBelow = "\u001B[J"

export const watch = (plan: Plan, journal: Journal) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const draw = Effect.gen(function* () {
      const rows = (yield* terminal.rows) || Infinity
      const view = { ...plan, now: yield* journal.elapsed, traces: yield* journal.traces }
      const lines = (yield* picture(view)).slice(0, rows)
      yield* terminal.display(`${home}${lines.map((line) => `${line}${eraseLine}`).join("\r\n")}${eraseBelow}`)
    })
    yield* Effect.acquireUseRelease(
      terminal.display(enter),
      () => Effect.repeat(draw, Schedule.fixed("150 millis")),
      () => Effect.ignore(terminal.display(leave))
    )
  })

/** The last picture, to stay above the table. */
export const conclude = (recording: Recording) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const lines = yield* picture({ ...recording, now: end(recording.timeline) })
    yield* terminal.display(`${lines.join("\n")}\n`)
  })

const picture = (view: Frame.View) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    // A terminal may not know its size and say 0.
    const columns = (yield* terminal.columns) || 80
    return Frame.frame(view, columns).map((line) => render(line, columns))
  })
