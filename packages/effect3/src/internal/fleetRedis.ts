import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Cluster, Redis } from "ioredis"
import { createHash } from "node:crypto"
import { errorMonitor } from "node:events"
import {
  FleetStoreFailed,
  type News,
  type Reason,
  type Seen,
  type Service,
  type Swap,
  type Swapped
} from "../FleetStore.ts"

export type Client = Redis | Cluster

/** What is under the key though it is no text is garbage, which is what no text is too. */
const look = `
local time = redis.call('TIME')
local found = redis.pcall('GET', KEYS[1])
if type(found) == 'table' then
  if string.find(found.err, 'WRONGTYPE') == nil then return found end
  found = ''
end
`
const readScript = script(`${look}return {time[1], time[2], found}`)

/** ARGV: whether something is expected, what, the text, its time to live in ms, the channel for news or nothing, the name of the key. */
const swapScript =
  script(`${look}if (ARGV[1] == '1') ~= (found ~= false) or (found and found ~= ARGV[2]) then return {time[1], time[2], found, 0} end
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[5], ARGV[3] .. '\\n' .. ARGV[6]) end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return {time[1], time[2], ARGV[3], 1}`)

interface Script {
  readonly lua: string
  readonly sha: string
}

function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") }
}

/** Redis takes no more: as good as for ever. */
const maxTtlMillis = Number.MAX_SAFE_INTEGER

/** What nobody waits for any more may still be on its way: with more of it than this nothing else is sent. */
const maxAbandoned = 64

/** Why a client has no connection, until it has one: a command that is not sent does not say it. Who watches stops with `stop`. */
export const troubleOf = (client: Client): { readonly found: () => unknown; readonly stop: () => void } => {
  let last: unknown
  const failed = (error: unknown): void => {
    if (!unsent.test(messageOf(error))) last = error
  }
  const ready = (): void => {
    last = undefined
  }
  // It only looks on: a client without a listener of its own goes on to print what is wrong.
  client.on(errorMonitor, failed)
  client.on("ready", ready)
  return {
    found: () => last,
    stop: () => void client.off(errorMonitor, failed).off("ready", ready)
  }
}

/** Ends when a new client has connected for the first time, or could not. */
const started = (client: Client): { readonly isOver: boolean; readonly end: Effect.Effect<void> } => {
  const first = { isOver: !["connecting", "connect"].includes(client.status) }
  const end = new Promise<void>((resolve) => {
    for (const event of ["ready", "close"]) {
      client.once(event, () => {
        first.isOver = true
        resolve()
      })
    }
  })
  return Object.assign(first, { end: Effect.promise(() => end) })
}

export const make = (client: Client, subscriber: Client, prefix: string, trouble: () => unknown): Service => {
  const channel = `${prefix}news`
  const start = started(client)
  let abandoned = 0
  const run = (one: Script, key: string, args: ReadonlyArray<string>): Effect.Effect<unknown, FleetStoreFailed> =>
    start.isOver ? sent(one, key, args) : Effect.zipRight(start.end, sent(one, key, args))
  const sent = (one: Script, key: string, args: ReadonlyArray<string>): Effect.Effect<unknown, FleetStoreFailed> =>
    Effect.suspend(() => {
      if (abandoned >= maxAbandoned) return Effect.fail(failure("slow", false, "it has left too much unanswered"))
      return Effect.async<unknown, FleetStoreFailed>((resume) => {
        let isWaiting = true
        const ended = (answer: Effect.Effect<unknown, FleetStoreFailed>) => {
          if (isWaiting) resume(answer)
          else abandoned--
          isWaiting = false
        }
        client
          .evalsha(one.sha, 1, `${prefix}${key}`, ...args)
          .catch((error: unknown) =>
            messageOf(error).startsWith("NOSCRIPT")
              ? client.eval(one.lua, 1, `${prefix}${key}`, ...args)
              : Promise.reject(error)
          )
          .then(
            (answer: unknown) => ended(Effect.succeed(answer)),
            (error: unknown) => ended(Effect.fail(failed(error, trouble())))
          )
        return Effect.sync(() => {
          if (isWaiting) abandoned++
          isWaiting = false
        })
      })
    })
  return {
    read: (key) => Effect.flatMap(run(readScript, key, []), (answer) => readSeen(answer)),
    swap: ({ expected, isNews, key, text, ttlMillis }: Swap) =>
      Effect.flatMap(
        run(swapScript, key, [
          expected === undefined ? "0" : "1",
          expected ?? "",
          text,
          String(Math.min(maxTtlMillis, Math.max(1, Math.round(ttlMillis)))),
          isNews ? channel : "",
          key
        ]),
        (answer) =>
          Effect.map(readSeen(answer), (seen): Swapped => ({
            ...seen,
            isSwapped: Array.isArray(answer) && Number(answer[3]) === 1
          }))
      ),
    news: Stream.asyncPush<News, FleetStoreFailed>(
      (emit) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const told = (from: string, message: string) => {
              const end = message.indexOf("\n")
              if (from === channel && end >= 0)
                emit.single({ text: message.slice(0, end), key: message.slice(end + 1) })
            }
            subscriber.on("message", told)
            // Nobody waits for it: the client subscribes whenever there is a connection.
            subscriber.subscribe(channel).catch((error: unknown) => emit.fail(failed(error)))
            return told
          }),
          (told) =>
            Effect.sync(() => {
              subscriber.off("message", told)
              subscriber.unsubscribe(channel).catch(() => undefined)
            })
        ),
      { bufferSize: 1_024, strategy: "sliding" }
    )
  }
}

const readSeen = (answer: unknown): Effect.Effect<Seen, FleetStoreFailed> => {
  if (Array.isArray(answer)) {
    const [seconds, micros, text]: ReadonlyArray<unknown> = answer
    const now = Number(seconds) * 1_000 + Number(micros) / 1_000
    if (Number.isFinite(now) && (typeof text === "string" || text === null || text === undefined)) {
      return Effect.succeed({ now, text: text ?? undefined })
    }
  }
  return Effect.fail(failure("garbage", true, "its answer is not that of the script"))
}

/** What a client says of a command that it did not send, and of one whose connection was lost. */
const unsent = /^(Stream isn't writeable|Cluster isn't ready)/
const lost = /^Reached the max retries per request/

/** The first word of an answer, or of what a client says without having sent anything. */
const reasons: ReadonlyArray<readonly [RegExp, Reason, boolean]> = [
  [/\b(READONLY|NOREPLICAS|MISCONF)\b/, "read-only", false],
  [/\bOOM\b/, "out of memory", false],
  [/\b(NOPERM|NOAUTH|WRONGPASS)\b|ERR AUTH|can't (run|access)|no permissions/i, "denied", false],
  [/\b(LOADING|MASTERDOWN|CLUSTERDOWN|BUSY|TRYAGAIN|MOVED)\b/, "down", false],
  [/^(ERR|WRONGTYPE|NOSCRIPT)\b/, "garbage", false],
  [/^Protocol error|^Protocol Error/i, "garbage", true]
]

const reasonOf = (message: string): readonly [Reason, boolean] => {
  for (const [pattern, reason, isInDoubt] of reasons) if (pattern.test(message)) return [reason, isInDoubt]
  return ["down", true]
}

const failed = (error: unknown, trouble?: unknown): FleetStoreFailed => {
  const message = messageOf(error)
  if (unsent.test(message)) {
    if (trouble === undefined) return failure("down", false, "there is no connection")
    const cause = messageOf(trouble)
    return failure(reasonOf(cause)[0], false, cause)
  }
  if (lost.test(message)) return failure("down", true, "the connection was lost before it answered")
  const [reason, isInDoubt] = reasonOf(message)
  const isElsewhere = message.startsWith("MOVED")
  return failure(
    reason,
    isInDoubt,
    isElsewhere ? `it is a node of a cluster, give a Cluster as client: ${message}` : message
  )
}

const failure = (reason: Reason, isInDoubt: boolean, detail: string) =>
  new FleetStoreFailed({ reason, isInDoubt, detail })

const messageOf = (error: unknown): string => {
  // Of a name with several addresses.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join(", ")
  return error instanceof Error ? error.message : String(error)
}
