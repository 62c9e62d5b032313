import { InvalidOption, Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { hasProperty } from "effect/Predicate"
import { AttemptTimeout, isAttemptTimeout } from "../../AttemptTimeout.ts"
import type { Classifier } from "../../Classifier.ts"
import type { Plan } from "../call/attempt.ts"
import { millis, positiveDuration } from "./options.ts"

/** What every way of protecting an effect asks for. */
export interface PlanOptions<E, ER extends E, EP extends E> {
  readonly key: string
  readonly classify: Classifier<E, ER, EP>
  readonly slowAfter?: Duration.DurationInput | undefined
  readonly abandonedAfter?: Duration.DurationInput | undefined
  readonly attemptTimeout?: Duration.DurationInput | undefined
}

/** What protecting an effect by several circuits asks for. */
export interface PlanOfAll<E, ER extends E, EP extends E> extends Omit<PlanOptions<E, ER, EP>, "key"> {
  readonly keys: Arr.NonEmptyReadonlyArray<string>
}

/** A plan with the transformation of the effect that goes with it. */
export interface Limited<E, ER extends E, EP extends E> {
  readonly plan: Plan<E | AttemptTimeout, ER | AttemptTimeout, EP | AttemptTimeout>
  readonly limit: <A, E2 extends E, R>(self: Effect.Effect<A, E2, R>) => Effect.Effect<A, E2 | AttemptTimeout, R>
}

/** Reads the options; throws `InvalidOption`. */
export const makePlan = <E, ER extends E, EP extends E>(
  owner: string,
  options: PlanOptions<E, ER, EP>,
  retryTimeouts = true
): Limited<E, ER, EP> => {
  const { classify, key } = options
  checkKey(owner, key)
  if (!isClassifier(classify)) {
    throw new InvalidOption.InvalidOption(owner, "classify", "a classifier, as Classifier.tags makes one", classify)
  }
  const timeout =
    options.attemptTimeout === undefined
      ? undefined
      : positiveDuration(owner, "attemptTimeout", options.attemptTimeout, 0)
  const slowAfterMillis = millis(owner, "slowAfter", options.slowAfter)
  const abandonedAfterMillis = millis(owner, "abandonedAfter", options.abandonedAfter)
  if (slowAfterMillis !== undefined && slowAfterMillis < Infinity && slowAfterMillis > (timeout ?? Infinity)) {
    throw new InvalidOption.InvalidOption(owner, "slowAfter", `at most attemptTimeout (${timeout} ms)`, slowAfterMillis)
  }
  const isTimed = timeout !== undefined || slowAfterMillis !== undefined || abandonedAfterMillis !== undefined
  return {
    plan: {
      key,
      classify: withTimeout(classify, timeout === undefined ? undefined : { key, millis: timeout, retryTimeouts }),
      times: isTimed
        ? {
            slowAfterMillis: slowAfterMillis ?? (timeout === undefined ? Infinity : timeout / 2),
            limitMillis: timeout ?? Infinity,
            abandonedAfterMillis
          }
        : undefined
    },
    limit:
      timeout === undefined
        ? (self) => self
        : Effect.timeoutFail({
            duration: timeout,
            onTimeout: () => new AttemptTimeout({ key, after: Duration.millis(timeout) })
          })
  }
}

const isClassifier = (u: unknown): boolean =>
  hasProperty(u, "failure") && typeof u.failure === "function" && hasProperty(u, "retriable")

/** Throws `InvalidOption` for what names no dependency. */
export const checkKey = (owner: string, key: unknown): string => {
  if (typeof key === "string" && key !== "") return key
  throw new InvalidOption.InvalidOption(owner, "key", "the name of a dependency, a text that is not empty", key)
}

/** What an effect may be protected with. */
export const planNames = ["key", "classify", "slowAfter", "abandonedAfter", "attemptTimeout"] as const

export const planOfAllNames = ["keys", ...planNames.filter((name) => name !== "key")]

const withTimeout = <E, ER extends E, EP extends E>(
  classify: Classifier<E, ER, EP>,
  limit: { readonly key: string; readonly millis: number; readonly retryTimeouts: boolean } | undefined
): Plan<E | AttemptTimeout, ER | AttemptTimeout, EP | AttemptTimeout>["classify"] => {
  // One of an attempt inside this one is the classifier's business.
  const isTimeout = (error: unknown): error is AttemptTimeout =>
    isAttemptTimeout(error) && limit !== undefined && error.key === limit.key
  const own = (cause: Cause.Cause<E | AttemptTimeout>): cause is Cause.Cause<E> =>
    limit === undefined || !Option.exists(Cause.failureOption(cause), isTimeout)
  const failure = (cause: Cause.Cause<E | AttemptTimeout>, durationMillis = 0): Outcome.Outcome => {
    if (own(cause)) return classify.failure(cause)
    return limit !== undefined && Outcome.isStalled(durationMillis, limit.millis) ? Outcome.ignored : Outcome.timedOut
  }
  const isAgain = limit?.retryTimeouts === true
  return {
    isRetriable: (error) => (isTimeout(error) ? isAgain : classify.isRetriable(error)),
    retriable: (error): error is ER | AttemptTimeout => (isTimeout(error) ? isAgain : classify.retriable(error)),
    permanent: (error): error is EP | AttemptTimeout => (isTimeout(error) ? !isAgain : classify.permanent(error)),
    failure,
    success: classify.success,
    classify: Exit.match({ onFailure: failure, onSuccess: classify.success })
  }
}
