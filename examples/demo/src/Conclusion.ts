/** The end of a run: the table, what it says, whether it can be believed, and the report. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Terminal from "@effect/platform/Terminal"
import { Console, Data, Effect } from "effect"
import { measure } from "./Measure.ts"
import { read } from "./Reading.ts"
import type { Recording } from "./Run.ts"
import { judge } from "./Soundness.ts"
import * as Table from "./Table.ts"
import { render, wrap } from "./Text.ts"

export class Unsound extends Data.TaggedError("Unsound")<{ readonly message: string }> {}

/** Writes the report to `target`; fails if the run was not sound. */
export const conclude = (recording: Recording, target: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const measures = {
      fused: measure(recording, "fused"),
      outside: measure(recording, "outside"),
      truce: measure(recording, "truce")
    }
    const table = Table.make([measures.fused, measures.outside, measures.truce])
    const verdict = judge(recording)
    const reading = verdict.problems.length === 0 ? read(measures, table) : []
    // The charting library is slow to load, and only the end needs it.
    const Report = yield* Effect.promise(() => import("./Report.ts"))
    yield* fs.writeFileString(target, yield* Report.html({ recording, table, reading, verdict }))
    const terminal = yield* Terminal.Terminal
    const columns = Math.min(Math.max(yield* terminal.columns, 80), 120)
    yield* Console.log(
      [
        "",
        ...Table.lines(table).map((line) => render(line)),
        "",
        ...reading.flatMap((sentence) => wrap(sentence, columns)),
        "",
        ...verdict.facts.flatMap((sentence) => wrap(sentence, columns)),
        `Report: ${target}`
      ].join("\n")
    )
    if (verdict.problems.length > 0) {
      return yield* new Unsound({
        message: `The run was not sound, do not trust its numbers:\n${verdict.problems.map((line) => `  ${line}`).join("\n")}`
      })
    }
  })
