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
import { CircuitBreaker } from "./CircuitBreaker.ts"
import * as Monotonic from "./internal/monotonic.ts"
import type { Admission, Permit } from "./internal/transaction.ts"

export type { Admission, Permit } from "./internal/transaction.ts"

/**
 * Asks to run one attempt under all of the circuits, or none, at the time `now`; for composing with other transactions.
 *
 * A rejection is a value: whether it ends the whole transaction is yours to say. Nothing is announced by `Effect.tx` itself: use
 * `Transaction.commit`, or watchers hear of a transition only when the key is next used.
 *
 * Everything else of this package obeys a transaction around it too: an attempt made in one that fails, or starts again, was never
 * admitted and is no evidence. Only an `EventLog` tells of it all the same: it was sent. So do not send from a transaction: it is sent
 * again at each conflict, and as a probe beside those of other transactions, of which `permits` hold back only the commit.
 *
 * **Example** (Admission and a counter of your own, together)
 *
 * ```ts
 * import { Outcome, Transaction, Truce } from "@truce/effect4"
 * import { Effect, TxRef } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const running = yield* TxRef.make(0)
 *   const now = yield* Transaction.now
 *   const admission = yield* Transaction.commit(
 *     Effect.tap(Transaction.admit(["host-1", "tenant-7"], now), ({ _tag }) =>
 *       _tag === "Admitted" ? TxRef.update(running, (n) => n + 1) : Effect.void
 *     )
 *   )
 *   if (admission._tag === "Admitted") {
 *     yield* Transaction.commit(Transaction.settle(admission.permits, Outcome.success, yield* Transaction.now))
 *   }
 *   return yield* TxRef.get(running)
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
): Effect.Effect<Admission, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (breaker) => breaker.admitTx(keys, now))

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
): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (breaker) => breaker.settleTx(permits, outcome, now))

/**
 * Commits a transaction and announces the transitions it made.
 *
 * @category transactions
 * @since 0.1.0
 */
export const commit = <A, E, R>(
  transaction: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Effect.Transaction> | CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (breaker) => breaker.commit(transaction))

/**
 * The time in ms on the monotonic clock, as the transactional forms take it.
 *
 * @category transactions
 * @since 0.1.0
 */
export const now: Effect.Effect<number> = Monotonic.now
