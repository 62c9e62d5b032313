/**
 * A design: what stands between the callers of one process and a dependency.
 *
 * A design decides three things and nothing else: whether an attempt may go, whether and when a failed one is repeated, and what it
 * learns from an outcome. The engine owns time, the world and the counting.
 */
import type { Call as Retried, CallPolicy, Outcome } from "@truce/core"

/** What a caller meets. */
export type Status = "Closed" | "Open" | "HalfOpen"

/** What a design is given when a process starts. */
export interface Context {
  /** Its number, from 0. */
  readonly process: number
  /** The same reference for all processes of one run that guard the same partition: what they share is kept by it. */
  readonly fleet: object
  /** A whole number of its own for each process and partition. */
  readonly seed: number
  /** Attempts, backoff and deadline of the scenario: the same for every design. */
  readonly retry: CallPolicy.CallPolicy
  /** A uniform draw in [0, 1): the same for the same attempt of the same call under every design. */
  readonly random: () => number
}

/** The state of one design in one process, for one partition if the circuits are separate. */
export interface Protection {
  readonly status: (now: number) => Status
  /** In [0, 1]; 1 where a design keeps no score. */
  readonly score: (now: number) => number
  /** How often it has opened. */
  readonly opens: () => number
  /**
   * Whether a call that waits for its retry may as well end now. Asked when a wait begins and again at each opening; left out where a
   * design lets calls wait and asks when they are due.
   */
  readonly isPointless?: (now: number) => boolean
  /** A call begins; nothing has been asked or sent yet. */
  readonly begin: (now: number) => Call
}

/** One call: up to `attempts` attempts, one after another. */
export interface Call {
  /** May the next attempt go? Asked before each, the first included. */
  readonly admit: (now: number) => boolean
  /** The next attempt was not admitted. */
  readonly rejected: (now: number) => Next
  /** The admitted attempt, sent at `sentAt`, has ended. */
  readonly settle: (outcome: Outcome.Outcome, now: number, sentAt: number) => Next
  /** The caller has hung up on the admitted attempt, and the call is over. Left out where a design hears nothing of that. */
  readonly hungUp?: (now: number, sentAt: number) => void
}

/** What a call does next. */
export type Next = Done | RetryAfter | GiveUp

/** It succeeded. */
export interface Done {
  readonly _tag: "Done"
}

/** It asks for admission again after a delay. */
export interface RetryAfter {
  readonly _tag: "RetryAfter"
  readonly delayMillis: number
}

/** It failed. */
export interface GiveUp {
  readonly _tag: "GiveUp"
  readonly reason: Reason
}

/** Why a call failed; `aborted` is the original class's `should_abort`, `hung-up` the caller's own doing. */
export type Reason = Retried.Reason | "aborted" | "throttled" | "hung-up"

/** Where a design comes from. */
export type Group = "seed" | "field" | "truce"

export interface Design {
  /** For the command line and for files: lower case with dashes. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly group: Group
  readonly make: (context: Context) => Protection
}

export const done: Done = { _tag: "Done" }

export const retryAfter = (delayMillis: number): RetryAfter => ({ _tag: "RetryAfter", delayMillis })

const reasons: { readonly [R in Reason]: GiveUp } = {
  attempts: { _tag: "GiveUp", reason: "attempts" },
  deadline: { _tag: "GiveUp", reason: "deadline" },
  budget: { _tag: "GiveUp", reason: "budget" },
  "circuit-open": { _tag: "GiveUp", reason: "circuit-open" },
  "not-repeatable": { _tag: "GiveUp", reason: "not-repeatable" },
  aborted: { _tag: "GiveUp", reason: "aborted" },
  throttled: { _tag: "GiveUp", reason: "throttled" },
  "hung-up": { _tag: "GiveUp", reason: "hung-up" }
}

export const giveUp = (reason: Reason): GiveUp => reasons[reason]
