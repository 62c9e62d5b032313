/** `lab replay`: what would this setting have done last night? */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Policy from "@truce/effect3/Policy"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Worker } from "node:worker_threads"
import { parse } from "yaml"
import type { Fault, Result } from "../Replay.ts"
import type { Message, Setup } from "../WorkerReplay.ts"
import { help } from "./Help.ts"
import * as Output from "./Output.ts"
import * as Progress from "./Progress.ts"
import * as Settings from "./Settings.ts"

/** A log or a policy cannot be read. */
export class Unreadable extends Data.TaggedError("Unreadable")<{ readonly message: string }> {}

const log = Args.text({ name: "log" }).pipe(
  Args.withDescription("A file of events, one as JSON a line, as EventLog.Event encodes them.")
)

const policy = Options.text("policy").pipe(
  Options.optional,
  Options.withDescription("A policy as JSON or YAML. Without it, that of Truce's defaults.")
)

export const replayCommand = Command.make("replay", { log, policy, json: Settings.json }, (options) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* Output.resolve(options.log)
    const { size } = yield* fs.stat(file).pipe(
      Effect.filterOrFail(
        ({ type }) => type !== "Directory",
        () => new Unreadable({ message: `${file} is a folder, not a log` })
      ),
      Effect.mapError(({ message }) => new Unreadable({ message }))
    )
    yield* Effect.mapError(fs.access(file, { readable: true }), ({ message }) => new Unreadable({ message }))
    const policy = yield* Option.match(options.policy, { onNone: () => Effect.succeed({}), onSome: read })
    const json = yield* Effect.transposeOption(Option.map(options.json, (file) => Output.target("--json", file)))
    yield* replay({ file, policy }, Number(size), (result) =>
      Effect.gen(function* () {
        if (Option.isSome(json)) yield* Output.write(json.value, Output.json({ policy, ...withoutText(result) }))
        yield* Console.log(result.report.text)
        yield* Effect.forEach(remarks(result), (remark) => Console.error(remark), { discard: true })
      })
    )
  })
).pipe(
  Command.withDescription(
    help(
      "Judges the recorded attempts of one process by another policy: which it would have refused, what that would have spared the dependency, and which answers it would have cost. Ctrl-C ends the log there.",
      [
        "pnpm lab replay packages/lab/samples/events.ndjson",
        "pnpm lab replay last-night.ndjson --policy policy.yaml --json judged.json"
      ]
    )
  )
)

const read = (given: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(yield* Output.resolve(given))
    // JSON is YAML.
    const data = yield* Effect.try((): unknown => parse(text))
    return yield* Policy.decode(data)
  }).pipe(
    Effect.mapError((error) => {
      const reason = error._tag === "UnknownException" ? String(error.error) : error.message
      return new Unreadable({ message: `--policy ${given}: ${reason}` })
    })
  )

const withoutText = ({ report: { keys, unwatched }, ...rest }: Result) => ({ ...rest, unwatched, keys })

/** An interruption ends the reading; what was read is judged and concluded all the same. */
const replay = <E, R>(
  setup: Omit<Setup, "stop">,
  size: number,
  conclude: (result: Result) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | Unreadable, R> => {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  let read = 0
  const judged = Effect.async<Result, Unreadable>((resume) => {
    const worker = new Worker(new URL("../WorkerReplay.ts", import.meta.url), { workerData: { ...setup, stop } })
    worker.on("error", (error) => resume(Effect.fail(new Unreadable({ message: error.message }))))
    worker.on("message", (message: Message) => {
      if (message._tag === "Progress") read = message.bytes
      else resume(Effect.succeed(message.result))
    })
  })
  return Effect.gen(function* () {
    const concluded = yield* Progress.show(() => ({
      share: size === 0 ? 1 : Math.min(1, read / size),
      done: `${(read / 1e6).toFixed(0)} of ${(size / 1e6).toFixed(0)} MB`
    })).pipe(Effect.zipRight(judged), Effect.scoped, Effect.flatMap(conclude), Effect.uninterruptible, Effect.fork)
    yield* Effect.onInterrupt(Fiber.join(concluded), () => {
      Atomics.store(stop, 0, 1)
      return Fiber.await(concluded)
    })
  })
}

const remarks = (result: Result): ReadonlyArray<string> => [
  ...(result.partial ? [`Stopped after ${result.lines} lines: the result is partial.`] : []),
  ...(result.firstMalformed === null ? [] : [remark(result.malformed, "left out", result.firstMalformed)]),
  ...(result.firstBackwards === null
    ? []
    : [remark(result.backwards, "earlier than the one before; is it the log of one process?", result.firstBackwards)]),
  ...(result.report.unwatched === 0 ? [] : [`${result.report.unwatched} events are of keys beyond maxKeys.`])
]

const remark = (count: number, what: string, { line, reason }: Fault): string =>
  `${count} ${count === 1 ? "line" : "lines"} ${what}; the first is line ${line}: ${reason}`
