/** `lab report`: everything on one page. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Headline from "../report/Headline.ts"
import * as Page from "../report/Page.ts"
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
  Options.withDescription(`A design of the table by name or glob; can be repeated. By default, those of the published table.`)
)

const pictured = Options.text("picture").pipe(
  Options.repeated,
  Options.withDescription(
    `A design whose runs are drawn, by name or glob; can be repeated. By default, ${Headline.pictured.join(", ")}.`
  )
)

export const reportCommand = Command.make(
  "report",
  {
    out,
    scenarios: Settings.scenarios,
    designs,
    pictured,
    seed: Settings.seed,
    seeds: Settings.seeds(5),
    jobs: Settings.jobs
  },
  (options) =>
    Effect.gen(function* () {
      const { catalogue, module } = yield* Lab
      const scenarios = yield* Selection.some("scenario", catalogue.scenarios, options.scenarios)
      const pictured =
        options.pictured.length === 0
          ? Headline.choose(catalogue.designs, Headline.pictured)
          : yield* Selection.some("design", catalogue.designs, options.pictured)
      const compared =
        options.designs.length === 0
          ? Headline.choose(catalogue.designs, Headline.designs)
          : yield* Selection.some("design", catalogue.designs, options.designs)
      const file = yield* Output.target("--out", options.out)
      const seeds = Sweep.seeds(options.seed, options.seeds)
      const designs = [...compared, ...pictured.filter((design) => !compared.includes(design))]
      yield* Sweep.run(
        { catalogue: module, scenarios, designs, seeds, threads: options.jobs, series: "first" },
        (sweep) =>
          Effect.gen(function* () {
            const page = yield* Page.html({
              scenarios,
              designs,
              pictured,
              seeds,
              results: sweep.results,
              isPartial: Sweep.isPartial(sweep)
            })
            yield* Output.write(file, page)
            yield* Console.log(file)
          })
      )
    })
).pipe(
  Command.withDescription(
    help("Writes one self-contained HTML page: the table as a heat map, a picture of each run, and each flaw of the seeds.", [
      "pnpm lab report",
      'pnpm lab report --out brownouts.html --scenario "brownout-*" --design "*" --picture truce --seeds 20'
    ])
  )
)
