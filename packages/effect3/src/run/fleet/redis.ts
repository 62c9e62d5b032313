import { InvalidOption } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { FleetStoreFailed, News, Seen, Service, Swap, Swapped } from "../../FleetStore.ts"
import { type Script, script } from "../../platform/Redis.ts"
import { type Connection, failure } from "./connection.ts"

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

/** Redis takes no more: as good as for ever. */
const maxTtlMillis = Number.MAX_SAFE_INTEGER

/** What nobody waits for any more may still be on its way: with more of it than this nothing else is sent. */
const maxAbandoned = 64

/** Throws `InvalidOption` where there is none. */
export const prefixed = (prefix: string | undefined = "truce:"): string => {
  if (typeof prefix === "string" && prefix !== "") return prefix
  throw new InvalidOption.InvalidOption("Redis", "prefix", "a text that is not empty", prefix)
}

export const make = ({ messages, send }: Connection<Script>, prefix: string): Service => {
  const channel = `${prefix}news`
  let abandoned = 0
  const sent = (one: Script, key: string, args: ReadonlyArray<string>): Effect.Effect<unknown, FleetStoreFailed> =>
    Effect.suspend(() => {
      if (abandoned >= maxAbandoned) return Effect.fail(failure("slow", false, "it has left too much unanswered"))
      return Effect.flatMap(send(one, `${prefix}${key}`, args), (answered) =>
        Effect.async<unknown, FleetStoreFailed>((resume) => {
          let isWaiting = true
          answered((answer) => {
            if (isWaiting) resume(answer)
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
    read: (key) => Effect.flatMap(sent(readScript, key, []), readSeen),
    swap: ({ expected, isNews, key, text, ttlMillis }: Swap) =>
      Effect.flatMap(
        sent(swapScript, key, [
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
    news: messages(channel).pipe(
      Stream.filter((message) => message.includes("\n")),
      Stream.map((message): News => {
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
