import { FileSystem, KeyValueStore, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { CircuitBreaker } from "@truce/effect3"
import * as Snapshots from "@truce/effect3/Snapshots"
import { Effect, Layer, LogLevel, Logger } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect } from "vitest"
import { key, statusOf, steady, trip } from "./support.ts"

const program = fileURLToPath(new URL("snapshotProcess.ts", import.meta.url))

const quiet = Logger.minimumLogLevel(LogLevel.None)

/** Another process; `until` ends when it has written the line, `end` when it has ended. */
const started = (directory: string, what: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [program, directory, what], { stdio: ["ignore", "pipe", "inherit"] })
      let out = ""
      const said = new Set<() => void>()
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text
        for (const look of said) look()
      })
      const ended = new Promise<void>((resolve) => child.on("close", () => resolve()))
      return {
        lines: () => out.split("\n").slice(0, -1),
        until: (line: string) =>
          Effect.async<void>((resume) => {
            const look = () => void (out.split("\n").includes(line) && resume(Effect.void))
            said.add(look)
            look()
            void ended.then(() => resume(Effect.dieMessage(`ended without having written ${line}`)))
          }),
        end: (signal?: "SIGKILL" | "SIGTERM") =>
          Effect.zipRight(
            Effect.sync(() => signal !== undefined && child.kill(signal)),
            Effect.promise(() => ended)
          ),
        kill: () => child.kill("SIGKILL")
      }
    }),
    ({ kill }) => Effect.sync(kill)
  )

const read = (directory: string) =>
  Effect.gen(function* () {
    const process = yield* started(directory, "read")
    yield* process.end()
    return {
      state: JSON.parse(process.lines().find((line) => line.startsWith('["')) ?? "null"),
      lines: process.lines()
    }
  })

const test = <A, E>(
  name: string,
  body: (
    directory: string
  ) => Effect.Effect<A, E, Effect.Effect.Context<ReturnType<typeof started>> | NodeContext.NodeContext>
) =>
  it.scopedLive(name, () =>
    Effect.flatMap(FileSystem.FileSystem, (files) => Effect.flatMap(files.makeTempDirectoryScoped(), body)).pipe(
      Effect.provide(Layer.merge(NodeContext.layer, quiet))
    )
  )

describe("a process that is killed", () => {
  test("has saved what happened on the last transition: the next one finds the circuit open", (directory) =>
    Effect.gen(function* () {
      const first = yield* started(directory, "trip")
      yield* first.until("saved")
      yield* first.end("SIGKILL")
      expect((yield* read(directory)).state).toEqual(["Restored", "Open", 1])
    }))

  test("in the midst of a write leaves the record before it, which is restored with a warning", (directory) =>
    Effect.gen(function* () {
      const first = yield* started(directory, "torn")
      yield* first.end()
      expect(first.lines()).toEqual(["saved"])
      const { lines, state } = yield* read(directory)
      expect(state).toEqual(["Restored", "Open", 1])
      expect(lines.join("\n")).toContain("are corrupt: record: Expected JSON, got 100 characters that are not")
    }))
})

describe("a process that is ended", () => {
  test("saves what has changed since the last transition", (directory) =>
    Effect.gen(function* () {
      const first = yield* started(directory, "fail")
      yield* first.until("failed")
      expect(first.lines()).toEqual(["failed"])
      yield* first.end("SIGTERM")
      const { state } = yield* read(directory)
      expect(state).toEqual(["Restored", "Closed", 0])
    }))
})

describe("a store of files", () => {
  const on = (directory: string, options?: Snapshots.Options) =>
    Effect.provide(
      Snapshots.layer(options).pipe(
        Layer.provideMerge(steady({ circuit: { openFor: "1 hour" } })),
        Layer.provide(KeyValueStore.layerFileSystem(directory))
      )
    )

  test("has one file for each place; any name will do as a key", (directory) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const options = { key: "http://pod-7:8080/ circuits" }
      yield* trip().pipe(Effect.zipRight(Snapshots.save), on(directory, options))
      expect(yield* files.readDirectory(directory)).toContain("http%3A%2F%2Fpod-7%3A8080%2F%20circuits.a")
      expect(yield* statusOf().pipe(on(directory, options))).toBe("Open")
    }))

  test("that is cut off at any byte gives the record before it, or a clean start, and never a crash", (directory) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = (yield* Path.Path).join(directory, "circuits.b")
      yield* Effect.all([trip(), Snapshots.save, Snapshots.save]).pipe(on(directory))
      const whole = yield* files.readFile(file)
      for (let length = 0; length < whole.length; length += 37) {
        yield* files.writeFile(file, whole.slice(0, length))
        expect(yield* statusOf().pipe(on(directory))).toBe("Open")
      }
    }))

  test("whose file is a directory fails to read and to write, and the circuits work on", (directory) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      yield* files.makeDirectory(`${directory}/circuits.a`)
      const program = Effect.gen(function* () {
        expect(yield* Snapshots.restored).toEqual({ _tag: "Clean", reason: "unreadable" })
        yield* CircuitBreaker.isolate(key, "")
        expect(yield* Effect.flip(Snapshots.save)).toMatchObject({ reason: "store" })
        return yield* statusOf()
      })
      expect(yield* program.pipe(on(directory))).toBe("Isolated")
    }))
})
