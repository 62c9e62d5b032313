/** `lab docs`: the tables of the documentation, and whether they are still true. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fileURLToPath } from "node:url"
import type { Catalogue } from "../Catalogue.ts"
import * as Pages from "../Pages.ts"
import * as Published from "../Published.ts"
import * as Walkthrough from "../Walkthrough.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Output from "./Output.ts"
import * as Settings from "./Settings.ts"
import * as Sweep from "./Sweep.ts"

/** The documentation is not what the lab says. */
export class Stale extends Data.TaggedError("Stale")<{ readonly message: string }> {}

const ofRepository = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))

const check = Options.boolean("check").pipe(
  Options.withDescription("Writes nothing: fails if a page or a sample of the figures is stale.")
)

const tables = Options.boolean("tables").pipe(
  Options.withDescription("Runs nothing: writes the tables from the figures that are kept.")
)

const page = Options.text("page").pipe(
  Options.withDefault(ofRepository("docs/lab.md")),
  Options.withDescription("The Markdown page with the markers.")
)

const figures = Options.text("figures").pipe(
  Options.withDefault(ofRepository("packages/lab/figures.json")),
  Options.withDescription("Where the figures of every run are kept.")
)

const Figures = Schema.parseJson(
  Schema.Record({
    key: Schema.String,
    value: Schema.Array(Schema.Union(Schema.Number, Schema.String, Schema.Boolean, Schema.Null))
  })
)

export const docsCommand = Command.make("docs", { check, tables, page, figures, jobs: Settings.jobs }, (options) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { catalogue, module, walkthroughs } = yield* Lab
    const items = Published.items(catalogue)
    const place = { figures: yield* Output.resolve(options.figures) }
    const walked = yield* Walkthrough.walk(walkthroughs)
    const steps = walked.length === 0 ? [] : [Published.walkthroughTable(walked)]
    const pages = [
      {
        path: yield* Output.resolve(options.page),
        tables: (catalogue: Catalogue, figures: Published.Figures) => [
          ...Published.tables(catalogue, figures),
          ...steps
        ]
      },
      ...Pages.pages.map(({ path, tables }) => ({ path: ofRepository(path), tables }))
    ]
    const filled = (figures: Published.Figures) =>
      Effect.forEach(pages, ({ path, tables }) =>
        Effect.flatMap(fs.readFileString(path), (text) => {
          const page = Published.fill(text, tables(catalogue, figures))
          return "missing" in page
            ? Effect.fail(new Stale({ message: `${path}: there is no ${page.missing}` }))
            : Effect.succeed({ path, text, filled: page.text })
        })
      )
    const written = (figures: Published.Figures) =>
      Effect.flatMap(filled(figures), (found) =>
        Effect.forEach(
          found.filter((page) => page.filled !== page.text),
          (page) => Output.write(page.path, page.filled),
          { discard: true }
        )
      )
    const kept = Effect.flatMap(fs.readFileString(place.figures), Schema.decode(Figures))

    if (options.check) {
      const figures = yield* kept
      yield* complete(items, figures)
      const old = (yield* filled(figures)).find((page) => page.filled !== page.text)
      if (old !== undefined) return yield* stale(`the tables of ${old.path} are not those of the figures`)
      const sample = items.filter(({ sampled }) => sampled)
      return yield* Sweep.run(
        { catalogue: module, jobs: sample.map(({ job }) => job), threads: options.jobs },
        (sweep) =>
          Effect.gen(function* () {
            const changed = sample.filter((item, index) => {
              const result = sweep.results[index]
              return result !== undefined && textOf(item.measure(result)) !== textOf(figures[item.name])
            })
            const [first] = changed
            if (first !== undefined) {
              return yield* stale(
                `${changed.length} of ${sample.length} runs have other figures; the first is ${first.name}`
              )
            }
            yield* Console.log(
              `${Sweep.done(sweep).length} of ${items.length} runs repeated: the pages are what the lab says.`
            )
          })
      )
    }
    if (options.tables) {
      const figures = yield* kept
      yield* complete(items, figures)
      return yield* written(figures)
    }
    // Seen before the runs, which take a minute or two.
    yield* filled({})
    yield* Sweep.run({ catalogue: module, jobs: items.map(({ job }) => job), threads: options.jobs }, (sweep) =>
      Effect.gen(function* () {
        if (Sweep.isPartial(sweep)) return yield* Console.error("The pages and the figures stay as they were.")
        const figures = Object.fromEntries(
          items.flatMap(({ measure, name }, index) => {
            const result = sweep.results[index]
            return result === undefined ? [] : [[name, measure(result)] as const]
          })
        )
        yield* Output.write(place.figures, lines(figures))
        yield* written(figures)
        yield* Console.log(`${pages.map(({ path }) => path).join(", ")}: written from ${items.length} runs.`)
      })
    )
  })
).pipe(
  Command.withDescription(
    help(
      "Writes what the pages have of the lab (docs/lab.md, docs/composition.md, docs/retry.md, docs/health-score.md, docs/comparison.md) between its markers, and the figures of every run they come from. --check compares the pages with the figures, and a sample of the figures with new runs: one of every scenario and every design.",
      ["pnpm lab docs", "pnpm lab docs --check", "pnpm lab docs --tables"]
    )
  )
)

const stale = (what: string) => Effect.fail(new Stale({ message: `${what}. "pnpm lab docs" writes them anew.` }))

/** A run that is not among the figures, or figures of no run. */
const complete = (items: ReadonlyArray<Published.Item>, figures: Published.Figures) => {
  const names = new Set(items.map(({ name }) => name))
  const odd = [
    ...items.map(({ name }) => name).filter((name) => !(name in figures)),
    ...Object.keys(figures).filter((name) => !names.has(name))
  ]
  return odd.length === 0
    ? Effect.void
    : stale(`the figures are not of these runs: ${odd.length} differ, the first is ${odd[0]}`)
}

const textOf = (values: ReadonlyArray<Published.Value> | undefined): string => JSON.stringify(values)

/** A run a line, so that a difference is a line. */
const lines = (figures: Published.Figures): string =>
  `{\n${Object.entries(figures)
    .map(([name, values]) => `  ${JSON.stringify(name)}: ${JSON.stringify(values)}`)
    .join(",\n")}\n}\n`
