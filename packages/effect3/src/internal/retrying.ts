import { Outcome, Retry } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Attempt } from "../Attempt.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import { type Reason, RetryExhausted } from "../RetryExhausted.ts"
import type { Input, Rules as RetryRules } from "../RetryPolicy.ts"
import { failingBy } from "../platform/Cause.ts"
import { pause } from "../platform/Fibers.ts"
import * as Race from "../platform/Race.ts"
import * as Schedules from "../platform/Schedules.ts"
import * as Deadline from "./deadline.ts"
import * as Monotonic from "./monotonic.ts"

/** What became of one attempt, as far as the retry is concerned; a permanent error is none of its business. */
export type Tried<A, ER, ED = CircuitOpen> =
  | { readonly _tag: "Succeeded"; readonly value: A }
  | { readonly _tag: "Failed"; readonly attempt: Attempt<ER>; readonly outcome: Outcome.Outcome }
  | { readonly _tag: "Rejected"; readonly error: ED }

/** One call under retry: what differs between a retry alone and one around a breaker. */
export interface Call<A, ER, ED, EP, R, Paid> {
  readonly key: string
  readonly policy: RetryRules
  readonly begunAt: number
  /** Another attempt, as it was paid for; calls `onSent` once it is admitted and runs. */
  readonly attempt: (paid: Paid, onSent: () => void) => Effect.Effect<Tried<A, ER, ED>, EP, R>
  /** Pays for a retry; none where it cannot be afforded. */
  readonly withdraw: (failed: Outcome.Outcome) => Effect.Effect<Option.Option<Paid>>
  readonly refund: (paid: Paid) => Effect.Effect<void>
  /** What a first attempt pays. */
  readonly nothing: Paid
  /** Ends when retrying became pointless. */
  readonly pointless: Effect.Effect<unknown, never, R> | undefined
  /** Waits for an admission after a rejection; whether it came in time. */
  readonly readmission: ((withinMillis: number, rejection: ED) => Effect.Effect<boolean>) | undefined
}

/** Goes on from what the first attempt found. */
export const retrying = <A, ER, ED, EP, R, Paid>(
  first: Tried<A, ER, ED>,
  call: Call<A, ER, ED, EP, R, Paid>
): Effect.Effect<A, EP | ED | RetryExhausted<ER>, R> =>
  Effect.gen(function* () {
    const { isRepeatable = true, limits } = call.policy
    const own = {
      attempts: Infinity,
      deadlineMillis: Math.min(
        Duration.toMillis(call.policy.deadline),
        (yield* Deadline.asOf(call.begunAt)) ?? Infinity
      ),
      maxRetryAfterMillis: Duration.toMillis(call.policy.maxRetryAfter)
    }
    // Looked up each time: they may have been reloaded.
    const within = () => Retry.within(own, limits())
    const attempts: Array<Attempt<ER>> = []
    let outcome: Outcome.Outcome = Outcome.ignored
    let next: ((input: Input) => Effect.Effect<Option.Option<Duration.Duration>>) | undefined
    let tried = first
    const ended = (reason: Reason) => {
      const [head, ...tail] = attempts
      if (head !== undefined) return Effect.fail(exhausted(call.key, reason, [head, ...tail]))
      return Effect.die(new Error(`retry of ${call.key} ended without an attempt`))
    }
    while (true) {
      let delayMillis = 0
      switch (tried._tag) {
        case "Succeeded":
          return tried.value
        case "Rejected": {
          const remaining = within().deadlineMillis - ((yield* Monotonic.now) - call.begunAt)
          if (call.readmission !== undefined && (yield* call.readmission(remaining, tried.error))) break
          return yield* attempts.length === 0 ? Effect.fail(tried.error) : ended("circuit-open")
        }
        case "Failed": {
          const { attempt } = tried
          attempts.push(attempt)
          outcome = tried.outcome
          if (!isRepeatable) return yield* ended("not-repeatable")
          if (attempts.length >= within().attempts) return yield* ended("attempts")
          const wish = wishOf(outcome)
          next ??= yield* Schedules.delays(call.policy.schedule)
          const planned = yield* next({
            key: call.key,
            error: attempt.error,
            failed: attempts.length,
            retryAfter: Option.map(Option.fromNullable(wish), Duration.millis)
          })
          if (Option.isNone(planned)) return yield* ended("attempts")
          const wait = Retry.wait(within(), {
            backoffMillis: Duration.toMillis(planned.value),
            retryAfterMillis: wish,
            elapsedMillis: (yield* Monotonic.now) - call.begunAt
          })
          if (wait === undefined) return yield* ended("deadline")
          delayMillis = wait
          break
        }
      }
      // What was rejected has paid nothing yet.
      const payment = attempts.length === 0 ? Effect.succeedSome(call.nothing) : call.withdraw(outcome)
      const sent = yield* paying(payment, call.refund, (paid, onSent) =>
        Effect.flatMap(
          asleep(delayMillis, call.pointless),
          (isPointless): Effect.Effect<Tried<A, ER, ED> | Reason, EP, R> => {
            if (isPointless) return Effect.succeed("circuit-open")
            return Effect.flatMap(Monotonic.now, (at): Effect.Effect<Tried<A, ER, ED> | Reason, EP, R> => {
              if (attempts.length === 0) return call.attempt(paid, onSent)
              const { attempts: most, deadlineMillis } = within()
              if (attempts.length >= most) return Effect.succeed("attempts")
              return at - call.begunAt > deadlineMillis ? Effect.succeed("deadline") : call.attempt(paid, onSent)
            })
          }
        )
      )
      if (typeof sent === "string") return yield* ended(sent)
      tried = sent
    }
  })

/** Pays for what `use` sends; whatever ends it before it was sent gives the cost back. */
const paying = <A, E, R, Paid>(
  payment: Effect.Effect<Option.Option<Paid>>,
  refund: (paid: Paid) => Effect.Effect<void>,
  use: (paid: Paid, onSent: () => void) => Effect.Effect<A, E, R>
): Effect.Effect<A | "budget", E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(payment, (paid): Effect.Effect<A | "budget", E, R> => {
      if (Option.isNone(paid)) return Effect.succeed("budget")
      let isSent = false
      return Effect.ensuring(
        restore(use(paid.value, () => (isSent = true))),
        Effect.suspend(() => (isSent ? Effect.void : refund(paid.value)))
      )
    })
  )

const wishOf = (outcome: Outcome.Outcome): number | undefined =>
  outcome._tag === "Failure" ? outcome.retryAfterMillis : undefined

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

const exhausted = <ER>(
  key: string,
  reason: Reason,
  attempts: readonly [Attempt<ER>, ...ReadonlyArray<Attempt<ER>>]
): RetryExhausted<ER> => new RetryExhausted({ key, reason, attempts: [attempts[0], ...attempts.slice(1)] })
