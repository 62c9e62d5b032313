/** Steps that many scenarios take. */
import type { Policy } from "../Policy.ts"
import type { Step } from "../Scenario.ts"
import { fixed } from "./vectors.ts"

export const steady: Policy = { model: fixed, circuit: { openJitter: 0 } }

export const trip = (key = "a"): Step => ({
  do: "letters",
  key,
  letters: "FFFFF",
  see: { [key]: { status: "Open" } }
})

export const begin = (
  attempt: string,
  told?: Step["told"],
  keys: readonly [string, ...Array<string>] = ["a"]
): Step => ({
  do: "begin",
  attempt,
  keys,
  ...(told === undefined ? {} : { told })
})

/** An attempt inside another one. */
export const inside = (
  outer: string,
  attempt: string,
  told?: Step["told"],
  keys: readonly [string, ...Array<string>] = ["a"]
): Step => ({
  do: "begin",
  attempt,
  keys,
  inside: outer,
  ...(told === undefined ? {} : { told })
})

/** An attempt whose time is of interest. */
export const timed = (attempt: string, key = "a"): Step => ({ do: "begin", attempt, keys: [key], timed: true })

export const end = (attempt: string, ends: Extract<Step, { do: "end" }>["ends"], see?: Step["see"]): Step => ({
  do: "end",
  attempt,
  ends,
  ...(see === undefined ? {} : { see })
})

export const wait = (millis: number, see?: Step["see"]): Step => ({
  do: "advance",
  millis,
  ...(see === undefined ? {} : { see })
})

export const control = (
  key: string,
  to: Extract<Step, { do: "control" }>["to"],
  reason = "by hand",
  see?: Step["see"]
): Step => ({ do: "control", key, to, reason, ...(see === undefined ? {} : { see }) })
