/**
 * Admission and settling as transactions, for composing several circuits, or a circuit and state of your own, into one.
 *
 * A transaction never waits: a rejection is a value. `CircuitBreaker.execute` and `executeAll` are built from the same two steps.
 *
 * @since 0.1.0
 */
import type { Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as STM from "effect/STM"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import * as Monotonic from "./platform/Monotonic.ts"
import type { Admission, Permit } from "./run/keys/transaction.ts"
import type { Outside } from "./platform/Ref.ts"

export type { Admission, Permit } from "./run/keys/transaction.ts"

/**
 * Asks to run one attempt under all of the circuits, or none, at the time `now`; for composing with other transactions.
 *
 * A rejection is a value: whether it ends the whole transaction is yours to say. Nothing is announced by `STM.commit` itself: use
 * `Transaction.commit`, or watchers hear of a transition only when the key is next used.
 *
 * Wait for state of your own (`STM.check`, `STM.retry`) before asking, never after: Effect 3.22 keeps what a transaction wrote before it
 * waited, or before it failed after a wait.
 *
 * **Example** (Admission and a counter of your own, together)
 *
 * ```ts
 * import { Outcome, Transaction, Truce } from "@truce/effect3"
 * import { Effect, STM, TRef } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const running = yield* STM.commit(TRef.make(0))
 *   const now = yield* Transaction.now
 *   const admission = yield* Transaction.commit(
 *     STM.tap(Transaction.admit(["host-1", "tenant-7"], now), ({ _tag }) =>
 *       _tag === "Admitted" ? TRef.update(running, (n) => n + 1) : STM.void
 *     )
 *   )
 *   if (admission._tag === "Admitted") {
 *     yield* Transaction.commit(Transaction.settle(admission.permits, Outcome.success, yield* Transaction.now))
 *   }
 *   return yield* STM.commit(TRef.get(running))
 * })
 * await Effect.runPromise(Effect.provide(program, Truce.layer())) // => 1
 * ```
 *
 * @category transactions
 * @since 0.1.0
 */
export const admit = (
  keys: Arr.NonEmptyReadonlyArray<string>,
  now: number
): STM.STM<Admission, never, CircuitBreaker> => STM.flatMap(CircuitBreaker, (breaker) => breaker.admitSTM(keys, now))

/**
 * Settles an attempt under all of its permits; a permit of another generation changes nothing. Give `Outcome.ignored` to release.
 *
 * @category transactions
 * @since 0.1.0
 */
export const settle = (
  permits: ReadonlyArray<Permit>,
  outcome: Outcome.Outcome,
  now: number
): STM.STM<void, never, CircuitBreaker> =>
  STM.flatMap(CircuitBreaker, (breaker) => breaker.settleSTM(permits, outcome, now))

/**
 * Commits a transaction and announces the transitions it made.
 *
 * @category transactions
 * @since 0.1.0
 */
export const commit = <A, E, R>(transaction: STM.STM<A, E, R>): Effect.Effect<A, E, Outside<R> | CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (breaker) => breaker.commit(transaction))

/**
 * The time in ms on the monotonic clock, as the transactional forms take it.
 *
 * @category transactions
 * @since 0.1.0
 */
export const now: Effect.Effect<number> = Monotonic.now
