/** Everything the client saw, in one log; the screen, the table, the report and the checks are folds of it. */
import { Chunk, Effect, Ref } from "effect"
import type { CallOutcome, Status } from "./Design.ts"
import type { DesignId, RequestId } from "./Protocol.ts"

/** A request that was sent, and how it ended for the client. All times are milliseconds since the run began. */
export interface Attempt extends RequestId {
  readonly _tag: "Attempt"
  readonly from: number
  readonly to: number
  readonly outcome: "Answered" | "ServerError" | "Timeout" | "Unreachable" | "CutShort"
}

/** A call, from its arrival to its result. */
export interface Call {
  readonly _tag: "Call"
  readonly design: DesignId
  readonly call: number
  readonly from: number
  readonly to: number
  readonly outcome: CallOutcome
}

export interface Transition {
  readonly _tag: "Transition"
  readonly design: DesignId
  readonly at: number
  readonly to: Status
}

export interface Score {
  readonly _tag: "Score"
  readonly design: DesignId
  readonly at: number
  readonly score: number
}

export type Entry = Attempt | Call | Transition | Score

/** The part of the log that concerns one design. */
export interface Trace {
  readonly attempts: ReadonlyArray<Attempt>
  readonly calls: ReadonlyArray<Call>
  readonly transitions: ReadonlyArray<Transition>
  readonly scores: ReadonlyArray<Score>
}

export type Traces = Readonly<Record<DesignId, Trace>>

export interface Journal {
  /** Milliseconds since the run began. */
  readonly elapsed: Effect.Effect<number>
  readonly record: (entry: Entry) => Effect.Effect<void>
  readonly traces: Effect.Effect<Traces>
}

export const make = (elapsed: Effect.Effect<number>): Effect.Effect<Journal> =>
  Effect.map(Ref.make(Chunk.empty<Entry>()), (log) => ({
    elapsed,
    record: (entry) => Ref.update(log, Chunk.append(entry)),
    traces: Effect.map(Ref.get(log), (entries) => ({
      fused: trace(entries, "fused"),
      outside: trace(entries, "outside"),
      truce: trace(entries, "truce")
    }))
  }))

const trace = (entries: Chunk.Chunk<Entry>, design: DesignId): Trace => {
  const own = Chunk.toReadonlyArray(entries).filter((entry) => entry.design === design)
  return {
    attempts: own.filter((entry) => entry._tag === "Attempt"),
    calls: own.filter((entry) => entry._tag === "Call"),
    transitions: own.filter((entry) => entry._tag === "Transition"),
    scores: own.filter((entry) => entry._tag === "Score")
  }
}

export const statusAt = (trace: Trace, at: number): Status =>
  trace.transitions.findLast((transition) => transition.at <= at)?.to ?? "Closed"
