/** The way of a call: the files of ours whose functions run in it, by what the engine counts. */
import { Session } from "node:inspector/promises"
import { basename, dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import type { Run } from "./Case.ts"

export interface Visited {
  /** Its path from the folder of packages. */
  readonly file: string
  /** The names of those that ran, in the order of the text; without one where they are anonymous. */
  readonly functions: ReadonlyArray<string>
}

const packages = join(dirname(fileURLToPath(import.meta.url)), "../..")

/** The files that one call visits, with what it loads and makes at its first time left out. */
export const of = async (run: Run, calls: number): Promise<ReadonlyArray<Visited>> => {
  await run(100)
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false })
  await session.post("Profiler.takePreciseCoverage")
  await run(calls)
  const { result } = await session.post("Profiler.takePreciseCoverage")
  session.disconnect()
  return result.flatMap(({ functions, url }) => {
    const file = url.startsWith("file:") ? relative(packages, fileURLToPath(url)) : ""
    if (!/^(core|effect\d)\/src\//.test(file)) return []
    const ran = functions.flatMap(({ functionName, ranges: [range] }) =>
      range !== undefined && range.count > 0 && functionName !== "" ? [functionName] : []
    )
    const isVisited = functions.some(({ ranges: [range] }) => range !== undefined && range.count > 0)
    return isVisited ? [{ file, functions: [...new Set(ran)] }] : []
  })
}

export const text = (name: string, visited: ReadonlyArray<Visited>): string => {
  const width = Math.max(...visited.map(({ file }) => file.length))
  const lines = visited.map(
    ({ file, functions }) => `  ${file.padEnd(width)}  ${functions.join(", ") || basename(file)}`
  )
  return [`${name}: one call visits ${visited.length} files`, ...lines].join("\n")
}
