import type { Circuit, CircuitSnapshot, Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as STM from "effect/STM"
import type * as Stream from "effect/Stream"
import type { Options } from "../settings/CircuitOptions.ts"
import type { Transition } from "../../Events.ts"
import type { Explanation } from "../../Explanation.ts"
import type { InvalidSnapshot } from "../../InvalidSnapshot.ts"
import type { PolicyConflict } from "../../PolicyConflict.ts"
import type { Outside } from "../../platform/Ref.ts"
import type { Admissions } from "../keys/Admissions.ts"
import type { Admission, Permit } from "../keys/transaction.ts"

/**
 * What can be read of the circuit of a key; times are milliseconds on the monotonic clock (`Transaction.now`).
 *
 * @category models
 * @since 0.1.0
 */
export interface State extends Circuit.View {
  readonly key: string
}

/**
 * All circuits as plain JSON data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly version: 1
  readonly circuits: { readonly [key: string]: CircuitSnapshot.Snapshot }
}

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly state: (key: string) => Effect.Effect<State>
  readonly explain: (key: string) => Effect.Effect<Explanation>
  readonly states: Effect.Effect<ReadonlyArray<State>>
  readonly transitions: Stream.Stream<Transition>
  readonly awaitClosed: (key: string) => Effect.Effect<void>
  readonly isolate: (key: string, reason: string) => Effect.Effect<void>
  readonly disable: (key: string, reason: string) => Effect.Effect<void>
  readonly observe: (key: string, reason: string) => Effect.Effect<void>
  readonly reset: (key: string, reason: string) => Effect.Effect<void>
  readonly snapshot: Effect.Effect<Snapshot>
  readonly restore: (
    snapshot: unknown,
    options?: { readonly elapsed?: Duration.DurationInput | undefined }
  ) => Effect.Effect<void, InvalidSnapshot>
  readonly register: (key: string, options: Options) => Effect.Effect<void, PolicyConflict>
  readonly admitSTM: (keys: Arr.NonEmptyReadonlyArray<string>, now: number) => STM.STM<Admission>
  readonly settleSTM: (
    permits: ReadonlyArray<Permit>,
    outcome: Outcome.Outcome,
    now: number,
    failedBefore?: number,
    startedAt?: number
  ) => STM.STM<void>
  readonly commit: <A, E, R>(transaction: STM.STM<A, E, R>) => Effect.Effect<A, E, Outside<R>>
  /** For what is built on the breaker. */
  readonly [internals]: Admissions
}

/**
 * The key under which a breaker carries its entries.
 *
 * @category symbols
 * @since 0.1.0
 */
export const internals: unique symbol = Symbol.for("@truce/effect3/CircuitBreaker/internals")

/**
 * One circuit per key.
 *
 * @category tags
 * @since 0.1.0
 */
export class CircuitBreaker extends Context.Tag("@truce/effect3/CircuitBreaker")<CircuitBreaker, Service>() {}
