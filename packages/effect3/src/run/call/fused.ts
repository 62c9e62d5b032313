import { Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type CircuitOpen, isCircuitOpen } from "../../CircuitOpen.ts"
import * as Classifier from "../../Classifier.ts"
import { type RetryExhausted, isRetryExhausted } from "../../RetryExhausted.ts"
import type { Options as RetryOptions } from "../services/RetryPolicy.ts"
import { CircuitBreaker } from "../services/CircuitBreaker.ts"
import { executing } from "./execute.ts"
import type { PlanOptions } from "../settings/plan.ts"
import { readOwn } from "../settings/retryRules.ts"
import { retryingAlone } from "./retryAlone.ts"
import { Truce } from "../services/Truce.ts"

/** Breaker around retry: one permit and one outcome a call, whatever the number of its attempts. */
export const fusing = <E, ER extends E, EP extends E>(
  options: Omit<PlanOptions<E, ER, EP>, "attemptTimeout">,
  given: RetryOptions | undefined
) => {
  const own = readOwn(given)
  const { classify, key } = options
  type Ended = EP | CircuitOpen | RetryExhausted<ER>
  const isExhausted = (error: Ended): error is RetryExhausted<ER> => isRetryExhausted(error)
  const ended = Classifier.make<Ended>(isExhausted, {
    outcome: (error) => {
      if (isExhausted(error)) return classify.failure(Cause.fail(error.lastError))
      return isCircuitOpen(error) ? Outcome.ignored : classify.failure(Cause.fail(error))
    }
  })
  const execute = executing({ key, classify: ended, slowAfter: options.slowAfter })
  return <A, R>(self: Effect.Effect<A, E, R>) =>
    Effect.flatMap(Truce, (truce) =>
      Effect.provideService(
        execute(retryingAlone(self, truce.policy.of(key, own), { key, classify })),
        CircuitBreaker,
        truce.breaker
      )
    )
}
