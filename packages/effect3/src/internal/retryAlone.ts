import type { Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type { Attempt } from "../Attempt.ts"
import * as CallContext from "../CallContext.ts"
import { type CircuitOpen, isCircuitOpen } from "../CircuitOpen.ts"
import type { RetryExhausted } from "../RetryExhausted.ts"
import type { RetryOptions, Service } from "../RetryPolicy.ts"
import * as Monotonic from "./monotonic.ts"
import { type Tried, permanentCause, retriableError, retrying } from "./retrying.ts"
import { tellCall } from "./trail.ts"

/** Retries an effect that may or may not have a breaker inside, as one call. */
export const retryingAlone = <A, E, ER extends E, EP extends E, R, RS>(
  self: Effect.Effect<A, E | CircuitOpen, R>,
  policy: Service,
  { classify, key, pointless }: RetryOptions<E, ER, EP, RS>
): Effect.Effect<A, EP | CircuitOpen | RetryExhausted<ER>, R | RS> => {
  const isRetriable = (error: E | CircuitOpen): error is ER => !isCircuitOpen(error) && classify.retriable(error)
  const isPermanent = (error: E | CircuitOpen): error is EP => !isCircuitOpen(error) && classify.permanent(error)
  return Effect.gen(function* () {
    const outer = yield* FiberRef.get(CallContext.current)
    const context = CallContext.make()
    const begunAt = context.begun(yield* Monotonic.now)

    const attempt = (delayMillis: number): Effect.Effect<Tried<A, ER>, EP, R> =>
      Effect.flatMap(Monotonic.now, (startedAt) => {
        const number = context.trail().length
        // A breaker inside has recorded the attempt with what it saw; without one it is recorded here.
        const remember = <Error>(outcome: Outcome.Outcome, error: Error, endedAt: number): Attempt<Error> => {
          const recorded = context.trail()[number]
          if (recorded !== undefined) return { ...recorded, error }
          const made: Attempt<Error> = {
            key,
            number,
            start: Duration.millis(startedAt - begunAt),
            duration: Duration.millis(endedAt - startedAt),
            delay: Duration.millis(delayMillis),
            outcome: outcome._tag,
            error,
            state: "Closed",
            score: 1
          }
          context.record(made)
          return made
        }
        return Effect.matchCauseEffect(self, {
          onSuccess: (value) =>
            Effect.map(Monotonic.now, (endedAt): Tried<A, ER> => {
              remember(classify.success(value), undefined, endedAt)
              return { _tag: "Succeeded", value }
            }),
          onFailure: (cause): Effect.Effect<Tried<A, ER>, EP> => {
            const rejection = Option.filter(Cause.failureOption(cause), isCircuitOpen)
            if (Option.isSome(rejection)) return Effect.succeed({ _tag: "Rejected", error: rejection.value })
            const error = retriableError(cause, isRetriable)
            if (Option.isNone(error)) return Effect.failCause(permanentCause(cause, isPermanent))
            const outcome = classify.failure(Cause.fail(error.value))
            return Effect.map(Monotonic.now, (endedAt) => ({
              _tag: "Failed",
              attempt: remember(outcome, error.value, endedAt),
              outcome
            }))
          }
        })
      })

    const call = Effect.flatMap(attempt(0), (first) =>
      retrying<A, ER, CircuitOpen, EP, R | RS>(first, {
        key,
        policy,
        begunAt,
        attempt: (_, delayMillis) => attempt(delayMillis),
        withdraw: () => Effect.succeed(Option.some(0)),
        refund: () => Effect.void,
        pointless,
        readmission: undefined
      })
    )
    return yield* Effect.ensuring(
      Effect.locally(call, CallContext.current, context),
      Effect.suspend(() => tellCall(begunAt, context.trail(), outer))
    )
  })
}
