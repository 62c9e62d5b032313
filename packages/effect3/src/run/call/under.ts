import { InvalidOption } from "@truce/core"
import type * as Arr from "effect/Array"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Attempt from "./attempt.ts"
import * as Together from "./attemptTogether.ts"
import { type Service, internals } from "../services/CircuitBreaker.ts"
import type { Entry } from "../keys/Entry.ts"
import { checkKey } from "../settings/plan.ts"

export type Keys = Arr.NonEmptyReadonlyArray<string>

/** What the attempts of a call are under: one circuit, or several at once. */
export interface Under<At extends Attempt.Seen> {
  /** Their name in texts. */
  readonly key: string
  readonly keys: Keys
  readonly at: (breaker: Service, now: number) => At
  /** Admit, run, classify, settle. */
  readonly run: <A, E, R, B, E2, R2>(
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    at: At,
    asking: Attempt.Asking<E> & { readonly startedAt: number },
    self: Effect.Effect<A, E, R>,
    next: Attempt.Next<A, E, B, E2, R2>
  ) => Effect.Effect<B, E2, R | R2>
}

export const one = (key: string): Under<Entry> => ({
  key,
  keys: [key],
  at: (breaker, now) => breaker[internals].entry(key, now),
  run: Attempt.run
})

/** A key that is named twice counts once. Throws `InvalidOption`. */
export const all = (owner: string, given: unknown): Under<Together.Together> => {
  const keys = namesOf(owner, given)
  return {
    key: keys.join(" + "),
    keys,
    at: (breaker, now) => Together.make(breaker, keys, now),
    run: Together.run
  }
}

const namesOf = (owner: string, given: unknown): Keys => {
  const keys = Array.isArray(given) ? Array.from(new Set<unknown>(given), (key) => checkKey(owner, key)) : []
  const [first, ...rest] = keys
  if (first !== undefined) return [first, ...rest]
  throw new InvalidOption.InvalidOption(owner, "keys", "a list of keys, with at least one", given)
}
