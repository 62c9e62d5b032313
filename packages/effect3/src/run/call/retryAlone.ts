import type { Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Attempt } from "../../Attempt.ts"
import * as CallContext from "../../CallContext.ts"
import { type CircuitOpen, isCircuitOpen } from "../../CircuitOpen.ts"
import type { RetryExhausted } from "../../RetryExhausted.ts"
import type { RetryOptions, Rules } from "../services/RetryPolicy.ts"
import { failingBy } from "../../platform/Cause.ts"
import * as Attempts from "./attempt.ts"
import * as Monotonic from "../../platform/Monotonic.ts"
import { type AttemptResult, permanentCause, retriableError, retrying } from "./retrying.ts"
import { errorOf, tellCall } from "./trail.ts"

/** Retries an effect that may or may not have a breaker inside, as one call. */
export const retryingAlone = <A, E, ER extends E, EP extends E, R, RS>(
  self: Effect.Effect<A, E | CircuitOpen, R>,
  policy: Rules,
  { classify, key, pointless }: RetryOptions<E, ER, EP, RS>
): Effect.Effect<A, EP | CircuitOpen | RetryExhausted<ER>, R | RS> => {
  const isRetriable = (error: E | CircuitOpen): error is ER => !isCircuitOpen(error) && classify.retriable(error)
  const isPermanent = (error: E | CircuitOpen): error is EP => !isCircuitOpen(error) && classify.permanent(error)
  return Effect.withFiberRuntime((fiber) => {
    const outer = fiber.getFiberRef(CallContext.current)
    const context = CallContext.make()
    const begunAt = context.begun(Monotonic.nowOf(fiber))

    const unguarded: Attempts.Seen = { key, view: () => ({ status: "Closed", score: 1 }) }

    const attempt: Effect.Effect<AttemptResult<A, ER>, EP, R> = Effect.flatMap(Monotonic.now, (startedAt) => {
      const number = context.trail().length
      // A breaker inside has recorded the attempt with what it saw; without one it is recorded here.
      const remember = <Error>(outcome: Outcome.Outcome, error: Error): Effect.Effect<Attempt<Error>> =>
        Effect.map(Monotonic.now, (endedAt) => {
          const recorded = context.trail()[number]
          return recorded === undefined
            ? Attempts.remember(context, unguarded, { outcome, startedAt, endedAt }, { begunAt, error })
            : { ...recorded, error }
        })
      return Effect.matchCauseEffect(self, {
        onSuccess: (value) =>
          Effect.as(remember(classify.success(value), undefined), { _tag: "Succeeded", value } as const),
        onFailure: (cause): Effect.Effect<AttemptResult<A, ER>, EP> => {
          const rejection = Option.filter(Cause.failureOption(cause), isCircuitOpen)
          if (Option.isSome(rejection)) return Effect.succeed({ _tag: "Rejected", error: rejection.value })
          const error = retriableError(cause, isRetriable)
          const own = failingBy(cause, (failure): failure is E => !isCircuitOpen(failure))
          const outcome = classify.failure(own)
          return Option.match(error, {
            onNone: () =>
              Effect.zipRight(remember(outcome, errorOf(cause)), Effect.failCause(permanentCause(cause, isPermanent))),
            onSome: (value) =>
              Effect.map(remember(outcome, value), (attempt) => ({ _tag: "Failed", attempt, outcome }) as const)
          })
        }
      })
    })

    const call = Effect.flatMap(attempt, (first) =>
      retrying<A, ER, CircuitOpen, EP, R | RS, undefined>(first, {
        key,
        policy,
        begunAt,
        attempt: () => attempt,
        withdraw: () => Effect.succeedSome(undefined),
        refund: () => Effect.void,
        pointless,
        // What rejects is somewhere inside, and a policy alone knows nothing of it.
        readmission: () => Effect.succeed(false)
      })
    )
    return Effect.ensuring(
      Effect.locally(call, CallContext.current, context),
      Effect.suspend(() => {
        context.end()
        return tellCall(begunAt, context.trail(), outer)
      })
    )
  })
}
