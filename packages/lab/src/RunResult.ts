/** What a run found: plain data, the same bytes for the same seed. */
import type { Outcome } from "@truce/core"
import type { Reason, Status } from "./Design.ts"

/** What happened to the calls that began in a window, and to the attempts that were sent in it. */
export interface Counts {
  readonly calls: number
  /** Calls that ended well. */
  readonly ok: number
  /** Calls that ended badly, the rejected ones included. */
  readonly failed: number
  /** Calls refused before their first attempt. */
  readonly rejected: number
  /** Requests for admission: `attempts` were admitted, `refusals` not. */
  readonly asked: number
  readonly attempts: number
  readonly refusals: number
  /** Attempts by their outcome; one still on its way when the run ended is in none. */
  readonly attemptsOk: number
  readonly attemptsFailed: number
}

/** One point of the time series. */
export interface Bucket {
  readonly atMillis: number
  /** Calls that began, and of these those that ended well. */
  readonly offered: number
  readonly ok: number
  /** Attempts that reached the service. */
  readonly absorbed: number
  readonly failed: number
  /** Of the first process and partition, at the end of the bucket. */
  readonly status: Status
  /** The lowest in the bucket. */
  readonly score: number
}

export type Event = { readonly at: number; readonly process: number; readonly partition: number } & (
  | { readonly _tag: "Called"; readonly call: number }
  | { readonly _tag: "Admitted"; readonly call: number; readonly attempt: number; readonly status: Status }
  | { readonly _tag: "Rejected"; readonly call: number; readonly attempt: number; readonly status: Status }
  | {
      readonly _tag: "Settled"
      readonly call: number
      readonly attempt: number
      readonly outcome: Exclude<Outcome.Outcome["_tag"], "Ignored">
      readonly slow: boolean
      readonly score: number
    }
  | { readonly _tag: "Waiting"; readonly call: number; readonly delayMillis: number }
  | { readonly _tag: "Ended"; readonly call: number; readonly attempts: number; readonly result: "ok" | Reason }
  | { readonly _tag: "Transitioned"; readonly from: Status; readonly to: Status; readonly score: number }
)

export interface RunResult {
  readonly scenario: string
  readonly design: string
  readonly seed: number
  readonly durationMillis: number
  readonly total: Counts
  readonly before: Counts
  readonly during: Counts
  readonly after: Counts
  /** Share of the calls of the window that ended well, in [0, 1]; `null` without calls. */
  readonly availability: number | null
  readonly availabilityAfter: number | null
  /** Of the first second of the window. */
  readonly availabilityFirstSecond: number | null
  /** Attempts that reached the service from the start of the window to the first opening; `null` if it never opened. */
  readonly absorbed: number | null
  /** From the start of the window to the first opening. */
  readonly detectMillis: number | null
  /** Attempts sent in the window that failed. */
  readonly wasted: number
  /** Attempts by calls, in the window. */
  readonly load: number | null
  /** From the end of the window to the first whole second in which 9 of 10 calls end well; `null` for never. */
  readonly recoveryMillis: number | null
  /** Openings of all circuits in the run. */
  readonly opens: number
  /** Most attempts on their way at once in HalfOpen, in one circuit. */
  readonly peakProbes: number
  /** Attempts sent in HalfOpen in the window, by all processes. */
  readonly probes: number
  /** The availability of the processes that no fault of the world is alone in; `null` where no fault is of one process alone. */
  readonly availabilityElsewhere: number | null
  readonly bucketMillis: number
  readonly buckets: ReadonlyArray<Bucket>
  readonly trace?: ReadonlyArray<Event>
}
