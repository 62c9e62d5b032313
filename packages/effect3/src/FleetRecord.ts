/**
 * What a fleet has stored of one key, for who reads it from outside: a dashboard, a script, an alert.
 *
 * The fleet itself reads a record by the rules of its own health model, and judges by nothing else.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

const Mode = Schema.Struct({
  _tag: Schema.Literal("Automatic", "Isolated", "Disabled", "Observing"),
  reason: Schema.String,
  since: Schema.Finite
})

const State = Schema.Union(
  Schema.Struct({
    _tag: Schema.Literal("Closed"),
    since: Schema.Finite,
    ramp: Schema.optional(Schema.Struct({ until: Schema.Finite, credit: Schema.Finite }))
  }),
  Schema.Struct({
    _tag: Schema.Literal("Open"),
    since: Schema.Finite,
    until: Schema.Finite,
    score: Schema.Finite
  }),
  Schema.Struct({
    _tag: Schema.Literal("HalfOpen"),
    since: Schema.Finite,
    suspicion: Schema.Finite,
    leases: Schema.Array(Schema.Struct({ probe: Schema.Finite, until: Schema.Finite })),
    nextProbe: Schema.Finite
  })
)

/**
 * The record of version 1, of any health model: `health` is that model's own. Times are milliseconds since 1970 on the clock of the store.
 *
 * `witnesses` are hashes of the processes that have failed since the score was last 1, none once it has opened; `by` is who wrote it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.Struct({
  v: Schema.Literal(1),
  circuit: Schema.Struct({
    version: Schema.Literal(1),
    model: Schema.String,
    takenAt: Schema.Finite,
    mode: Mode,
    state: State,
    generation: Schema.NonNegativeInt,
    openings: Schema.Struct({
      inARow: Schema.NonNegativeInt,
      lastMillis: Schema.Finite,
      rampMillis: Schema.Finite
    }),
    seed: Schema.Finite,
    traffic: Schema.Struct({ attempts: Schema.Finite, failures: Schema.Finite, at: Schema.Finite }),
    health: Schema.Unknown
  }),
  witnesses: Schema.Array(Schema.NonNegativeInt),
  by: Schema.optional(Schema.String)
})

/**
 * A record.
 *
 * @category models
 * @since 0.1.0
 */
export type FleetRecord = typeof schema.Type

/**
 * The record of a stored text; fails with `ParseError` for what is none.
 *
 * **Example** (Reading what `GET truce:users-api` gives)
 *
 * ```ts
 * import * as FleetRecord from "@truce/effect3/FleetRecord"
 * import { Effect } from "effect"
 *
 * const text = `{"v":1,"circuit":{"version":1,"model":"ledger","takenAt":9,"mode":{"_tag":"Automatic","reason":"","since":0},
 *   "state":{"_tag":"Open","since":5,"until":505,"score":0.08},"generation":2,"openings":{"inARow":1,"lastMillis":500,"rampMillis":0},
 *   "seed":7,"traffic":{"attempts":14,"failures":14,"at":9},"health":{"suspicion":0.92,"at":9}},"witnesses":[],"by":"k3x/4"}`
 *
 * const { circuit } = await Effect.runPromise(FleetRecord.decode(text))
 * circuit.state._tag // => "Open"
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode: (text: string) => Effect.Effect<FleetRecord, ParseResult.ParseError> = Schema.decode(
  Schema.parseJson(schema)
)
