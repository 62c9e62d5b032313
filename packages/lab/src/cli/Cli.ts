/** The command line of the lab. */
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { optionsFirst } from "./Argv.ts"
import { compareCommand } from "./CompareCommand.ts"
import { headlineCommand } from "./HeadlineCommand.ts"
import { docsCommand } from "./DocsCommand.ts"
import { help } from "./Help.ts"
import { listCommand } from "./ListCommand.ts"
import { replayCommand } from "./ReplayCommand.ts"
import { reportCommand } from "./ReportCommand.ts"
import { runCommand } from "./RunCommand.ts"
import { showCommand } from "./ShowCommand.ts"

const lab = Command.make("lab").pipe(
  Command.withDescription(
    help("Runs the shipped core and other designs of circuit breaker and retry in simulated worlds.", [
      "pnpm lab list",
      "pnpm lab run outage-100 truce",
      'pnpm lab compare --scenario "brownout-*" --seeds 20',
      "pnpm lab report --out lab-report.html",
      "pnpm lab replay last-night.ndjson --policy policy.yaml"
    ])
  ),
  Command.withSubcommands([
    listCommand,
    runCommand,
    showCommand,
    compareCommand,
    headlineCommand,
    reportCommand,
    replayCommand,
    docsCommand
  ])
)

const command = Command.run(lab, { name: "Truce lab", version: "0.0.0" })

/** Tells of an error in a line; what is no error of the user's, in full. */
export const main = (argv: ReadonlyArray<string>) =>
  command(optionsFirst(argv)).pipe(
    Effect.tapErrorCause((cause) => {
      const error = Option.getOrUndefined(Cause.failureOption(cause))
      if (ValidationError.isValidationError(error)) return Console.error("--help explains every option.")
      if (Cause.isInterruptedOnly(cause)) return Effect.void
      return Console.error(Predicate.hasProperty(error, "message") ? String(error.message) : Cause.pretty(cause))
    })
  )
