import type { Circuit, CircuitSnapshot, Describe, EventLog, HealthModel, Outcome, Waiters } from "@truce/core"
import type * as Effect from "effect/Effect"
import type * as STM from "effect/STM"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import type { Change, Transition } from "../../Events.ts"
import type { Transaction } from "../../platform/Ref.ts"

/** Where an entry tells what happened to it. */
export interface Listener {
  readonly log: EventLog.EventLog
  /** Whether its layer is being closed. */
  readonly isClosing: boolean
  readonly transition: (transition: Transition) => void
  /** Whether anybody watches scores: a change is not built for nobody. */
  readonly isWatched: () => boolean
  readonly change: (change: Change) => void
  /** A transaction of the user's may change the entry. */
  readonly touch: (entry: Entry, transaction: Transaction) => void
}

/** A decision in two halves, so that several can be taken before any is written. */
export interface Proposal {
  readonly decision: Circuit.Decision
  /** Of a rejection: the failure that opened the circuit. */
  readonly openedBy: string | undefined
  readonly write: STM.STM<void>
}

/** One key: its circuit, and who waits for it to change. */
export interface Entry {
  readonly key: string
  /** When it was last of use, in whole seconds. */
  readonly usedAt: number
  readonly status: Circuit.Status
  readonly isRejecting: boolean
  /** Where to tell what happens, if anybody listens. */
  readonly log: EventLog.EventLog | undefined
  /** Tells of what was committed and not told of yet, as by a transaction of the user's. */
  readonly announce: () => void
  /** The permit of an attempt that needs no decision: Closed or Disabled. */
  readonly passing: () => Circuit.Permit | undefined
  /** The decision, where it needs no write: a rejection. */
  readonly peek: (now: number) => Circuit.Decision | undefined
  readonly admit: (now: number) => Effect.Effect<Circuit.Decision>
  /** Whether a permit is a probe's, and held. */
  readonly holds: (permit: Circuit.Permit, now: number) => Effect.Effect<boolean>
  /** What an attempt says that was interrupted. */
  readonly interrupted: (
    startedAt: number | undefined,
    now: number,
    abandonedAfterMillis: number | undefined
  ) => Outcome.Outcome
  /** Whether the layer it belongs to is being closed. */
  readonly isClosing: boolean
  /** The error of a rejection. */
  readonly refuse: (rejected: Circuit.Rejected, now: number) => CircuitOpen
  /** For composing. */
  readonly proposeTx: (now: number) => STM.STM<Proposal>
  /** Settles; `undefined` when done at once because the judgement stays the same, else the transaction. */
  readonly settle: (settled: Circuit.Settled, now: number) => Effect.Effect<void> | undefined
  /** For composing. */
  readonly settleTx: (settled: Circuit.Settled, now: number) => STM.STM<void>
  readonly record: (outcome: Outcome.Outcome, now: number) => Effect.Effect<void>
  readonly control: (command: Command, now: number) => Effect.Effect<void>
  readonly view: (now: number) => Circuit.View
  /** The same, in the transaction of the user's if there is one. */
  readonly viewTx: (now: number) => Effect.Effect<Circuit.View>
  /** What is known of it beside the circuit. */
  readonly behind: Describe.Behind
  /** Remembers what an attempt ended by: of one that opened the circuit, or was a probe of it. */
  readonly blame: (permit: Circuit.Permit, what: Blame) => void
  readonly snapshotTx: (now: number) => Effect.Effect<CircuitSnapshot.Snapshot>
  readonly isIdle: () => boolean
  /** Whether its open time ended before that, and nobody asked since. */
  readonly isSpent: (before: number) => boolean
  /** Calls back once, at the next transition; returns how to stop waiting. */
  readonly onChange: (callback: () => void) => () => void
  /** The same, and also when a permit is free and its turn has come. */
  readonly onTurn: (ticket: Waiters.Ticket, callback: () => void) => () => void
  /** Whether a permit is free that nobody has been called for; it is this one's turn then. */
  readonly claim: (ticket: Waiters.Ticket, now: number) => boolean
  /** Calls everybody back who waits. */
  readonly wake: () => void
  /** Calls back who has waited longest for a permit, if one is free that nobody has been called for. */
  readonly wakeNext: (now: number) => void
}

/** How an attempt ended, in few words where it is asked for. */
export interface Blame {
  readonly outcome: Outcome.Outcome
  readonly error: () => string | undefined
}

/** The circuit of an entry, whichever model judges it. */
export type Known = Circuit.Circuit<HealthModel.Opaque>

export interface Command {
  readonly _tag: "isolate" | "disable" | "observe" | "reset"
  readonly reason: string
}
