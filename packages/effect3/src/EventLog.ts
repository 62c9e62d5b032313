/**
 * Everything that happens to attempts, calls and circuits, as plain data: for metrics, for a record, for a second policy to judge.
 *
 * Opt-in: while nobody observes, nothing is built and the path of a call costs one more property read.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { HealthScore, entries } from "./HealthScore.ts"
import { publishNow, published } from "./platform/Published.ts"
import { runFork, running } from "./platform/Running.ts"
import { AnyNumber, Flag, NumberOrNone } from "./platform/Schema.ts"

const Outcome = Schema.Union(
  Schema.TaggedStruct("Success", { slow: Schema.Boolean }),
  Schema.TaggedStruct("Answered", {}),
  Schema.TaggedStruct("Failure", {
    weight: Schema.Number,
    saturated: Schema.Boolean,
    retryAfterMillis: NumberOrNone,
    opens: Flag
  }),
  Schema.TaggedStruct("Ignored", {})
)

const Status = Schema.Literal("Closed", "Open", "HalfOpen", "Isolated", "Disabled")

/** JSON has no Infinity: it is `null` there. */
const Endless = Schema.transform(Schema.NullOr(AnyNumber), AnyNumber, {
  strict: true,
  decode: (value) => value ?? Infinity,
  encode: (value) => (value === Infinity ? null : value)
})

/**
 * An attempt may run.
 *
 * @category models
 * @since 0.1.0
 */
export const Admitted = Schema.TaggedStruct("Admitted", {
  key: Schema.String,
  at: Schema.Number,
  /** A number unique in the process, which its `Settled` carries too. */
  attempt: Schema.Number,
  generation: Schema.Number,
  probe: Schema.Boolean
})

/**
 * An attempt was classified; what it did to the circuit is told after it.
 *
 * @category models
 * @since 0.1.0
 */
export const Settled = Schema.TaggedStruct("Settled", {
  key: Schema.String,
  at: Schema.Number,
  attempt: Schema.Number,
  startedAt: Schema.Number,
  outcome: Outcome,
  /** Failed attempts of the same call before this one. */
  failedBefore: Schema.Number,
  /** The tag or class of its error, where it had one. */
  error: Schema.optional(Schema.String)
})

/**
 * An attempt must not run. `until` is the earliest next admission, `Infinity` for `Isolated`.
 *
 * @category models
 * @since 0.1.0
 */
export const Rejected = Schema.TaggedStruct("Rejected", {
  key: Schema.String,
  at: Schema.Number,
  state: Schema.Literal("Open", "HalfOpen", "SlowStart", "Isolated"),
  until: Endless,
  score: Schema.Number,
  generation: Schema.Number
})

/**
 * Evidence from outside the calls (`HealthScore.record`).
 *
 * @category models
 * @since 0.1.0
 */
export const Observed = Schema.TaggedStruct("Observed", { key: Schema.String, at: Schema.Number, outcome: Outcome })

/**
 * An admitted attempt is a retry, and was paid for; `tokens` are those left.
 *
 * @category models
 * @since 0.1.0
 */
export const Retried = Schema.TaggedStruct("Retried", {
  key: Schema.String,
  at: Schema.Number,
  cost: Schema.Number,
  tokens: Endless
})

/**
 * A call under `Truce.protect` ended.
 *
 * @category models
 * @since 0.1.0
 */
export const Called = Schema.TaggedStruct("Called", {
  key: Schema.String,
  at: Schema.Number,
  startedAt: Schema.Number,
  result: Schema.Literal("success", "permanent", "exhausted", "rejected", "defect", "interrupted"),
  /** Why the retries ended, where they did. */
  reason: Schema.optional(Schema.Literal("attempts", "deadline", "budget", "circuit-open", "not-repeatable")),
  attempts: Schema.Number
})

/**
 * A circuit changed its state or mode.
 *
 * @category models
 * @since 0.1.0
 */
export const Transitioned = Schema.TaggedStruct("Transitioned", {
  key: Schema.String,
  at: Schema.Number,
  from: Status,
  to: Status,
  mode: Schema.Literal("Automatic", "Isolated", "Disabled", "Observing"),
  reason: Schema.String,
  generation: Schema.Number,
  score: Schema.Number,
  openings: Schema.Number,
  until: Schema.optional(Schema.Number)
})

/**
 * What happened; `at` and `startedAt` are milliseconds on the process's monotonic clock. Its encoded form is JSON.
 *
 * @category models
 * @since 0.1.0
 */
export const Event = Schema.Union(Admitted, Settled, Rejected, Observed, Retried, Called, Transitioned)

/**
 * What happened.
 *
 * @category models
 * @since 0.1.0
 */
export type Event = typeof Event.Type

/** What a reader of the stream may be behind before the oldest event is dropped. */
const backlog = 1_024

/**
 * Calls `f` with every event of the layer, at once and in order, while the scope lasts.
 *
 * It runs inside the calls, so it must be quick. It may read and control circuits (`Runtime.runSync`): what that changes is told next, to
 * all. A transaction of its own may do so too. One that throws is told of in an error log and called no more.
 *
 * **Example** (Counting attempts)
 *
 * ```ts
 * import { Classifier, EventLog, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const told: Array<string> = []
 * const program = Effect.gen(function* () {
 *   yield* EventLog.subscribe((event) => told.push(event._tag))
 *   yield* Effect.succeed("hello").pipe(Truce.protect({ key: "users-api", classify }))
 * }).pipe(Effect.scoped, Effect.provide(Truce.layer()))
 * await Effect.runPromise(program)
 * told // => ["Admitted", "Settled", "Called"]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 */
export const subscribe = (f: (event: Event) => void): Effect.Effect<void, never, HealthScore | Scope.Scope> =>
  Effect.gen(function* () {
    const { log } = (yield* HealthScore)[entries]
    const here = yield* running
    const subscribing = Effect.sync(() => {
      const stop = log.subscribe((event) => {
        try {
          f(event)
        } catch (defect) {
          stop()
          runFork(
            here,
            Effect.logError("An observer of the event log threw; it is not called any more.", Cause.die(defect))
          )
        }
      })
      return stop
    })
    yield* Effect.acquireRelease(subscribing, (stop) => Effect.sync(stop))
  })

/**
 * The events as a stream, from its start on. A reader more than 1 024 events behind loses the oldest.
 *
 * @category accessors
 * @since 0.1.0
 */
export const events: Stream.Stream<Event, never, HealthScore> = Stream.unwrapScoped(
  Effect.gen(function* () {
    const told = yield* PubSub.sliding<Event>(backlog)
    const stream = yield* published(told)
    const here = yield* running
    yield* subscribe((event) => publishNow(told, here, event))
    return stream
  })
)
