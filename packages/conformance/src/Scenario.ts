/** Scenarios as plain data: what is done, attempt by attempt or call by call, and what must then be seen. */
import { type Circuit, Outcome } from "@truce/core"
import { agree, differences, hold } from "./Difference.ts"
import type { CircuitOptions, Policy } from "./Policy.ts"
import {
  type CallSeen,
  type Control,
  type End,
  type Fault,
  type Plan,
  type Rejected,
  type Seen,
  type Session,
  type Subject,
  type Transition,
  featuresOf
} from "./Subject.ts"

type Input =
  | {
      readonly do: "begin"
      readonly attempt: string
      readonly keys: Keys
      readonly call?: string
      readonly byHand?: boolean
      readonly timed?: boolean
      readonly inside?: string
    }
  | { readonly do: "end"; readonly attempt: string; readonly ends: End }
  /** Attempts that begin and end at one instant, by the letters of `outcomes`; an `h` or a `q` is of the call of the F before it. */
  | { readonly do: "letters"; readonly key: string; readonly letters: string; readonly scores?: Scores }
  | { readonly do: "advance"; readonly millis: number }
  | { readonly do: "wall"; readonly millis: number }
  | { readonly do: "record"; readonly key: string; readonly outcome: Outcome.Outcome }
  | { readonly do: "control"; readonly key: string; readonly to: Control; readonly reason: string }
  /** The snapshot is restored by another process, whose clock begins anew, `elapsedMillis` after it was taken. */
  | { readonly do: "restart"; readonly elapsedMillis: number }
  | { readonly do: "restore"; readonly circuits: unknown; readonly elapsedMillis: number }
  | { readonly do: "register"; readonly key: string; readonly options: CircuitOptions }
  | { readonly do: "reload"; readonly policy: Policy }

type Keys = readonly [string, ...ReadonlyArray<string>]

/** The score after each letter; an opening has none and ends the row. */
type Scores = ReadonlyArray<number | "OPEN">

interface After {
  readonly told?: "Admitted" | Partial<Rejected>
  readonly fault?: "none" | Partial<Fault>
  readonly see?: { readonly [key: string]: Partial<Circuit.View> }
  /** The keys that have a circuit, in the order of the alphabet: to look at a key gives it none. */
  readonly kept?: ReadonlyArray<string>
}

export type Step = Input & After

/** A score, a decision, a state after each step, and every transition in the end. */
export interface Steps {
  readonly name: string
  readonly policy: Policy
  readonly steps: ReadonlyArray<Step>
  readonly transitions?: ReadonlyArray<Partial<Transition>>
}

/** Whole calls, and what came of them. */
export interface Calls {
  readonly name: string
  readonly plan: Plan
  readonly calls?: ReadonlyArray<Partial<CallSeen>>
  readonly transitions?: Seen["transitions"] | ReadonlyArray<Partial<Transition>>
  readonly tokens?: { readonly [key: string]: number }
}

/** What the letters of the vectors stand for. */
export const outcomes = {
  F: Outcome.failure(),
  h: Outcome.failure(),
  q: Outcome.failure(),
  S: Outcome.success,
  L: Outcome.slowSuccess,
  T: Outcome.failure({ weight: Outcome.throttleWeight, saturated: true }),
  A: Outcome.answered,
  I: Outcome.ignored
} as const

const isLetter = (text: string): text is keyof typeof outcomes => text in outcomes

/** Plays a scenario on a subject; throws a `Disagreement` at the first step that goes another way. */
export const checkSteps = async (scenario: Steps, subject: Subject): Promise<void> => {
  await subject.session(scenario.policy, (session) => play(scenario, subject, session, 0))
}

const play = async (scenario: Steps, subject: Subject, session: Session, from: number): Promise<void> => {
  for (const [index, step] of scenario.steps.entries()) {
    if (index < from) continue
    const about = `step ${index} (${step.do}) of "${scenario.name}" on ${subject.name}`
    if (step.do === "restart") {
      const stored: unknown = JSON.parse(JSON.stringify(await session.snapshot()))
      await subject.session(scenario.policy, async (next) => {
        agree(about, undefined, await next.restore(stored, step.elapsedMillis))
        await see(about, step, next)
        await play(scenario, subject, next, index + 1)
      })
      return
    }
    await perform(about, step, session)
    await see(about, step, session)
  }
  if (scenario.transitions === undefined) return
  agree(`the transitions of "${scenario.name}" on ${subject.name}`, scenario.transitions, await session.transitions())
}

const see = async (about: string, { kept, see = {} }: After, session: Session): Promise<void> => {
  if (kept !== undefined) agree(`${about}, the keys`, kept, Object.keys(await session.snapshot()).toSorted())
  for (const [key, view] of Object.entries(see)) agree(`${about}, ${key}`, view, await session.view(key))
}

const perform = async (about: string, step: Exclude<Step, { readonly do: "restart" }>, session: Session) => {
  const fault = (found: Fault | undefined) => {
    agree(about, step.fault === undefined || step.fault === "none" ? undefined : step.fault, found)
  }
  switch (step.do) {
    case "begin": {
      const told = await session.begin(step)
      const wanted = step.told === undefined || step.told === "Admitted" ? { _tag: "Admitted" } : step.told
      const { message, ...rest } = { message: undefined, ...wanted }
      agree(about, { _tag: wanted === step.told ? "Rejected" : "Admitted", ...rest }, told)
      // An implementation without words says nothing else wrong.
      if (message !== undefined && "message" in told) agree(about, message, told.message)
      return
    }
    case "end":
      return session.end(step.attempt, step.ends)
    case "letters":
      return letters(about, step, session)
    case "advance":
      return session.advance(step.millis)
    case "wall":
      return session.stepWall(step.millis)
    case "record":
      return session.record(step.key, step.outcome)
    case "control":
      return session.control(step.key, step.to, step.reason)
    case "restore":
      return fault(await session.restore(step.circuits, step.elapsedMillis))
    case "register":
      return fault(await session.register(step.key, step.options))
    case "reload":
      return fault(await session.reload(step.policy))
  }
}

let rows = 0

const letters = async (
  about: string,
  { key, letters, scores }: Extract<Step, { readonly do: "letters" }>,
  session: Session
): Promise<void> => {
  const row = ++rows
  const found: Array<number | "OPEN"> = []
  let call = 0
  for (const [index, letter] of Array.from(letters).entries()) {
    if (!isLetter(letter)) throw new Error(`no such letter: ${letter}`)
    const attempt = `letter ${row} ${index}`
    if (letter === "F") call = index
    const isOfCall = letter === "F" || letter === "h" || letter === "q"
    const told = await session.begin({
      attempt,
      keys: [key],
      ...(isOfCall ? { call: `row ${row} call ${call}` } : { byHand: true })
    })
    agree(`${about}, letter ${index}`, { _tag: "Admitted" }, told)
    await session.end(attempt, outcomes[letter])
    const { score, status } = await session.view(key)
    found.push(status === "Open" ? "OPEN" : score)
    if (status === "Open") {
      hold(index === letters.length - 1, `${about}: opened at letter`, index)
      break
    }
  }
  if (scores !== undefined) agree(about, scores, found)
}

/** Whether the subject has all that the scenario asks for. */
export const canRun = ({ plan }: Calls, { lacks }: Subject): boolean =>
  !featuresOf(plan).some((feature) => lacks.includes(feature))

/** Runs calls on a subject; throws a `Disagreement`. What an implementation cannot show is not compared. */
export const checkCalls = async (scenario: Calls, subject: Subject): Promise<void> => {
  const seen = await subject.calls(scenario.plan)
  const about = (what: string) => `the ${what} of "${scenario.name}" on ${subject.name}`
  for (const [index, call] of (scenario.calls ?? []).entries()) {
    const { message, trail, rejected, ...rest } = call
    const found = seen.calls[index]
    agree(about(`call ${index}`), rest, found)
    const shown = Object.entries({ message, trail, rejected }).filter(([, value]) => value !== undefined)
    for (const [field, wanted] of shown) {
      const got: unknown = found === undefined ? undefined : Reflect.get(found, field)
      if (got !== undefined) agree(about(`${field} of call ${index}`), wanted, got)
    }
  }
  if (scenario.transitions !== undefined) agree(about("transitions"), scenario.transitions, seen.transitions)
  if (scenario.tokens !== undefined) agree(about("tokens"), scenario.tokens, seen.tokens)
}

/** Lines that say in what two runs of the same calls differ, as far as both can show it. */
export const callDifferences = (expected: Seen, actual: Seen): ReadonlyArray<string> => {
  const shared = (seen: Seen) => ({
    transitions: seen.transitions,
    calls: seen.calls.map(({ endedAt, rejected, result, sent, trail }, index) => ({
      result,
      endedAt,
      sent,
      ...(expected.calls[index]?.trail && actual.calls[index]?.trail ? { trail } : {}),
      ...(expected.calls[index]?.rejected && actual.calls[index]?.rejected ? { rejected: wordless(rejected) } : {})
    })),
    tokens: seen.tokens,
    traffic: seen.traffic
  })
  return differences(shared(expected), shared(actual), true)
}

const wordless = (rejected: Rejected | undefined) =>
  rejected === undefined ? undefined : { ...rejected, message: undefined }
