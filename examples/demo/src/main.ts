/** The demo: three designs of retry and circuit breaker on one timeline of faults, live, measured and reported. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Config, Console, Data, Effect, Exit, Layer, Option, Schema } from "effect"
import { conclude } from "./Conclusion.ts"
import * as Dependency from "./Dependency.ts"
import * as Live from "./Live.ts"
import * as Plain from "./Plain.ts"
import { type Plan, run } from "./Run.ts"
import { names, scenarios, seconds, timeline } from "./Scenario.ts"
import * as Server from "./Server.ts"

class Unwritable extends Data.TaggedError("Unwritable")<{ readonly message: string }> {}

const scenario = Options.choice("scenario", names).pipe(
  Options.withDefault("storm"),
  Options.withDescription(
    `What happens to the dependency: ${names.map((name) => `${name} (${scenarios[name].summary})`).join("; ")}.`
  )
)

const seed = Options.integer("seed").pipe(
  Options.withDefault(1),
  Options.withDescription("Fixes arrivals, faults and backoff.")
)

const duration = Options.integer("duration").pipe(
  Options.withSchema(
    Schema.Int.pipe(
      Schema.between(8, 35, { message: () => "--duration: expected a whole number of seconds from 8 to 35" })
    )
  ),
  Options.optional,
  Options.withDescription("Seconds that the scenario is stretched to, from 8 to 35. Its own length by default.")
)

const out = Options.text("out").pipe(
  Options.withDefault("truce-demo.html"),
  Options.withDescription("Where the HTML report goes: a file, or a folder that exists.")
)

const demo = Command.make("demo", { scenario, seed, duration, out }, (options) =>
  Effect.gen(function* () {
    const target = yield* reportPath(options.out)
    const chosen = scenarios[options.scenario]
    const plan: Plan = {
      scenario: options.scenario,
      seed: options.seed,
      timeline: timeline(chosen, Option.getOrElse(options.duration, () => seconds(chosen)) * 1000)
    }
    const screen = (yield* isInteractive) ? Live : Plain
    const recording = yield* run(plan, (journal) => screen.watch(plan, journal)).pipe(
      Effect.provide(Layer.provideMerge(Dependency.layer, Server.layer))
    )
    yield* screen.conclude(recording)
    yield* conclude(recording, target)
  }).pipe(
    Effect.tapErrorCause((cause) => Console.error(complaint(cause))),
    Effect.onInterrupt(() => Console.error("Stopped before the end: no results."))
  )
)

const complaint = (cause: Cause.Cause<{ readonly _tag: string; readonly message: string }>): string => {
  const error = Option.getOrUndefined(Cause.failureOption(cause))
  return error?._tag === "Unsound" || error?._tag === "Unwritable" ? error.message : Cause.pretty(cause)
}

const isInteractive = Effect.gen(function* () {
  const terminal = yield* Terminal.Terminal
  const ci = yield* Config.string("CI").pipe(Config.withDefault(""))
  return (yield* terminal.isTTY) && (ci === "" || ci === "false")
})

/** Found before the run, so that a path that cannot be written costs no half minute. */
const reportPath = (out: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    // A package manager runs the demo in a folder of its own and tells here where the user is.
    const cwd = yield* Config.string("INIT_CWD").pipe(Config.withDefault("."))
    const given = path.resolve(cwd, out)
    const isFolder = yield* fs.stat(given).pipe(
      Effect.map(({ type }) => type === "Directory"),
      Effect.orElseSucceed(() => false)
    )
    const target = isFolder ? path.join(given, "truce-demo.html") : given
    yield* fs.makeDirectory(path.dirname(target), { recursive: true })
    yield* fs.access(path.dirname(target), { writable: true })
    return target
  }).pipe(Effect.mapError(({ message }) => new Unwritable({ message: `--out: cannot write there: ${message}` })))

Command.run(demo, { name: "Truce demo", version: "0.0.0" })(process.argv).pipe(
  Effect.tapError((error) =>
    ValidationError.isValidationError(error) ? Console.error("--help explains every flag.") : Effect.void
  ),
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : Cause.isInterruptedOnly(exit.cause) ? 130 : 1)
  })
)
