import type { Circuit, EventLog, HealthModel, Outcome } from "@truce/core"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Change, Transition } from "../../Events.ts"
import type { ScoreEntries } from "../keys/ScoreEntries.ts"

/**
 * Options of the service. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How outcomes move the score. Default: `HealthModel.ledger()`. */
  readonly model?: HealthModel.HealthModel | undefined
  /** The most keys kept. One that is manual, probed or waited for is never dropped, an Open one only a `ttl` after its open time. Default: 10 000. */
  readonly maxKeys?: number | undefined
  /** A key unused for this long is dropped when another is added. Default: 10 minutes. */
  readonly ttl?: Duration.DurationInput | undefined
}

/**
 * The score of one key: `score` in [0, 1], `openBelow`, at which the model trips, and `strain`, the share of recent attempts that
 * failed, which no success erases.
 *
 * @category models
 * @since 0.1.0
 */
export interface Health {
  readonly key: string
  readonly score: number
  readonly openBelow: number
  readonly strain: number
}

/**
 * Why the score is what it is: the last outcomes that moved it, oldest first, five at most, and a text that says so.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation extends Health {
  readonly moves: ReadonlyArray<Circuit.Move>
  readonly text: string
}

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly get: (key: string) => Effect.Effect<Health>
  readonly changes: Stream.Stream<Change>
  readonly record: (key: string, outcome: Outcome.Outcome) => Effect.Effect<void>
  readonly explain: (key: string) => Effect.Effect<Explanation>
  /** For layers built on the score: the entries of its keys, and the transitions breakers publish. */
  readonly [entries]: Entries
}

/**
 * The key under which a score carries what is built on it.
 *
 * @category symbols
 * @since 0.1.0
 */
export const entries: unique symbol = Symbol.for("@truce/effect3/HealthScore/entries")

/**
 * What a breaker needs of the score it is built on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entries {
  readonly registry: ScoreEntries
  readonly transitions: PubSub.PubSub<Transition>
  readonly log: EventLog.EventLog
  /** Where timers for waiting calls live. */
  readonly scope: Scope.Scope
}

/**
 * The health score of each key.
 *
 * @category tags
 * @since 0.1.0
 */
export class HealthScore extends Context.Tag("@truce/effect3/HealthScore")<HealthScore, Service>() {}
