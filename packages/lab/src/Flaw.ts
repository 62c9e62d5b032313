/** A flaw of a seed design as something that can be run: a small scenario, and what to look for in its trace. */
import type { Design } from "./Design.ts"
import type { Event, RunResult } from "./RunResult.ts"
import type { Scenario } from "./Scenario.ts"

/** Whether the flaw happened in a run, and the sentence that says so with its figures. */
export interface Finding {
  readonly happens: boolean
  readonly text: string
}

export interface Flaw {
  /** For the command line and for files: lower case with dashes. */
  readonly name: string
  readonly title: string
  /** What the seeds say, in our words. */
  readonly claim: string
  /** Why Truce does not do it. */
  readonly truce: string
  readonly design: Design
  readonly scenario: Scenario
  readonly seed: number
  /** Looks into the trace of a run of `scenario`, under any design. */
  readonly find: (result: RunResult) => Finding
}

/** Events that a trace of a flaw may have; enough for every scenario here. */
export const traceLimit = 20_000

export const events = <Tag extends Event["_tag"]>(
  result: RunResult,
  tag: Tag
): ReadonlyArray<Extract<Event, { readonly _tag: Tag }>> =>
  (result.trace ?? []).filter((event): event is Extract<Event, { readonly _tag: Tag }> => event._tag === tag)

/** When it first opened; Infinity if it never did. */
export const openedAt = (result: RunResult): number =>
  events(result, "Transitioned").find(({ to }) => to === "Open")?.at ?? Infinity
