import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import * as Stream from "effect/Stream"
import {
  FleetStoreFailed,
  type News,
  type Reason,
  type Seen,
  type Service,
  type Swap,
  type Swapped
} from "../FleetStore.ts"

export type Client = Redis.Redis["Service"]

/** What is under the key though it is no text is garbage, which is what no text is too. */
const look = `
local time = redis.call('TIME')
local found = redis.pcall('GET', KEYS[1])
if type(found) == 'table' then
  if string.find(found.err, 'WRONGTYPE') == nil then return found end
  found = ''
end
`
const readScript = Redis.script((key: string) => [key], {
  numberOfKeys: 1,
  lua: `${look}return {time[1], time[2], found}`
}).withReturnType<unknown>()

/** ARGV: whether something is expected, what, the text, its time to live in ms, the channel for news or nothing, the name of the key. */
const swapScript = Redis.script(
  (
    key: string,
    isExpected: "0" | "1",
    expected: string,
    text: string,
    ttlMillis: number,
    channel: string,
    name: string
  ) => [key, isExpected, expected, text, ttlMillis, channel, name],
  {
    numberOfKeys: 1,
    lua: `${look}if (ARGV[1] == '1') ~= (found ~= false) or (found and found ~= ARGV[2]) then return {time[1], time[2], found, 0} end
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[5], ARGV[3] .. '\\n' .. ARGV[6]) end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return {time[1], time[2], ARGV[3], 1}`
  }
).withReturnType<unknown>()

/** Redis takes no more: as good as for ever. */
const maxTtlMillis = Number.MAX_SAFE_INTEGER

/** What nobody waits for any more may still be on its way: with more of it than this nothing else is sent. */
const maxAbandoned = 64

export const make = (redis: Client, prefix: string): Service => {
  const channel = `${prefix}news`
  const read = redis.eval(readScript)
  const swap = redis.eval(swapScript)
  let abandoned = 0
  /** A client cannot take back what it was given: it goes on when nobody waits for it, and is counted. */
  const sent = (command: Effect.Effect<unknown, Redis.RedisError>): Effect.Effect<unknown, FleetStoreFailed> =>
    Effect.suspend(() => {
      if (abandoned >= maxAbandoned) return Effect.fail(failure("slow", false, "it has left too much unanswered"))
      return Effect.flatMap(Effect.forkDetach(Effect.mapError(command, failed), { startImmediately: true }), (fiber) =>
        Effect.callback<unknown, FleetStoreFailed>((resume) => {
          let isWaiting = true
          fiber.addObserver((exit) => {
            if (isWaiting) resume(exit)
            else abandoned--
            isWaiting = false
          })
          return Effect.sync(() => {
            if (isWaiting) abandoned++
            isWaiting = false
          })
        })
      )
    })
  return {
    read: (key) => Effect.flatMap(sent(read(`${prefix}${key}`)), readSeen),
    swap: ({ expected, isNews, key, text, ttlMillis }: Swap) => {
      const isExpected = expected === undefined ? "0" : "1"
      const ttl = Math.min(maxTtlMillis, Math.max(1, Math.round(ttlMillis)))
      return Effect.flatMap(
        sent(swap(`${prefix}${key}`, isExpected, expected ?? "", text, ttl, isNews ? channel : "", key)),
        (answer) =>
          Effect.map(readSeen(answer), (seen): Swapped => ({
            ...seen,
            isSwapped: Array.isArray(answer) && Number(answer[3]) === 1
          }))
      )
    },
    news: Stream.unwrap(Effect.map(redis.subscribe(channel), (queue) => Stream.fromQueue(queue))).pipe(
      Stream.mapError(failed),
      Stream.map(({ message }): News => {
        const end = message.indexOf("\n")
        return { text: message.slice(0, end), key: message.slice(end + 1) }
      })
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

/** The first word of an answer, or of what a client says without having sent anything. */
const reasons: ReadonlyArray<readonly [RegExp, Reason, boolean]> = [
  [/\b(READONLY|NOREPLICAS|MISCONF)\b/, "read-only", false],
  [/\bOOM\b/, "out of memory", false],
  [/\b(NOPERM|NOAUTH|WRONGPASS)\b|ERR AUTH|can't (run|access)|no permissions/i, "denied", false],
  [/\b(LOADING|MASTERDOWN|CLUSTERDOWN|BUSY|TRYAGAIN|MOVED)\b/, "down", false],
  [/^The client is (offline|closed)/, "down", false],
  [/^(ERR|WRONGTYPE|NOSCRIPT)\b/, "garbage", false],
  [/^Protocol error/i, "garbage", true]
]

const failed = ({ cause }: Redis.RedisError): FleetStoreFailed => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const detail = message.startsWith("MOVED") ? `it is a node of a cluster, give a client for one: ${message}` : message
  for (const [pattern, reason, isInDoubt] of reasons)
    if (pattern.test(message)) return failure(reason, isInDoubt, detail)
  return failure("down", true, message)
}

const failure = (reason: Reason, isInDoubt: boolean, detail: string) =>
  new FleetStoreFailed({ reason, isInDoubt, detail })
