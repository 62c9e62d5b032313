import type { Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Service as RetryBudget } from "../services/RetryBudget.ts"

/** What a retry has cost each key of its call, in their order; nothing for a first attempt. */
export type Paid = ReadonlyArray<number>

export const nothing: Paid = []

type Keys = Arr.NonEmptyReadonlyArray<string>

/** Pays for a retry with all keys, or with none where one of them cannot afford it. */
export const withdraw = (
  budget: RetryBudget,
  keys: Keys,
  failed: Outcome.Outcome,
  paid: Paid = nothing
): Effect.Effect<Option.Option<Paid>> => {
  const key = keys[paid.length]
  if (key === undefined) return Effect.succeedSome(paid)
  return Effect.flatMap(budget.withdraw(key, failed), (cost): Effect.Effect<Option.Option<Paid>> =>
    Option.isSome(cost)
      ? withdraw(budget, keys, failed, [...paid, cost.value])
      : Effect.as(refund(budget, keys, paid), Option.none())
  )
}

/** Gives back what a retry has cost that was not sent. */
export const refund = (budget: RetryBudget, keys: Keys, paid: Paid): Effect.Effect<void> =>
  Effect.forEach(paid, (cost, index) => budget.refund(keys[index] ?? keys[0], cost), { discard: true })

/** Earns by what an attempt found; `Effect.void` where that changes nothing, which takes no step. */
export const settle = (
  budget: RetryBudget,
  keys: Keys,
  attempt: { readonly paid: Paid; readonly retry: boolean; readonly outcome: Outcome.Outcome },
  now: number
): Effect.Effect<void> => {
  let all: Effect.Effect<void> = Effect.void
  for (const [index, key] of keys.entries()) {
    const earned = budget.settle(
      key,
      { cost: attempt.paid[index] ?? 0, retry: attempt.retry, outcome: attempt.outcome },
      now
    )
    if (earned !== Effect.void) all = all === Effect.void ? earned : Effect.zipRight(all, earned)
  }
  return all
}
