/** How far a sweep is: a bar on the terminal's error stream, and now and then a line where it is no terminal. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"

export interface Progress {
  /** In [0, 1]. */
  readonly share: number
  /** What is done, in words: "3 of 40 runs". */
  readonly done: string
}

const barWidth = 30
const eraseLine = "\r\u001B[K"

/** Draws until the scope ends, and leaves no trace on a terminal. */
export const show = (progress: () => Progress): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const startedAt = yield* Clock.currentTimeMillis
    const line = Effect.map(Clock.currentTimeMillis, (now) => render(progress(), now - startedAt))
    const isTerminal = process.stderr.isTTY
    const draw = Effect.map(line, (text) => {
      process.stderr.write(isTerminal ? `${eraseLine}${text}` : `${text}\n`)
    })
    if (isTerminal) yield* Effect.addFinalizer(() => Effect.sync(() => process.stderr.write(eraseLine)))
    const drawing = isTerminal
      ? Effect.repeat(draw, Schedule.spaced("100 millis"))
      : Effect.repeat(Effect.delay(draw, "5 seconds"), Schedule.forever)
    // What it tells of may be uninterruptible; the drawing is not, or the scope would never end.
    yield* Effect.forkScoped(Effect.interruptible(drawing))
  })

export const render = ({ done, share }: Progress, elapsedMillis: number): string => {
  const full = Math.round(share * barWidth)
  const bar = `${"#".repeat(full)}${".".repeat(barWidth - full)}`
  const left = share < 0.02 ? "" : `, ${Math.ceil((elapsedMillis * (1 - share)) / share / 1000)} s left`
  return `[${bar}] ${`${Math.floor(share * 100)}`.padStart(3)} %  ${done}${left}`
}
