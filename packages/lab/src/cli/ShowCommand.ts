/** `lab show`: a flaw of the seeds step by step. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Shown } from "../Walkthrough.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Selection from "./Selection.ts"
import * as Table from "./Table.ts"

const name = Args.text({ name: "walkthrough" }).pipe(Args.withDescription("The name of a flaw shown step by step."))

export const showCommand = Command.make("show", { name }, (options) =>
  Effect.gen(function* () {
    const { walkthroughs } = yield* Lab
    const { claim, seed, sound, title, truce } = yield* Selection.one("walkthrough", walkthroughs, options.name)
    yield* Console.log(
      [
        Table.bold(title),
        Table.faint(claim),
        "",
        ...told("The seed", yield* seed),
        "",
        ...told("Truce", yield* sound),
        Table.faint(truce)
      ].join("\n")
    )
  })
).pipe(
  Command.withDescription(
    help("Shows a flaw of the seeds that needs no traffic: the seed's own logic step by step, and Truce.", [
      "pnpm lab show unguarded-state"
    ])
  )
)

const told = (who: string, { happens, steps, text }: Shown): ReadonlyArray<string> => [
  Table.bold(who),
  ...steps.map((step) => `  ${step}`),
  `${happens ? "It happens" : "It does not happen"}: ${text}`
]
