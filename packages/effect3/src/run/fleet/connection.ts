import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { FleetStoreFailed, type Reason } from "../../FleetStore.ts"

/** What the store needs of a client of Redis. */
export interface Connection<Script> {
  /** Sends a script for one key. The client cannot take it back: what is answered is there whoever waits. */
  readonly send: (script: Script, key: string, args: ReadonlyArray<string>) => Effect.Effect<Answered>
  /** What is published in a channel, while it is read. */
  readonly messages: (channel: string) => Stream.Stream<string, FleetStoreFailed>
}

/** Calls back once with what was answered. */
export type Answered = (done: (answer: Effect.Effect<unknown, FleetStoreFailed>) => void) => void

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

/** What an error says, and whether what was asked may have been done all the same. */
export const reasonOf = (message: string): readonly [reason: Reason, isInDoubt: boolean] => {
  for (const [pattern, reason, isInDoubt] of reasons) if (pattern.test(message)) return [reason, isInDoubt]
  return ["down", true]
}

/** The error of a command; `advice` is for one that went to a node of a cluster. */
export const refused = (message: string, advice: string): FleetStoreFailed => {
  const isElsewhere = message.startsWith("MOVED")
  return failure(...reasonOf(message), isElsewhere ? `it is a node of a cluster, ${advice}: ${message}` : message)
}

export const failure = (reason: Reason, isInDoubt: boolean, detail: string): FleetStoreFailed =>
  new FleetStoreFailed({ reason, isInDoubt, detail })
