/**
 * What an operator is told of circuits, as schemas: JSON on the wire, durations and dates in a program.
 *
 * JSON has no Infinity: a wait that only an operator ends is `"never"`, and tokens without a limit are `"unlimited"`. All times on the wire
 * are milliseconds.
 *
 * @since 0.1.0
 */
import type { Circuit as Core } from "@truce/core"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import type * as CircuitBreaker from "./run/services/CircuitBreaker.ts"
import type * as Events from "./Events.ts"
import type * as Explanation_ from "./Explanation.ts"
import { AnyNumber, NonNegative } from "./platform/Schema.ts"

/**
 * What a caller meets.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Status = Schema.Literal("Closed", "Open", "HalfOpen", "Isolated", "Disabled")

const Mode = Schema.Literal("Automatic", "Isolated", "Disabled", "Observing").annotations({
  description: "Who decides: the rules (Automatic, Observing) or an operator"
})

/**
 * A time to wait: milliseconds, or `"never"` for an infinite one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Wait = Schema.transform(
  Schema.Union(NonNegative, Schema.Literal("never")).annotations({
    description: `Milliseconds; 0 for now, "never" when only an operator ends it`
  }),
  Schema.DurationFromSelf,
  {
    strict: true,
    decode: (wait) => (wait === "never" ? Duration.infinity : Duration.millis(wait)),
    encode: (wait) => (Duration.isFinite(wait) ? Duration.toMillis(wait) : ("never" as const))
  }
)

/**
 * Tokens of a retry budget: a number, or `"unlimited"` for `Infinity`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tokens = Schema.transform(
  Schema.Union(Schema.Number, Schema.Literal("unlimited")).annotations({
    description: `Retries that can still be paid for, "unlimited" where there is no budget`
  }),
  AnyNumber,
  {
    strict: true,
    decode: (tokens) => (tokens === "unlimited" ? Infinity : tokens),
    encode: (tokens) => (tokens === Infinity ? ("unlimited" as const) : tokens)
  }
)

const text = (description: string) => Schema.String.annotations({ description })
const number = (description: string) => Schema.Number.annotations({ description })

const Millis = Schema.transform(NonNegative.annotations({ description: "Milliseconds" }), Schema.DurationFromSelf, {
  strict: true,
  decode: Duration.millis,
  encode: Duration.toMillis
})

/**
 * One circuit.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Circuit = Schema.Struct({
  key: text("The dependency"),
  status: Status.annotations({ description: "What a caller meets" }),
  mode: Mode,
  reason: text("Why the mode was set; empty where nobody has set it"),
  score: number("Health in [0, 1]"),
  openBelow: number("The score below which it opens"),
  strain: number("The share of recent attempts that failed, which no success erases"),
  tokens: Tokens,
  openings: number("How often it has opened in a row"),
  probes: number("Probes in flight"),
  generation: number("The number of its changes of state and mode"),
  inStateFor: Schema.optional(Millis).annotations({ description: "Left out where it has never changed" }),
  admitsIn: Wait,
  ramp: Schema.optional(
    Schema.Struct({ share: number("The share of the attempts admitted now"), endsIn: Millis })
  ).annotations({ description: "Of a slow start only" })
}).annotations({ identifier: "Circuit", description: "One circuit as it is now; times are milliseconds" })

/**
 * One circuit.
 *
 * @category models
 * @since 0.1.0
 */
export type Circuit = typeof Circuit.Type

const Move = Schema.Struct({
  ago: Millis,
  outcome: Schema.Literal("Success", "Answered", "Failure"),
  weight: number("Failed weight after the discount of its call; 0 for a success"),
  before: Schema.Number,
  after: Schema.Number
}).annotations({ identifier: "CircuitMove", description: "An outcome that moved the score" })

const change = {
  from: Status,
  to: Status,
  mode: Mode,
  reason: text("Why, where an operator did it"),
  score: Schema.Number,
  openings: Schema.Number,
  generation: Schema.Number,
  openFor: Schema.optional(Wait)
}

const Change = Schema.Struct({ ago: Millis, ...change }).annotations({
  identifier: "CircuitChange",
  description: "A change of state or mode"
})

/**
 * One circuit, explained: what moved its score and what changed it last, oldest first, the cause in one sentence, and the whole story.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Explanation = Schema.Struct({
  ...Circuit.fields,
  closeAt: number("The score at which a half-open circuit closes"),
  moves: Schema.Array(Move),
  transitions: Schema.Array(Change),
  cause: text("Why it is in this state, in one sentence"),
  text: text("All of it, for a person")
}).annotations({ identifier: "CircuitExplanation", description: "One circuit, explained; times are milliseconds" })

/**
 * One circuit, explained.
 *
 * @category models
 * @since 0.1.0
 */
export type Explanation = typeof Explanation.Type

/**
 * A change of a circuit's state or mode as it happens, by the wall clock.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Transition = Schema.Struct({ key: Schema.String, at: Schema.DateTimeUtc, ...change }).annotations({
  identifier: "CircuitTransition",
  description: "A change of a circuit's state or mode"
})

/**
 * A change of a circuit's state or mode as it happens.
 *
 * @category models
 * @since 0.1.0
 */
export type Transition = typeof Transition.Type

/**
 * The report of a circuit read at `now` on the monotonic clock.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromState = (state: CircuitBreaker.State, tokens: number, now: number): Circuit => ({
  ...shared(state),
  tokens,
  ...(state.generation === 0 ? {} : { inStateFor: since(state.since, now) }),
  admitsIn: state.nextAdmission === undefined ? Duration.zero : since(now, state.nextAdmission),
  ...(state.ramp === undefined ? {} : { ramp: { share: state.ramp.share, endsIn: since(now, state.ramp.until) } })
})

/**
 * The report of an explained circuit.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromExplanation = (explanation: Explanation_.Explanation, tokens: number): Explanation => ({
  ...shared(explanation),
  tokens,
  ...(explanation.inStateFor === undefined ? {} : { inStateFor: explanation.inStateFor }),
  admitsIn: explanation.admitsIn,
  ...(explanation.ramp === undefined ? {} : { ramp: explanation.ramp }),
  closeAt: explanation.closeAt,
  moves: explanation.moves.map(({ after, ago, before, outcome, weight }) => ({ ago, outcome, weight, before, after })),
  transitions: explanation.transitions.map((transition) => ({ ago: transition.ago, ...changed(transition) })),
  cause: explanation.cause,
  text: explanation.text
})

/**
 * The report of a transition, where the monotonic clock reads `now` at the wall time `wall`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromTransition = (transition: Events.Transition, now: number, wall: DateTime.Utc): Transition => ({
  key: transition.key,
  at: DateTime.subtractDuration(wall, since(transition.at, now)),
  ...changed(transition)
})

const since = (from: number, to: number): Duration.Duration => Duration.millis(Math.max(0, to - from))

const shared = ({ generation, key, mode, openings, probes, score, status, strain, openBelow }: Shared) => ({
  key,
  status,
  mode: mode._tag,
  reason: mode.reason,
  score,
  openBelow,
  strain,
  openings,
  probes,
  generation
})

type Shared = Omit<CircuitBreaker.State, "since" | "nextAdmission" | "ramp" | "moves" | "closeAt">

const changed = ({ at, from, generation, mode, openings, reason, score, to, until }: Core.Transition) => ({
  from,
  to,
  mode,
  reason,
  score,
  openings,
  generation,
  ...(until === undefined ? {} : { openFor: since(at, until) })
})
