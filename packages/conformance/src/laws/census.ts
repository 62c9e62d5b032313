/** What histories come through. */
import { type Key, keys } from "../histories.ts"
import { type Step, type Trace, evidenceOf, isHeard } from "../Trace.ts"

/** How often the histories came through what the laws speak of: a law over nothing shows nothing. */
export const census = (trace: Trace): ReadonlyMap<string, number> => {
  const seen = new Map<string, number>()
  const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  for (const { from, to } of trace.transitions) note(`${from} -> ${to}`)
  for (const step of trace.steps) for (const key of keys) met(step, key, note)
  return seen
}

const met = (step: Step, key: Key, note: (what: string) => void): void => {
  const { before, command, told } = step
  if (command.do === "begin" && told?._tag === "Rejected") note(`rejected ${told.state}`)
  if (command.do === "begin" && command.keys.length > 1) note(`several keys ${told?._tag}`)
  const permit = step.attempt?.permits[key]
  if (command.do !== "end" || permit === undefined) return
  if (permit.generation !== before[key].view.generation) note("stale settle")
  else if (!isHeard(step, key)) note("late settle")
  if (evidenceOf(step, key)._tag === "Success" && isHeard(step, key)) note("success heard")
}

const common: ReadonlyArray<string> = [
  "Closed -> Open",
  "Open -> HalfOpen",
  "HalfOpen -> Open",
  "HalfOpen -> Closed",
  "stale settle",
  "success heard"
]

const rare: ReadonlyArray<string> = [
  "rejected Open",
  "rejected HalfOpen",
  "rejected Isolated",
  "several keys Admitted",
  "several keys Rejected",
  "late settle"
]

/** What so many histories have to come through; few need not come through everything. */
export const needed = (histories: number): ReadonlyArray<string> => (histories < 100 ? common : [...common, ...rare])
