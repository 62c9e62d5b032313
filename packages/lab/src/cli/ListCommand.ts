/** `lab list`: what there is to run. */
import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Design } from "../Design.ts"
import * as Metric from "../Metric.ts"
import type { Scenario } from "../Scenario.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Table from "./Table.ts"

const groups: { readonly [G in Design["group"]]: string } = {
  seed: "Designs of the seeds",
  field: "Designs of the field",
  truce: "Truce"
}

const isGroup = (name: string): name is Design["group"] => name in groups

const scenarioRows = (scenarios: ReadonlyArray<Scenario>) => [
  ["Scenarios"],
  ...scenarios.map(({ name, title }) => [name, title])
]

const designRows = (designs: ReadonlyArray<Design>) =>
  Object.keys(groups)
    .filter(isGroup)
    .map((group) => ({ title: groups[group], members: designs.filter((design) => design.group === group) }))
    .filter(({ members }) => members.length > 0)
    .flatMap(({ members, title }) => [[title]].concat(members.map((design) => [design.name, design.title])))

export const listCommand = Command.make("list", {}, () =>
  Effect.gen(function* () {
    const { catalogue, walkthroughs } = yield* Lab
    const rows = [
      ...scenarioRows(catalogue.scenarios),
      ["Flaws of the seeds, each with a scenario of its own"],
      ...catalogue.flaws.map(({ name, title }) => [name, title]),
      ...(walkthroughs.length === 0 ? [] : [["Flaws of the seeds, step by step (show)"]]),
      ...walkthroughs.map(({ name, title }) => [name, title]),
      ...designRows(catalogue.designs),
      ["Metrics"],
      ...Metric.all.map(({ description, name }) => [name, description])
    ]
    yield* Console.log(Table.render({ head: ["name", "what it is"], rows, words: 2 }))
  })
).pipe(
  Command.withDescription(help("Shows the scenarios, the designs and the metrics, a line each.", ["pnpm lab list"]))
)
