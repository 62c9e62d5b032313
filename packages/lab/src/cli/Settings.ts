/** Options that several commands share. */
import * as Options from "@effect/cli/Options"
import * as Schema from "effect/Schema"
import { availableParallelism } from "node:os"

const whole = (name: string, from: number, to: number) =>
  Options.integer(name).pipe(
    Options.withSchema(
      Schema.Int.pipe(
        Schema.between(from, to, { message: () => `--${name}: expected a whole number from ${from} to ${to}` })
      )
    )
  )

export const seed = whole("seed", 0, 2 ** 32 - 1).pipe(
  Options.withDefault(1),
  Options.withDescription("Fixes every draw of a run: the same seed gives the same bytes.")
)

/** Of a single run, where a flaw may have a seed of its own. */
export const ownSeed = whole("seed", 0, 2 ** 32 - 1).pipe(
  Options.optional,
  Options.withDescription("Fixes every draw of the run. By default 1, for a flaw the one that shows it.")
)

export const seeds = (count: number) =>
  whole("seeds", 1, 10_000).pipe(
    Options.withDefault(count),
    Options.withDescription("How many runs of each scenario and design, with --seed, --seed + 1, and so on.")
  )

export const jobs = whole("jobs", 1, 1024).pipe(
  Options.withDefault(availableParallelism()),
  Options.withDescription("Threads. The results do not depend on it.")
)

export const scenarios = Options.text("scenario").pipe(
  Options.repeated,
  Options.withDescription(`A scenario by name or glob; can be repeated. All by default.`)
)

export const designs = Options.text("design").pipe(
  Options.repeated,
  Options.withDescription(`A design by name or glob; can be repeated. All by default.`)
)

export const json = Options.text("json").pipe(
  Options.optional,
  Options.withDescription("Writes the results there as JSON.")
)

export const csv = Options.text("csv").pipe(
  Options.optional,
  Options.withDescription("Writes the results there as CSV.")
)
