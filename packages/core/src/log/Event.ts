/**
 * What happens to attempts, calls and circuits, as plain data: the log, of which circuits and calls are the folds.
 *
 * `at` and `startedAt` are milliseconds on the process's monotonic clock.
 *
 * @since 0.1.0
 */
import type { Reason } from "../call/Call.ts"
import type { Rejected as RejectedBy, Transition } from "../circuit/CircuitState.ts"
import type { Outcome } from "../health/Outcome.ts"

/**
 * An attempt may run. `attempt` is a number unique in the process, which its `Settled` carries too.
 *
 * @category models
 * @since 0.1.0
 */
export interface Admitted {
  readonly _tag: "Admitted"
  readonly key: string
  readonly at: number
  readonly attempt: number
  readonly generation: number
  readonly probe: boolean
}

/**
 * An attempt was classified; what it did to the circuit is told after it. `failedBefore` are the failed attempts of its call before it,
 * `error` is the tag or class of its error, where it had one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settled {
  readonly _tag: "Settled"
  readonly key: string
  readonly at: number
  readonly attempt: number
  readonly startedAt: number
  readonly outcome: Outcome
  readonly failedBefore: number
  readonly error?: string | undefined
}

/**
 * An attempt must not run. `until` is the earliest next admission, `Infinity` for `Isolated`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rejected {
  readonly _tag: "Rejected"
  readonly key: string
  readonly at: number
  readonly state: RejectedBy["status"]
  readonly until: number
  readonly score: number
  readonly generation: number
}

/**
 * Evidence from outside the calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observed {
  readonly _tag: "Observed"
  readonly key: string
  readonly at: number
  readonly outcome: Outcome
}

/**
 * An admitted attempt is a retry, and was paid for; `tokens` are those left.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retried {
  readonly _tag: "Retried"
  readonly key: string
  readonly at: number
  readonly cost: number
  readonly tokens: number
}

/**
 * A call with retries ended, and why its retries did, where they did.
 *
 * @category models
 * @since 0.1.0
 */
export interface Called {
  readonly _tag: "Called"
  readonly key: string
  readonly at: number
  readonly startedAt: number
  readonly result: "success" | "permanent" | "exhausted" | "rejected" | "defect" | "interrupted"
  readonly reason?: Reason | undefined
  readonly attempts: number
}

/**
 * A circuit changed its state or mode.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transitioned extends Omit<Transition, "until"> {
  readonly _tag: "Transitioned"
  readonly key: string
  readonly until?: number | undefined
}

/**
 * What happened.
 *
 * @category models
 * @since 0.1.0
 */
export type Event = Admitted | Settled | Rejected | Observed | Retried | Called | Transitioned
