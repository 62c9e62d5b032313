/** Tells a run as plain lines, one a second, where there is no terminal to redraw. */
import { Array, Console, Effect } from "effect"
import { about } from "./Design.ts"
import { setting } from "./Frame.ts"
import { type Journal, statusAt, type Trace, type Traces } from "./Journal.ts"
import { DesignId } from "./Protocol.ts"
import type { Plan } from "./Run.ts"
import { end, explain, label, phaseAt } from "./Scenario.ts"

export const watch = (plan: Plan, journal: Journal) =>
  Effect.gen(function* () {
    const until = (at: number) => Effect.flatMap(journal.elapsed, (now) => Effect.sleep(Math.max(0, at - now)))
    yield* Console.log(heading(plan))
    yield* Effect.all(
      [
        Effect.forEach(plan.timeline, ({ fault, from }) =>
          Effect.zipRight(until(from), Console.log(`   --  ${label(fault)}: ${explain(fault)}`))
        ),
        Effect.forEach(Array.range(1, Math.floor(end(plan.timeline) / 1000)), (second) =>
          until(second * 1000).pipe(
            Effect.zipRight(journal.traces),
            Effect.flatMap((traces) => Console.log(row(plan, traces, second)))
          )
        )
      ],
      { concurrency: "unbounded", discard: true }
    )
  })

/** The lines have told it all. */
export const conclude = () => Effect.void

const heading = ({ scenario, seed }: Plan): string =>
  [
    `Truce demo: scenario ${scenario}, seed ${seed}. ${setting}.`,
    "",
    ...DesignId.literals.map((design) => {
      const { name, opens, order } = about[design]
      return `  ${name.padEnd(15)}${order}, ${opens}`
    }),
    "",
    `${" ".repeat(17)}${DesignId.literals.map((design) => about[design].name.padEnd(cellWidth)).join("")}`.trimEnd(),
    ` time  dependency${DesignId.literals.map(() => cell("state", "score", "sent", "served")).join("")}`
  ].join("\n")

const row = ({ timeline }: Plan, traces: Traces, second: number): string => {
  const fault = label(phaseAt(timeline, second * 1000 - 1).fault)
  const cells = DesignId.literals.map((design) => summary(traces[design], second * 1000))
  return `${`${second} s`.padStart(5)}  ${fault.padEnd(10)}${cells.join("")}`.trimEnd()
}

/** The state and the score at a time, and the requests and the calls of the second before it. */
const summary = (trace: Trace, at: number): string => {
  const sent = trace.attempts.filter(({ from }) => from >= at - 1000 && from < at).length
  const ended = trace.calls.filter(({ to }) => to >= at - 1000 && to < at)
  const served = ended.filter(({ outcome }) => outcome === "Served").length
  const score = trace.scores.findLast((reading) => reading.at < at)?.score ?? 1
  return cell(statusAt(trace, at), score.toFixed(2), `${sent}`, `${served}/${ended.length}`)
}

const cell = (state: string, score: string, sent: string, served: string): string =>
  ` ${state.padEnd(8)} ${score.padStart(5)} ${sent.padStart(5)} ${served.padStart(7)}`.padEnd(cellWidth)

const cellWidth = 32
