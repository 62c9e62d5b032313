/**
 * The circuit breaker as a service: one circuit per key, one transaction per decision.
 *
 * It never waits and never retries. Every attempt is evidence, so it belongs inside the retry: `Truce.protect` puts it there.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { AttemptTimeout } from "./AttemptTimeout.ts"
import type { CircuitOpen } from "./CircuitOpen.ts"
import type { ExecuteAllOptions, ExecuteOptions, LayerOptions, Options } from "./run/settings/CircuitOptions.ts"
import type { Transition } from "./Events.ts"
import * as Explanation from "./Explanation.ts"
import { HealthScore, entries } from "./HealthScore.ts"
import type { InvalidSnapshot } from "./InvalidSnapshot.ts"
import { CircuitBreaker, type Service, type Snapshot, type State, internals } from "./run/services/CircuitBreaker.ts"
import type { Entry } from "./run/keys/Entry.ts"
import { executing, executingAll } from "./run/call/execute.ts"
import { Admissions } from "./run/keys/Admissions.ts"
import * as Monotonic from "./platform/Monotonic.ts"
import { millis } from "./run/settings/options.ts"
import { circuitOverrides } from "./run/settings/Policies.ts"
import type { PlanOfAll, PlanOptions } from "./run/settings/plan.ts"
import * as Transaction from "./run/keys/transaction.ts"
import type { PolicyConflict } from "./PolicyConflict.ts"

export type {
  ExecuteAllOptions,
  ExecuteOptions,
  LayerOptions,
  Options,
  SlowStart
} from "./run/settings/CircuitOptions.ts"
export { CircuitBreaker, type Service, type Snapshot, type State, internals } from "./run/services/CircuitBreaker.ts"

/**
 * Builds the service on a health score.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: LayerOptions = {}): Effect.Effect<Service, never, HealthScore> =>
  Effect.gen(function* () {
    const { log, registry, scope, transitions } = (yield* HealthScore)[entries]
    const admissions = new Admissions(registry, { options, overrides: circuitOverrides(options) }, scope, log)
    const transaction = Transaction.make(admissions)
    const all = <A>(f: (entry: Entry, at: number) => Effect.Effect<A>): Effect.Effect<ReadonlyArray<A>> =>
      Effect.flatMap(Monotonic.now, (at) => Effect.forEach(admissions.all(), (entry) => f(entry, at)))
    const control =
      (_tag: "isolate" | "disable" | "observe" | "reset") =>
      (key: string, reason: string): Effect.Effect<void> =>
        Effect.flatMap(Monotonic.now, (at) => admissions.entry(key, at).control({ _tag, reason }, at))
    return {
      state: (key) =>
        Effect.flatMap(admissions.toRead(key), ({ at, entry }) =>
          entry === undefined
            ? Effect.succeed({ key, ...admissions.pristine(key, at) })
            : Effect.map(entry.viewTx(at), (view) => ({ key, ...view }))
        ),
      explain: (key) =>
        Effect.flatMap(admissions.toRead(key), ({ at, entry }) =>
          entry === undefined
            ? Effect.succeed(Explanation.make(key, admissions.pristine(key, at), { transitions: [] }, at))
            : Effect.map(entry.viewTx(at), (view) => Explanation.make(key, view, entry.behind, at))
        ),
      states: all((entry, at) => Effect.map(entry.viewTx(at), (view) => ({ key: entry.key, ...view }))),
      transitions: Stream.fromPubSub(transitions),
      awaitClosed: (key) =>
        Effect.flatMap(admissions.toRead(key), ({ entry }) =>
          entry === undefined ? Effect.void : admissions.awaitClosed(entry)
        ),
      isolate: control("isolate"),
      disable: control("disable"),
      observe: control("observe"),
      reset: control("reset"),
      snapshot: Effect.map(
        all((entry, at) => Effect.map(entry.snapshotTx(at), (snapshot) => [entry.key, snapshot] as const)),
        (circuits) => ({ version: 1, circuits: Object.fromEntries(circuits) })
      ),
      restore: (snapshot, { elapsed } = {}) =>
        Effect.flatMap(Monotonic.now, (now) => {
          const elapsedMillis = millis("CircuitBreaker.restore", "elapsed", elapsed) ?? 0
          return Transaction.restore(admissions, snapshot, { now, elapsedMillis })
        }),
      register: (key, own) =>
        Effect.suspend(() => {
          const conflict = admissions.register(key, own)
          return conflict === undefined ? Effect.void : Effect.fail(conflict)
        }),
      admitSTM: transaction.admit,
      settleSTM: transaction.settle,
      commit: transaction.commit,
      [internals]: admissions
    }
  })

/**
 * Provides the service on a health score.
 *
 * Dies with `InvalidOption` when built with an impossible option.
 *
 * **Example** (A breaker alone)
 *
 * ```ts
 * import { CircuitBreaker, Classifier, HealthScore } from "@truce/effect3"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.gen(function* () {
 *   yield* Effect.ignore(CircuitBreaker.execute(Effect.fail(new Timeout()), { key: "users-api", classify }))
 *   return yield* CircuitBreaker.state("users-api")
 * })
 * const layer = CircuitBreaker.layer({ permits: 2 }).pipe(Layer.provide(HealthScore.layer()))
 * const state = await Effect.runPromise(Effect.provide(program, layer))
 * state.status // => "Closed"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: LayerOptions): Layer.Layer<CircuitBreaker, never, HealthScore> =>
  Layer.effect(
    CircuitBreaker,
    Effect.suspend(() => make(options))
  )

/**
 * Runs an effect as one attempt under the circuit of `key`: adds `CircuitOpen`, and `AttemptTimeout` where an `attemptTimeout` is given.
 *
 * Every exit is classified and settled once, interruption included. Throws `InvalidOption` for an impossible duration, and dies with
 * `PolicyConflict` when another breaker on the same score holds the key under another policy.
 *
 * **Example** (Inside your own retry)
 *
 * ```ts
 * import { CallContext, CircuitBreaker, Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect, Schedule } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.succeed("hello").pipe(
 *   CircuitBreaker.execute({ key: "users-api", classify }),
 *   Effect.retry({ schedule: Schedule.recurs(2), while: classify.isRetriable }),
 *   CallContext.open,
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "hello"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function execute<E, ER extends E, EP extends E>(
  options: ExecuteOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): <A, E2 extends E, R>(self: Effect.Effect<A, E2, R>) => Effect.Effect<A, E2 | CircuitOpen, R | CircuitBreaker>
export function execute<E, ER extends E, EP extends E>(
  options: ExecuteOptions<E, ER, EP> & { readonly attemptTimeout: Duration.DurationInput | undefined }
): <A, E2 extends E, R>(
  self: Effect.Effect<A, E2, R>
) => Effect.Effect<A, E2 | AttemptTimeout | CircuitOpen, R | CircuitBreaker>
export function execute<A, E2 extends E, R, E, ER extends E, EP extends E>(
  self: Effect.Effect<A, E2, R>,
  options: ExecuteOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): Effect.Effect<A, E2 | CircuitOpen, R | CircuitBreaker>
export function execute<A, E2 extends E, R, E, ER extends E, EP extends E>(
  self: Effect.Effect<A, E2, R>,
  options: ExecuteOptions<E, ER, EP> & { readonly attemptTimeout: Duration.DurationInput | undefined }
): Effect.Effect<A, E2 | AttemptTimeout | CircuitOpen, R | CircuitBreaker>
export function execute<A, E, ER extends E, EP extends E, R>(
  ...args: readonly [PlanOptions<E, ER, EP>] | readonly [Effect.Effect<A, E, R>, PlanOptions<E, ER, EP>]
) {
  return args.length === 1 ? executing(args[0]) : executing(args[1])(args[0])
}

/**
 * Runs an effect as one attempt under several circuits (host and tenant, say): admitted by all in one transaction or by none, settled
 * in one.
 *
 * Fails with the `CircuitOpen` of the first circuit that rejects; the others are left as they were.
 *
 * **Example** (A host and a tenant)
 *
 * ```ts
 * import { CircuitBreaker, Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = CircuitBreaker.isolate("tenant-7", "unpaid").pipe(
 *   Effect.zipRight(
 *     Effect.succeed("hello").pipe(CircuitBreaker.executeAll({ keys: ["host-1", "tenant-7"], classify }))
 *   ),
 *   Effect.catchTag("CircuitOpen", (error) => Effect.succeed(error.message)),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "circuit tenant-7 is isolated"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function executeAll<E, ER extends E, EP extends E>(
  options: ExecuteAllOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): <A, E2 extends E, R>(self: Effect.Effect<A, E2, R>) => Effect.Effect<A, E2 | CircuitOpen, R | CircuitBreaker>
export function executeAll<E, ER extends E, EP extends E>(
  options: ExecuteAllOptions<E, ER, EP> & { readonly attemptTimeout: Duration.DurationInput | undefined }
): <A, E2 extends E, R>(
  self: Effect.Effect<A, E2, R>
) => Effect.Effect<A, E2 | AttemptTimeout | CircuitOpen, R | CircuitBreaker>
export function executeAll<A, E2 extends E, R, E, ER extends E, EP extends E>(
  self: Effect.Effect<A, E2, R>,
  options: ExecuteAllOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): Effect.Effect<A, E2 | CircuitOpen, R | CircuitBreaker>
export function executeAll<A, E2 extends E, R, E, ER extends E, EP extends E>(
  self: Effect.Effect<A, E2, R>,
  options: ExecuteAllOptions<E, ER, EP> & { readonly attemptTimeout: Duration.DurationInput | undefined }
): Effect.Effect<A, E2 | AttemptTimeout | CircuitOpen, R | CircuitBreaker>
export function executeAll<A, E, ER extends E, EP extends E, R>(
  ...args: readonly [PlanOfAll<E, ER, EP>] | readonly [Effect.Effect<A, E, R>, PlanOfAll<E, ER, EP>]
) {
  return args.length === 1 ? executingAll(args[0]) : executingAll(args[1])(args[0])
}

/**
 * The circuit of a key; Closed for one that was never seen.
 *
 * @category accessors
 * @since 0.1.0
 */
export const state = (key: string): Effect.Effect<State, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.state(key))

/**
 * Why the circuit of a key is in its state, what moved its score last, and when the next admission is possible.
 *
 * **Example** (Asking after a manual change)
 *
 * ```ts
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import { Effect } from "effect"
 *
 * const program = CircuitBreaker.isolate("users-api", "maintenance").pipe(
 *   Effect.zipRight(CircuitBreaker.explain("users-api")),
 *   Effect.provide(Truce.layer())
 * )
 * const { cause } = await Effect.runPromise(program)
 * cause.endsWith("ago: maintenance") // => true
 * ```
 *
 * @category accessors
 * @since 0.1.0
 */
export const explain = (key: string): Effect.Effect<Explanation.Explanation, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.explain(key))

/**
 * All circuits.
 *
 * @category accessors
 * @since 0.1.0
 */
export const states: Effect.Effect<ReadonlyArray<State>, never, CircuitBreaker> = Effect.flatMap(
  CircuitBreaker,
  (service) => service.states
)

/**
 * Every change of state or mode, of all keys, as committed. A watcher more than 1 024 events behind loses the oldest.
 *
 * @category accessors
 * @since 0.1.0
 */
export const transitions: Stream.Stream<Transition, never, CircuitBreaker> = Stream.unwrap(
  Effect.map(CircuitBreaker, (service) => service.transitions)
)

/**
 * Waits until the circuit of a key is closed. It sends no probes: only calls do.
 *
 * @category accessors
 * @since 0.1.0
 */
export const awaitClosed = (key: string): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.awaitClosed(key))

/**
 * Forces a circuit open until another manual change.
 *
 * @category manual control
 * @since 0.1.0
 */
export const isolate = (key: string, reason: string): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.isolate(key, reason))

/**
 * Forces a circuit closed until another manual change; its score goes on.
 *
 * @category manual control
 * @since 0.1.0
 */
export const disable = (key: string, reason: string): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.disable(key, reason))

/**
 * Lets a circuit decide and report, and reject nothing, until another manual change.
 *
 * @category manual control
 * @since 0.1.0
 */
export const observe = (key: string, reason: string): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.observe(key, reason))

/**
 * Gives a circuit back to the rules: closed, with a score of 1.
 *
 * @category manual control
 * @since 0.1.0
 */
export const reset = (key: string, reason: string): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.reset(key, reason))

/**
 * All circuits as plain JSON data.
 *
 * @category snapshots
 * @since 0.1.0
 */
export const snapshot: Effect.Effect<Snapshot, never, CircuitBreaker> = Effect.flatMap(
  CircuitBreaker,
  (service) => service.snapshot
)

/**
 * Restores all circuits of a snapshot that is `elapsed` old, or none: data that is not a snapshot fails with `InvalidSnapshot`.
 *
 * @category snapshots
 * @since 0.1.0
 */
export const restore = (
  data: unknown,
  options?: { readonly elapsed?: Duration.DurationInput | undefined }
): Effect.Effect<void, InvalidSnapshot, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.restore(data, options))

/**
 * Gives one key options of its own, over those of the layer; fails with `PolicyConflict` when the key has other ones already.
 *
 * @category constructors
 * @since 0.1.0
 */
export const register = (key: string, options: Options): Effect.Effect<void, PolicyConflict, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (service) => service.register(key, options))
