/** `lab run`: one run, in numbers and as a timeline. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { traceLimit, type Flaw } from "../Flaw.ts"
import * as Metric from "../Metric.ts"
import type { Counts, Event, RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import { help } from "./Help.ts"
import { Lab } from "./Lab.ts"
import * as Output from "./Output.ts"
import * as Selection from "./Selection.ts"
import * as Settings from "./Settings.ts"
import * as Sweep from "./Sweep.ts"
import * as Table from "./Table.ts"
import * as Timeline from "./Timeline.ts"

const scenario = Args.text({ name: "scenario" }).pipe(Args.withDescription("The name of a scenario, or of a flaw."))
const design = Args.text({ name: "design" }).pipe(Args.withDescription("The name of a design."))

const trace = Options.boolean("trace").pipe(
  Options.withDescription(`Prints what happened, event by event, the first ${traceLimit}; --json has them too.`)
)

export const runCommand = Command.make(
  "run",
  { scenario, design, trace, seed: Settings.ownSeed, json: Settings.json, csv: Settings.csv },
  (options) =>
    Effect.gen(function* () {
      const { catalogue, module } = yield* Lab
      const named = yield* Selection.one("scenario", [...catalogue.scenarios, ...catalogue.flaws], options.scenario)
      const { flaw, scenario } = "find" in named ? { flaw: named, scenario: named.scenario } : { scenario: named }
      const design = yield* Selection.one("design", catalogue.designs, options.design)
      const json = yield* Effect.transposeOption(Option.map(options.json, (file) => Output.target("--json", file)))
      const csv = yield* Effect.transposeOption(Option.map(options.csv, (file) => Output.target("--csv", file)))
      yield* Sweep.run(
        {
          catalogue: module,
          jobs: [
            {
              scenario,
              design: design.name,
              seed: Option.getOrElse(options.seed, () => flaw?.seed ?? 1),
              series: true,
              trace: traceLimit
            }
          ],
          threads: 1
        },
        ({ results: [result] }) =>
          result === undefined
            ? Effect.void
            : Effect.gen(function* () {
                const { trace = [], ...measured } = result
                const written = options.trace ? result : measured
                if (Option.isSome(json)) yield* Output.write(json.value, Output.json(written))
                if (Option.isSome(csv)) yield* Output.write(csv.value, series(result))
                if (options.trace) yield* Console.log(`${trace.map(told).join("\n")}\n`)
                yield* Console.log(text(scenario, design.title, result))
                if (flaw !== undefined) yield* Console.log(`\n${finding(flaw, result)}`)
              })
      )
    })
).pipe(
  Command.withDescription(
    help("Runs one scenario under one design and shows what happened. --csv has the time series, --json everything.", [
      "pnpm lab run outage-100 truce",
      "pnpm lab run brownout-30-100 retry-only --seed 7 --json run.json",
      "pnpm lab run self-trip seed-callback --trace"
    ])
  )
)

const text = (scenario: Scenario, design: string, result: RunResult): string =>
  [
    `${Table.bold(scenario.title)}, ${design}, seed ${result.seed}`,
    Table.faint(scenario.description),
    "",
    counts(result),
    "",
    Timeline.render(scenario, result),
    "",
    measures(result)
  ].join("\n")

const finding = (flaw: Flaw, result: RunResult): string => {
  const { happens, text } = flaw.find(result)
  return `${Table.bold(flaw.title)}: ${happens ? "it happens" : "it does not happen"}. ${text}`
}

/** Who, what and how, after the time. */
const told = ({ _tag, at, partition, process, ...rest }: Event): string => {
  const { call, ...details } = { call: undefined, ...rest }
  const words = Object.entries(details).map(
    ([name, value]) => `${name} ${typeof value === "number" ? Number(value.toFixed(3)) : value}`
  )
  const who = call === undefined ? `circuit ${process}.${partition}` : `call ${call + 1}`
  return `${at.toFixed(1).padStart(12)} ms  ${who.padEnd(12)} ${_tag.padEnd(12)} ${words.join(", ")}`.trimEnd()
}

const counts = (result: RunResult): string =>
  Table.render({
    head: ["", "calls", "ok", "failed", "rejected", "asked", "attempts", "ok", "failed", "refused"],
    rows: (
      [
        ["before", result.before],
        ["window", result.during],
        ["after", result.after],
        ["total", result.total]
      ] as const
    ).map(([label, of]) => cells(label, of))
  })

const cells = (label: string, of: Counts): ReadonlyArray<string> => [
  label,
  `${of.calls}`,
  `${of.ok}`,
  `${of.failed}`,
  `${of.rejected}`,
  `${of.asked}`,
  `${of.attempts}`,
  `${of.attemptsOk}`,
  `${of.attemptsFailed}`,
  `${of.refusals}`
]

const measures = (result: RunResult): string =>
  Table.render({
    head: ["metric", "", "what it is"],
    words: 3,
    rows: Metric.all.map((metric) => {
      const value = metric.of(result)
      const missing = metric.absent === "never" ? "never" : "-"
      return [
        metric.name,
        { text: value === null ? missing : Metric.show(metric, value), style: "bold" },
        metric.description
      ]
    })
  })

const series = ({ bucketMillis, buckets }: RunResult): string =>
  Output.csv(
    ["from_ms", "until_ms", "offered", "ok", "absorbed", "failed", "status", "score"],
    buckets.map(({ absorbed, atMillis, failed, offered, ok, score, status }) => [
      atMillis,
      atMillis + bucketMillis,
      offered,
      ok,
      absorbed,
      failed,
      status,
      score
    ])
  )
