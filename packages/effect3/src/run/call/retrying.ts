import { Call, type CallPolicy, Limits, type Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Attempt } from "../../Attempt.ts"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import { RetryExhausted } from "../../RetryExhausted.ts"
import type { Input as Asked, Rules } from "../services/RetryPolicy.ts"
import { failingBy } from "../../platform/Cause.ts"
import { pause } from "../../platform/Fibers.ts"
import * as Race from "../../platform/Race.ts"
import * as Schedules from "../../platform/Schedules.ts"
import * as Deadline from "./deadline.ts"
import * as Monotonic from "../../platform/Monotonic.ts"

/** What became of one attempt, as far as the retry is concerned; a permanent error is none of its business. */
export type AttemptResult<A, ER, ED = CircuitOpen> =
  | { readonly _tag: "Succeeded"; readonly value: A }
  | { readonly _tag: "Failed"; readonly attempt: Attempt<ER>; readonly outcome: Outcome.Outcome }
  | { readonly _tag: "Rejected"; readonly error: ED }

/** One call under retry: what differs between a retry alone and one around a breaker. */
export interface Retried<A, ER, ED, EP, R, Cost> {
  readonly key: string
  readonly policy: Rules
  readonly begunAt: number
  /** Another attempt, as it was paid for; calls `onSent` once it is admitted and runs. */
  readonly attempt: (paid: Cost | undefined, onSent: () => void) => Effect.Effect<AttemptResult<A, ER, ED>, EP, R>
  /** Pays for a retry; none where it cannot be afforded. */
  readonly withdraw: (failed: Outcome.Outcome) => Effect.Effect<Option.Option<Cost>>
  readonly refund: (cost: Cost) => Effect.Effect<void>
  /** Ends when retrying became pointless. */
  readonly pointless: Effect.Effect<unknown, never, R> | undefined
  /** Waits for an admission after a rejection; whether it came in time. */
  readonly readmission: (withinMillis: number, rejection: ED) => Effect.Effect<boolean>
}

/** Goes on from what the first attempt found: does what the call decides, and tells it what came of that. */
export const retrying = <A, ER, ED, EP, R, Cost>(
  first: AttemptResult<A, ER, ED>,
  of: Retried<A, ER, ED, EP, R, Cost>
): Effect.Effect<A, EP | ED | RetryExhausted<ER>, R> =>
  Effect.flatMap(Deadline.asOf(of.begunAt), (deadlineMillis = Infinity) => {
    type Ended = Effect.Effect<A, EP | ED | RetryExhausted<ER>, R>
    type Input = Call.Input<Attempt<ER>, Cost, A, ED>
    type Next = Call.Next<Attempt<ER>, A, ED>
    const { policy } = of
    const rules = rulesOf(policy, deadlineMillis)
    const planned = planning(policy, of.key)
    let call = Call.make<Attempt<ER>, Cost>(of.begunAt)

    const put = (input: Input): Effect.Effect<Next> =>
      Effect.map(Monotonic.now, (now) => {
        // Limits may have been reloaded.
        const [after, next] = Call.step(Limits.within(rules, policy.limits()), call, input, now)
        call = after
        return next
      })

    const tell = (input: Effect.Effect<Input, EP, R>): Ended => Effect.flatMap(Effect.flatMap(input, put), act)

    const act = (next: Next): Ended => {
      switch (next._tag) {
        case "Ask":
          return tell(
            Effect.map(
              of.attempt(call.paid, () => {
                call = Call.sent(call)
              }),
              found
            )
          )
        case "Plan":
          return tell(planned(next.last, next.failed, next.retryAfterMillis))
        case "Pay":
          // What was paid and what is unsettled are one step: nothing interrupts between them.
          return Effect.flatMap(
            Effect.uninterruptible(
              Effect.flatMap(of.withdraw(next.failed), (cost) =>
                put(Option.isNone(cost) ? { _tag: "Unpaid" } : { _tag: "Paid", cost: cost.value })
              )
            ),
            act
          )
        case "Sleep":
          return tell(
            Effect.map(asleep(next.delayMillis, of.pointless), (isPointless) => ({
              _tag: "Woken",
              by: isPointless ? "opening" : "time"
            }))
          )
        case "AwaitAdmission":
          return tell(
            Effect.map(of.readmission(next.withinMillis, next.rejection), (isInTime) =>
              isInTime ? { _tag: "Woken", by: "admission" } : { _tag: "Late", rejection: next.rejection }
            )
          )
        case "Return":
          return Effect.succeed(next.result)
        case "Refuse":
          return Effect.fail(next.rejection)
        case "Stop":
          return Effect.fail(new RetryExhausted({ key: of.key, reason: next.reason, attempts: next.trail }))
      }
    }
    return Effect.ensuring(
      tell(Effect.succeed(found(first))),
      Effect.suspend(() => {
        const owed = Call.owed(call)
        return owed === undefined ? Effect.void : of.refund(owed)
      })
    )
  })

const rulesOf = (policy: Rules, deadlineMillis: number): CallPolicy.Rules => ({
  // The schedule counts them.
  attempts: Infinity,
  deadlineMillis: Math.min(Duration.toMillis(policy.deadline), deadlineMillis),
  maxRetryAfterMillis: Duration.toMillis(policy.maxRetryAfter),
  whenOpen: policy.whenOpen,
  isRepeatable: policy.isRepeatable !== false
})

/** Asks the schedule, which is driven from the first retry on. */
const planning = ({ schedule }: Rules, key: string) => {
  let plan: ((asked: Asked) => Effect.Effect<Option.Option<Duration.Duration>>) | undefined
  return (last: Attempt<unknown>, failed: number, retryAfterMillis: number | undefined) =>
    Effect.gen(function* () {
      plan ??= yield* Schedules.delays(schedule)
      const retryAfter = Option.map(Option.fromNullable(retryAfterMillis), Duration.millis)
      const delay = yield* plan({ key, error: last.error, failed, retryAfter })
      return { _tag: "Planned", delayMillis: Option.getOrUndefined(Option.map(delay, Duration.toMillis)) } as const
    })
}

/** What an attempt tells its call. */
const found = <A, ER, ED>(tried: AttemptResult<A, ER, ED>): Call.Input<Attempt<ER>, never, A, ED> => {
  switch (tried._tag) {
    case "Succeeded":
      return { _tag: "Finished", result: tried.value }
    case "Failed":
      return tried
    case "Rejected":
      return { _tag: "Rejected", rejection: tried.error }
  }
}

/** The retriable error of a failed attempt; none where the attempt failed for good. */
export const retriableError = <E, ER extends E>(
  cause: Cause.Cause<E>,
  isRetriable: (error: E) => error is ER
): Option.Option<ER> =>
  // One that failed beside others, as in `Effect.all`, interrupted them: that is no interruption of the attempt.
  Cause.isDie(cause) ? Option.none() : Option.filter(Cause.failureOption(cause), isRetriable)

/** The cause with permanent errors only; a retriable error that failed beside one is kept as a defect, not lost. */
export const permanentCause = <E, EP extends E>(
  cause: Cause.Cause<E>,
  isPermanent: (error: E) => error is EP
): Cause.Cause<EP> => failingBy(cause, isPermanent)

const asleep = <R>(
  delayMillis: number,
  pointless: Effect.Effect<unknown, never, R> | undefined
): Effect.Effect<boolean, never, R> => {
  const isSlept = Effect.as(pause(delayMillis, pointless !== undefined), false)
  return pointless === undefined ? isSlept : Race.first(isSlept, Effect.as(pointless, true))
}
