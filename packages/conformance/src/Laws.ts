/** The laws of the design as property tests: each is named by its sentence, and runs random histories on one implementation. */
import fc from "fast-check"
import { Disagreement } from "./Difference.ts"
import { histories, policies } from "./histories.ts"
import { type Policy, rulesOf } from "./Policy.ts"
import type { Plan, Subject } from "./Subject.ts"
import { perform } from "./Trace.ts"
import { type TraceLaw, attemptLaws } from "./laws/attempts.ts"
import { type CallLaw, callLaws } from "./laws/calls.ts"
import { census, needed } from "./laws/census.ts"
import { lone, plans } from "./laws/plans.ts"
import { type Histories, type SessionLaw, sessionLaws } from "./laws/sessions.ts"

/** How many random runs a law gets; `seed` makes them the same each time. */
export interface Runs {
  readonly seed: number
  readonly histories: number
  /** Of the law that compares with the core attempt by attempt. */
  readonly alike: number
  /** Of the laws that run each history several times. */
  readonly pairs: number
  readonly plans: number
}

export interface Law {
  /** The law's sentence, and what it was tried on. */
  readonly name: string
  readonly check: () => Promise<void>
}

/** All laws, attempt by attempt and call by call. */
export const laws = (subject: Subject, runs: Runs): ReadonlyArray<Law> => [
  ...ofSessions(subject, runs),
  ...ofCalls(subject, runs)
]

const ofSessions = (subject: Subject, runs: Runs): ReadonlyArray<Law> => {
  // Laws of any model see the same histories: each is run once.
  const traced = ([policy, commands]: readonly [Policy, Histories]) =>
    subject.session(policy, (session) => perform(session, commands))
  const traces = remembered(traced)
  const named = ({ name }: TraceLaw | SessionLaw) => `${name} (attempt by attempt)`
  const steps = attemptLaws.map((law): Law => ({
    name: named(law),
    check: () =>
      fc.assert(
        fc.asyncProperty(
          law.only === undefined ? policies() : policies([{ type: law.only }]),
          histories,
          async (policy, commands) => {
            const trace = await (law.only === undefined ? traces : traced)([policy, commands])
            law.holds(trace, rulesOf(policy)(""), policy)
          }
        ),
        { numRuns: runs.histories, seed: runs.seed }
      )
  }))
  const pairs = sessionLaws.map((law): Law => ({
    name: named(law),
    check: () =>
      fc.assert(
        fc.asyncProperty(policies(), histories, async (policy, commands) => {
          await law.holds(subject, policy, commands, await traces([policy, commands]))
        }),
        { numRuns: runs[law.runs], seed: runs.seed }
      )
  }))
  const reach: Law = {
    name: "the histories come through every state, mode and edge",
    check: async () => {
      const seen = new Map<string, number>()
      const all = fc.sample(fc.tuple(policies(), histories), { numRuns: runs.histories, seed: runs.seed })
      for (const [policy, commands] of all) {
        for (const [what, count] of census(await traces([policy, commands]))) {
          seen.set(what, (seen.get(what) ?? 0) + count)
        }
      }
      reached(needed(runs.histories), seen)
    }
  }
  return [...steps, ...pairs, reach]
}

const ofCalls = (subject: Subject, runs: Runs): ReadonlyArray<Law> => {
  const seen = remembered((plan: Plan) => subject.calls(plan))
  const of = (kind: CallLaw["of"]) => (kind === "lone" ? lone : plans(subject, kind))
  const all = callLaws.map((law): Law => ({
    name: `${law.name} (${law.of === "together" ? "calls together" : "call by call"})`,
    check: () =>
      fc.assert(
        fc.asyncProperty(of(law.of), async (plan) => {
          fc.pre(isPossible(plan))
          law.holds(plan, await seen(plan), subject)
        }),
        { numRuns: runs.plans, seed: runs.seed }
      )
  }))
  const reach: Law = {
    name: "the calls come through every edge and result",
    check: async () => {
      const found = new Map<string, number>()
      const note = (what: string) => found.set(what, (found.get(what) ?? 0) + 1)
      for (const plan of fc.sample(plans(subject), { numRuns: runs.plans, seed: runs.seed })) {
        const { calls, transitions } = await seen(plan)
        for (const { from, to } of transitions) note(`${from} -> ${to}`)
        for (const { result } of calls) note(result)
      }
      reached(["Closed -> Open", "HalfOpen -> Open", "HalfOpen -> Closed", ...results], found)
    }
  }
  return [...all, reach]
}

const results = ["success", "CircuitOpen", "attempts", "budget", "circuit-open"]

const reached = (wanted: ReadonlyArray<string>, seen: ReadonlyMap<string, number>): void => {
  const missing = wanted.filter((what) => !seen.has(what))
  if (missing.length > 0) throw new Disagreement(`never: ${missing.join(", ")}`)
}

/** A ledger that one call could trip by itself cannot be built. */
const isPossible = ({ policy }: Plan): boolean => {
  try {
    rulesOf(policy)
    return true
  } catch {
    return false
  }
}

const remembered = <A, B>(run: (input: A) => Promise<B>): ((input: A) => Promise<B>) => {
  const known = new Map<string, Promise<B>>()
  return (input) => {
    const name = JSON.stringify(input)
    const found = known.get(name) ?? run(input)
    known.set(name, found)
    return found
  }
}
