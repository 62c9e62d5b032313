/**
 * The health score of each key, as a service: read it, watch it, add evidence of your own, ask what moved it.
 *
 * The score admits and rejects nothing: a circuit breaker built on it does.
 *
 * @since 0.1.0
 */
import {
  type Explanation,
  type Health,
  HealthScore,
  type Options,
  type Service,
  entries
} from "./run/services/HealthScore.ts"
import { lifetimeOf } from "./run/settings/lifetime.ts"
import { type Circuit, Describe, EventLog, type Outcome } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Change, Transition } from "./Events.ts"
import { now, nowOf } from "./platform/Monotonic.ts"
import { ScoreEntries } from "./run/keys/ScoreEntries.ts"
import { modelOf } from "./run/settings/Policies.ts"
import { offer } from "./platform/Offer.ts"
import { isComposed } from "./platform/Ref.ts"

export {
  type Entries,
  type Explanation,
  type Health,
  HealthScore,
  type Options,
  type Service,
  entries
} from "./run/services/HealthScore.ts"

/** What a watcher may be behind before the oldest event is dropped: a slow watcher never holds a call. */
const backlog = 1_024

/**
 * Builds the service.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const lifetime = lifetimeOf(options)
    const transitions = yield* PubSub.sliding<Transition>(backlog)
    const moved = yield* PubSub.sliding<Change>(backlog)
    // Who watches is told that nothing more will come.
    yield* Effect.addFinalizer(() => Effect.zipRight(PubSub.shutdown(transitions), PubSub.shutdown(moved)))
    const seed = yield* Random.nextIntBetween(-(2 ** 31), 2 ** 31)
    let watchers = 0
    const log = new EventLog.EventLog()
    const listener = {
      log,
      transition: (transition: Transition) => {
        offer(transitions, transition)
        if (log.isOn) log.tell({ _tag: "Transitioned", ...transition })
      },
      isWatched: () => watchers > 0,
      change: (change: Change) => offer(moved, change)
    }
    const registry = new ScoreEntries(modelOf(options), lifetime, seed, listener)
    yield* Effect.addFinalizer(() => Effect.sync(() => registry.close()))
    const view = (key: string): Effect.Effect<Circuit.View> =>
      Effect.withFiberRuntime((fiber) => {
        const at = nowOf(fiber)
        // A transaction is to see, and wait for, what others make of a key that has no entry yet.
        const entry = registry.find(key) ?? (isComposed(fiber) ? registry.entry(key, at) : undefined)
        return entry === undefined ? Effect.succeed(registry.pristine(key, at)) : entry.viewTx(at)
      })
    return {
      get: (key) => Effect.map(view(key), ({ openBelow, score, strain }) => ({ key, score, openBelow, strain })),
      changes: Stream.unwrapScoped(
        Effect.as(
          Effect.acquireRelease(
            Effect.sync(() => watchers++),
            () => Effect.sync(() => watchers--)
          ),
          Stream.fromPubSub(moved)
        )
      ),
      record: (key, outcome) =>
        Effect.flatMap(now, (at) => {
          if (log.isOn) log.tell({ _tag: "Observed", key, at, outcome })
          return registry.entry(key, at).record(outcome, at)
        }),
      explain: (key) =>
        Effect.zipWith(view(key), now, ({ moves, openBelow, score, strain }, at) => ({
          key,
          score,
          openBelow,
          strain,
          moves,
          text: tell(key, { openBelow, score, strain }, moves, at)
        })),
      [entries]: { log, registry, scope, transitions }
    }
  })

/**
 * Provides the service.
 *
 * **Example** (Feeding it an active check)
 *
 * ```ts
 * import { HealthScore, Outcome } from "@truce/effect3"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   yield* HealthScore.record("users-api", Outcome.failure())
 *   return yield* HealthScore.get("users-api")
 * })
 * const health = await Effect.runPromise(Effect.provide(program, HealthScore.layer()))
 * health.score.toFixed(2) // => "0.80"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<HealthScore> =>
  Layer.scoped(
    HealthScore,
    Effect.suspend(() => make(options))
  )

/**
 * The score of a key; 1 for one that was never seen.
 *
 * @category accessors
 * @since 0.1.0
 */
export const get = (key: string): Effect.Effect<Health, never, HealthScore> =>
  Effect.flatMap(HealthScore, (service) => service.get(key))

/**
 * Every outcome that moves a score, of all keys. A watcher more than 1 024 events behind loses the oldest.
 *
 * @category accessors
 * @since 0.1.0
 */
export const changes: Stream.Stream<Change, never, HealthScore> = Stream.unwrap(
  Effect.map(HealthScore, (service) => service.changes)
)

/**
 * Adds evidence from outside the calls, such as an active check; under a breaker it may open or close the circuit.
 *
 * @category accessors
 * @since 0.1.0
 */
export const record = (key: string, outcome: Outcome.Outcome): Effect.Effect<void, never, HealthScore> =>
  Effect.flatMap(HealthScore, (service) => service.record(key, outcome))

/**
 * What moved the score of a key last.
 *
 * @category accessors
 * @since 0.1.0
 */
export const explain = (key: string): Effect.Effect<Explanation, never, HealthScore> =>
  Effect.flatMap(HealthScore, (service) => service.explain(key))

const tell = (key: string, health: Omit<Health, "key">, moves: ReadonlyArray<Circuit.Move>, at: number): string => {
  const head = `${key}: score ${health.score.toFixed(3)} (trips at ${health.openBelow}), strain ${health.strain.toFixed(3)}`
  return [head, ...(moves.length === 0 ? ["  nothing has moved it"] : Describe.moveLines(moves, at))].join("\n")
}
