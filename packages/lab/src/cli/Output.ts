/** Files of results: whole or not there at all, and for the same results the same bytes. */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { stringify } from "csv-stringify/sync"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** A file cannot be written. */
export class Unwritable extends Data.TaggedError("Unwritable")<{ readonly message: string }> {}

/** A package manager runs the lab in a folder of its own and tells here where the user is. */
export const resolve = (given: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const cwd = yield* Effect.orElseSucceed(Config.string("INIT_CWD"), () => ".")
    return path.resolve(cwd, given)
  })

/** Found before the runs, so that a path that cannot be written costs no simulation. */
export const target = (option: string, given: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const file = yield* resolve(given)
    const isFolder = yield* fs.stat(file).pipe(
      Effect.map(({ type }) => type === "Directory"),
      Effect.orElseSucceed(() => false)
    )
    if (isFolder) return yield* new Unwritable({ message: `${option}: ${file} is a folder` })
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.access(path.dirname(file), { writable: true })
    return file
  }).pipe(
    Effect.catchTags({
      BadArgument: (error) => Effect.fail(unwritable(option, error)),
      SystemError: (error) => Effect.fail(unwritable(option, error))
    })
  )

const unwritable = (option: string, { message }: PlatformError): Unwritable =>
  new Unwritable({ message: `${option}: cannot write there: ${message}` })

/** Beside its place first: whoever reads it sees the old file or the new one. */
export const write = (file: string, text: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const draft = `${file}.${process.pid}.tmp`
    yield* fs.writeFileString(draft, text)
    yield* Effect.onError(fs.rename(draft, file), () => Effect.ignore(fs.remove(draft)))
  }).pipe(
    Effect.uninterruptible,
    Effect.mapError((error) => unwritable(file, error))
  )

/** JSON has no Infinity: what never comes is `null` there. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export type Field = string | number | boolean | null

export const csv = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Field>>): string =>
  stringify([[...head], ...rows.map((row) => [...row])], { cast: { boolean: String } })
