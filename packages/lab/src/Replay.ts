/** A policy on the events that a process recorded, a line of JSON each: what would it have done? In flat memory, however long the log. */
import * as EventLog from "@truce/effect3/EventLog"
import * as Policy from "@truce/effect3/Policy"
import * as Shadow from "@truce/effect3/Shadow"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { readSync } from "node:fs"
import { StringDecoder } from "node:string_decoder"

export interface Options {
  /** Of a file that is open for reading. */
  readonly descriptor: number
  readonly policy: Policy.Policy
  /** Asked between lines; what was read until then is the result. */
  readonly isStopped?: () => boolean
  /** Called now and then with the bytes read. */
  readonly onProgress?: (bytes: number) => void
}

/** A line that is not as it should be; lines count from 1. */
export interface Fault {
  readonly line: number
  readonly reason: string
}

export interface Result {
  /** It was stopped before the end of the log. */
  readonly partial: boolean
  readonly lines: number
  readonly events: number
  readonly malformed: number
  readonly firstMalformed: Fault | null
  /** Events that are earlier than the one before: a log should be of one process. */
  readonly backwards: number
  readonly firstBackwards: Fault | null
  readonly report: Shadow.Report
}

const decode = Schema.decodeUnknownEither(EventLog.Event)

export const replay = (options: Options): Result => {
  const { isStopped = () => false } = options
  const count = { lines: 0, events: 0, malformed: 0, backwards: 0 }
  let firstMalformed: Fault | null = null
  let firstBackwards: Fault | null = null
  let partial = false
  const events = function* (): Iterable<EventLog.Event> {
    let now = -Infinity
    for (const line of linesOf(options)) {
      if (isStopped()) {
        partial = true
        return
      }
      count.lines++
      if (line.trim() === "") continue
      const event = eventOf(line)
      if (Either.isLeft(event)) {
        count.malformed++
        firstMalformed ??= { line: count.lines, reason: event.left }
        continue
      }
      count.events++
      const { at } = event.right
      if (at < now) {
        count.backwards++
        firstBackwards ??= { line: count.lines, reason: `at ${at} after ${now}` }
      }
      now = at
      yield event.right
    }
  }
  const report = Shadow.replay(events(), Policy.toOptions(options.policy))
  return { partial, ...count, firstMalformed, firstBackwards, report }
}

const eventOf = (line: string): Either.Either<EventLog.Event, string> => {
  let data: unknown
  try {
    data = JSON.parse(line)
  } catch (error) {
    return Either.left(`not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  return Either.mapLeft(decode(data), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    const path = issue?.path.map(String).join(".") ?? ""
    return `not an event: ${path === "" ? "" : `${path}: `}${(issue?.message ?? error.message).split("\n")[0]}`
  })
}

const chunkSize = 1 << 18

/** One chunk and one line are in memory at a time. */
function* linesOf({ descriptor, onProgress }: Options): Iterable<string> {
  const chunk = Buffer.allocUnsafe(chunkSize)
  const decoder = new StringDecoder("utf8")
  let bytes = 0
  let rest = ""
  for (let size = readSync(descriptor, chunk); size > 0; size = readSync(descriptor, chunk)) {
    bytes += size
    const lines = (rest + decoder.write(chunk.subarray(0, size))).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
    onProgress?.(bytes)
  }
  rest += decoder.end()
  if (rest !== "") yield rest
}
