/**
 * The call: one caller's operation with all its attempts, as a state machine. It is the second fold of the log, which keeps the last attempt.
 *
 * It decides everything about retries and does nothing itself: an interpreter asks for admission, runs attempts, asks the schedule, pays,
 * sleeps, and puts in what came of it. A call whose first attempt ends it asks nothing here.
 *
 * @since 0.1.0
 */
import { type Outcome, ignored } from "../health/Outcome.ts"
import type { Rules } from "./CallPolicy.ts"

/**
 * Why the retries of a call ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = "attempts" | "deadline" | "budget" | "circuit-open" | "not-repeatable"

/**
 * A call on its way. `Attempt` is what is kept of an attempt, `Cost` what a retry pays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call<Attempt, Cost> {
  readonly begunAt: number
  /** The attempts that failed and can be repeated, first to last. */
  readonly trail: ReadonlyArray<Attempt>
  /** What the last attempt said: the price of the next one goes by it. */
  readonly outcome: Outcome
  /** How long the next attempt waits, in ms. */
  readonly delayMillis: number
  /** What the attempt that is due or under way has paid; `undefined` for a first one. */
  readonly paid: Cost | undefined
  /** Whether that attempt was sent: what was paid for one that was not is owed. */
  readonly isSent: boolean
}

/**
 * What has happened to a call. `Result` is what an attempt can end it with, `Rejection` why one was not admitted.
 *
 * @category models
 * @since 0.1.0
 */
export type Input<Attempt, Cost, Result, Rejection> =
  /** An attempt was not admitted. */
  | { readonly _tag: "Rejected"; readonly rejection: Rejection }
  /** After that rejection no admission came in time. */
  | { readonly _tag: "Late"; readonly rejection: Rejection }
  /** An attempt ended the call: by a success, a permanent error, a defect. */
  | { readonly _tag: "Finished"; readonly result: Result }
  /** An attempt failed with an error that another one may not have. */
  | { readonly _tag: "Failed"; readonly attempt: Attempt; readonly outcome: Outcome }
  /** What the schedule says; `undefined` where it has ended. */
  | { readonly _tag: "Planned"; readonly delayMillis: number | undefined }
  | { readonly _tag: "Paid"; readonly cost: Cost }
  /** The budget cannot afford the retry. */
  | { readonly _tag: "Unpaid" }
  /** It has slept its time, or attempts have come to be rejected meanwhile, or an admission may be possible. */
  | { readonly _tag: "Woken"; readonly by: "time" | "opening" | "admission" }

/**
 * What a call does next.
 *
 * @category models
 * @since 0.1.0
 */
export type Next<Attempt, Result, Rejection> =
  /** Asks for the admission of an attempt, and runs it. */
  | { readonly _tag: "Ask" }
  /** Asks the schedule how long to wait after the last of `failed` attempts. */
  | {
      readonly _tag: "Plan"
      readonly last: Attempt
      readonly failed: number
      readonly retryAfterMillis: number | undefined
    }
  /** Pays for a retry, by what the last attempt said. */
  | { readonly _tag: "Pay"; readonly failed: Outcome }
  /** Sleeps; unless rejections are waited out it wakes when attempts are rejected. */
  | { readonly _tag: "Sleep"; readonly delayMillis: number }
  /** Waits until an admission may be possible. */
  | { readonly _tag: "AwaitAdmission"; readonly withinMillis: number; readonly rejection: Rejection }
  | { readonly _tag: "Return"; readonly result: Result }
  /** Ends without an attempt. */
  | { readonly _tag: "Refuse"; readonly rejection: Rejection }
  /** Ends without another attempt, and why. */
  | {
      readonly _tag: "Stop"
      readonly reason: Reason
      readonly trail: readonly [Attempt, ...ReadonlyArray<Attempt>]
    }

/**
 * A call that begins: it asks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Attempt = never, Cost = never>(begunAt: number): Call<Attempt, Cost> => ({
  begunAt,
  trail: [],
  outcome: ignored,
  delayMillis: 0,
  paid: undefined,
  isSent: false
})

/**
 * The attempt was admitted and is sent: what it has paid is spent.
 *
 * @category transitions
 * @since 0.1.0
 */
export const sent = <Attempt, Cost>(self: Call<Attempt, Cost>): Call<Attempt, Cost> => ({ ...self, isSent: true })

/**
 * What a call that ends here, whatever ended it, must be given back.
 *
 * @category getters
 * @since 0.1.0
 */
export const owed = <Attempt, Cost>({ isSent, paid }: Call<Attempt, Cost>): Cost | undefined =>
  isSent ? undefined : paid

/**
 * Puts in what has happened at `now`, and gets what to do. The rules may be others at each step, as limits are set while calls run.
 *
 * **Example** (A call that has one retry and cannot pay for it)
 *
 * ```ts
 * import { Call, CallPolicy, Outcome } from "@truce/core"
 *
 * const policy = CallPolicy.make()
 * const inputs = [
 *   { _tag: "Failed", attempt: "timeout", outcome: Outcome.failure() },
 *   { _tag: "Planned", delayMillis: 100 },
 *   { _tag: "Unpaid" }
 * ] as const
 * let call = Call.make<string, number>(0)
 * const does = inputs.map((input) => {
 *   const [after, next] = Call.step(policy, call, input, 20)
 *   call = after
 *   return next._tag === "Stop" ? next.reason : next._tag
 * })
 * does // => ["Plan", "Pay", "budget"]
 * ```
 *
 * @category transitions
 * @since 0.1.0
 */
export const step = <Attempt, Cost, Result, Rejection>(
  rules: Rules,
  self: Call<Attempt, Cost>,
  input: Input<Attempt, Cost, Result, Rejection>,
  now: number
): readonly [Call<Attempt, Cost>, Next<Attempt, Result, Rejection>] => {
  const elapsedMillis = now - self.begunAt
  switch (input._tag) {
    case "Finished":
      return [self, { _tag: "Return", result: input.result }]
    case "Rejected":
      if (rules.whenOpen === "wait") {
        return [
          self,
          { _tag: "AwaitAdmission", withinMillis: rules.deadlineMillis - elapsedMillis, rejection: input.rejection }
        ]
      }
      return [self, ended(self, "circuit-open", { _tag: "Refuse", rejection: input.rejection })]
    case "Late":
      return [self, ended(self, "circuit-open", { _tag: "Refuse", rejection: input.rejection })]
    case "Failed": {
      const { attempt, outcome } = input
      const trail = [...self.trail, attempt]
      const after = { ...self, trail, outcome, paid: undefined, isSent: false }
      const reason = rules.isRepeatable ? over(rules, trail.length) : "not-repeatable"
      if (reason !== undefined) return [after, ended(after, reason, ask)]
      return [after, { _tag: "Plan", last: attempt, failed: trail.length, retryAfterMillis: wishOf(outcome) }]
    }
    case "Planned": {
      if (input.delayMillis === undefined) return [self, ended(self, "attempts", ask)]
      const wish = wishOf(self.outcome) ?? 0
      const delayMillis = Math.max(input.delayMillis, wish)
      // A wait past the deadline is a stop, and so is a wish that is longer than is waited for.
      const isTooLong = wish > rules.maxRetryAfterMillis || elapsedMillis + delayMillis > rules.deadlineMillis
      if (isTooLong) return [self, ended(self, "deadline", ask)]
      return [
        { ...self, delayMillis },
        { _tag: "Pay", failed: self.outcome }
      ]
    }
    case "Unpaid":
      return [self, ended(self, "budget", ask)]
    case "Paid":
      return [
        { ...self, paid: input.cost },
        { _tag: "Sleep", delayMillis: self.delayMillis }
      ]
    case "Woken": {
      const isPast = elapsedMillis > rules.deadlineMillis
      const reason =
        input.by === "opening" ? "circuit-open" : (over(rules, self.trail.length) ?? (isPast ? "deadline" : undefined))
      return [self, reason === undefined ? ask : ended(self, reason, ask)]
    }
  }
}

const over = ({ attempts }: Rules, failed: number): Reason | undefined => (failed >= attempts ? "attempts" : undefined)

const ask = { _tag: "Ask" } as const

/** The end of the retries. A call that has made no attempt has none, and is under none of their limits. */
const ended = <Attempt, Cost, Otherwise>({ trail }: Call<Attempt, Cost>, reason: Reason, otherwise: Otherwise) =>
  isNonEmpty(trail) ? ({ _tag: "Stop", reason, trail } as const) : otherwise

const isNonEmpty = <A>(all: ReadonlyArray<A>): all is readonly [A, ...ReadonlyArray<A>] => all.length > 0

const wishOf = (outcome: Outcome): number | undefined =>
  outcome._tag === "Failure" ? outcome.retryAfterMillis : undefined
