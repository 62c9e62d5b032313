/**
 * The error of a call that was not attempted because the circuit rejected it.
 *
 * @since 0.1.0
 */
import { Printable } from "@truce/core"
import * as Duration from "effect/Duration"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { ownMessage } from "./run/errors/message.ts"
import { untraced } from "./run/errors/untraced.ts"

/** What is known of the class by every copy of this package. */
const typeId: unique symbol = Symbol.for("@truce/effect3/CircuitOpen")

/**
 * Fails because the circuit for `key` admits no attempt now; no attempt was made.
 *
 * `state` is Open, HalfOpen (all probes are out), SlowStart (closed, and so far it admits a share) or Isolated (by an operator);
 * `retryAfter` is the time until the next admission is possible, infinite while Isolated; `health` is the score in [0, 1]; `openedBy` names
 * the failure that opened it, where this process saw it. No stack trace is captured: a rejection is no surprise.
 *
 * **Example** (Answering with what the error knows)
 *
 * ```ts
 * import { CircuitOpen } from "@truce/effect3"
 * import { Duration } from "effect"
 *
 * const error = CircuitOpen.make({
 *   key: "users-api", state: "Open", retryAfter: Duration.millis(4200), health: 0.08, generation: 1
 * })
 * error.message // => "circuit users-api is open, retry after 4.2 s"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class CircuitOpen extends Schema.TaggedError<CircuitOpen>("@truce/effect3/CircuitOpen")("CircuitOpen", {
  key: Schema.String,
  state: Schema.Literal("Open", "HalfOpen", "SlowStart", "Isolated"),
  retryAfter: Schema.Duration,
  health: Schema.Number,
  generation: Schema.Number,
  openedBy: Schema.optional(Schema.String)
}) {
  readonly #text: string = ownMessage(this, textOf(this))

  get [typeId](): typeof typeId {
    return typeId
  }

  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return this.#text
  }
}

const textOf = ({ key, openedBy, retryAfter, state }: CircuitOpen): string => {
  const wait = Duration.toMillis(retryAfter)
  const by = openedBy === undefined ? "" : ` (${Printable.shown(openedBy)})`
  const head = `circuit ${Printable.shown(key)} is ${names[state]}${by}`
  if (wait === Infinity) return head
  return `${head}, retry after ${wait < 1_000 ? `${Math.ceil(wait)} ms` : `${(wait / 1_000).toFixed(1)} s`}`
}

const names = { Open: "open", HalfOpen: "half-open", SlowStart: "in slow start", Isolated: "isolated" } as const

/**
 * Builds the error without a stack trace and without checking the fields.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (fields: {
  readonly key: string
  readonly state: "Open" | "HalfOpen" | "SlowStart" | "Isolated"
  readonly retryAfter: Duration.Duration
  readonly health: number
  readonly generation: number
  readonly openedBy?: string | undefined
}): CircuitOpen => untraced(() => new CircuitOpen(fields, { disableValidation: true }))

/**
 * Whether an error is a rejection by a circuit, of this copy of the package or of another one in the same program.
 *
 * @category guards
 * @since 0.1.0
 */
export const isCircuitOpen = (u: unknown): u is CircuitOpen => hasProperty(u, typeId)
