/** `lab report`: everything on one page. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Row } from "../Catalogue.ts"
import type { Design } from "../Design.ts"
import * as Page from "../report/Page.ts"
import { traceLimit } from "../Flaw.ts"
import * as Walkthrough from "../Walkthrough.ts"
import type { Job } from "../WorkerProtocol.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Output from "./Output.ts"
import * as Selection from "./Selection.ts"
import * as Settings from "./Settings.ts"
import * as Sweep from "./Sweep.ts"

const out = Options.text("out").pipe(
  Options.withDefault("lab-report.html"),
  Options.withDescription("Where the HTML page goes.")
)

const designs = Options.text("design").pipe(
  Options.repeated,
  Options.withDescription(
    `A design of the table by name or glob; can be repeated. By default, those of the published table.`
  )
)

const pictured = Options.text("picture").pipe(
  Options.repeated,
  Options.withDescription(`A design whose runs are drawn, by name or glob; can be repeated. By default, some.`)
)

export const reportCommand = Command.make(
  "report",
  {
    out,
    scenarios: Settings.scenarios,
    designs,
    pictured,
    seed: Settings.seed,
    seeds: Settings.seeds(3),
    jobs: Settings.jobs
  },
  (options) =>
    Effect.gen(function* () {
      const { catalogue, module, walkthroughs } = yield* Lab
      const { columns, rows, ...headline } = catalogue.headline
      const choose = (globs: ReadonlyArray<string>, names: ReadonlyArray<string>) =>
        globs.length === 0
          ? Effect.forEach(names, (name) => Selection.one("design", catalogue.designs, name))
          : Selection.some("design", catalogue.designs, globs)
      const scenarios = yield* Selection.some("scenario", catalogue.scenarios, options.scenarios)
      const designs = yield* choose(options.designs, columns)
      const pictured = yield* choose(options.pictured, headline.pictured)
      const file = yield* Output.target("--out", options.out)
      const shown = rows.filter((row) => scenarios.some(({ name }) => name === row.name))
      const cells = shown.flatMap((row) => designs.flatMap((design) => cell(row, design, options.seed, options.seeds)))
      const pictures = Sweep.every(scenarios, pictured, [options.seed], true)
      const flaws = options.scenarios.length === 0 ? catalogue.flaws : []
      const sound = yield* Selection.one("design", catalogue.designs, headline.sound)
      const sides = flaws.flatMap(({ design, scenario, seed }) =>
        [design, sound].map(({ name }) => ({ scenario, design: name, seed, series: true, trace: traceLimit }))
      )
      yield* Sweep.run({ catalogue: module, jobs: [...cells, ...pictures, ...sides], threads: options.jobs }, (sweep) =>
        Effect.gen(function* () {
          const page = yield* Page.html({
            rows: shown,
            designs,
            cells: (row, design) => {
              const first = (shown.indexOf(row) * designs.length + designs.indexOf(design)) * options.seeds
              return sweep.results.slice(first, first + options.seeds).filter((result) => result !== undefined)
            },
            runs: options.seeds,
            seed: options.seed,
            scenarios,
            pictured,
            drawn: sweep.results
              .slice(cells.length, cells.length + pictures.length)
              .filter((result) => result !== undefined),
            flaws: flaws.map((flaw, index) => {
              const [flawed, other] = sweep.results.slice(cells.length + pictures.length + 2 * index)
              return {
                flaw,
                sides: [
                  { design: flaw.design, result: flawed },
                  { design: sound, result: other }
                ]
              }
            }),
            walked: options.scenarios.length === 0 ? yield* Walkthrough.walk(walkthroughs) : [],
            isPartial: Sweep.isPartial(sweep)
          })
          yield* Output.write(file, page)
          yield* Console.log(file)
        })
      )
    })
).pipe(
  Command.withDescription(
    help(
      "Writes one self-contained HTML page: the table as a heat map, a picture of each run, and each flaw of the seeds.",
      [
        "pnpm lab report",
        'pnpm lab report --out brownouts.html --scenario "brownout-*" --design "*" --picture truce --seeds 20'
      ]
    )
  )
)

/** The runs of a cell, each with the next seed and the next of the row's scenarios. */
const cell = ({ scenarios }: Row, design: Design, seed: number, runs: number): ReadonlyArray<Job> =>
  Sweep.seeds(seed, runs).flatMap((one, index) =>
    scenarios
      .slice(index % scenarios.length, (index % scenarios.length) + 1)
      .map((scenario) => ({ scenario, design: design.name, seed: one, series: false }))
  )
