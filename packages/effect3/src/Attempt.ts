/**
 * One attempt as the trail of its call remembers it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as Duration from "effect/Duration"
import type { Circuit, Outcome } from "@truce/core"

/**
 * One attempt of a call.
 *
 * `number` starts at 0; `start` counts from the beginning of the call; `delay` is the wait before the attempt; `error` is what it
 * failed with (`undefined` where it succeeded); `state` and `score` are the circuit's when the attempt was settled (Closed and
 * 1 where no circuit guards it).
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt<E = unknown> {
  readonly key: string
  readonly number: number
  readonly start: Duration.Duration
  readonly duration: Duration.Duration
  readonly delay: Duration.Duration
  readonly outcome: Outcome.Outcome["_tag"]
  readonly error: E
  readonly state: Circuit.Status
  readonly score: number
}

/**
 * The schema of an attempt, from the schema of its error.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = <E, I, R>(error: Schema.Schema<E, I, R>) =>
  Schema.Struct({
    key: Schema.String,
    number: Schema.NonNegativeInt,
    start: Schema.Duration,
    duration: Schema.Duration,
    delay: Schema.Duration,
    outcome: Schema.Literal("Success", "Answered", "Failure", "Ignored"),
    error,
    state: Schema.Literal("Closed", "Open", "HalfOpen", "Isolated", "Disabled"),
    score: Schema.Number
  })
