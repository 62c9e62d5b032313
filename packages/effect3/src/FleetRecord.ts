/**
 * What the store of a fleet keeps of one key: a versioned JSON record, for programs that read it.
 *
 * `redis-cli get truce:users-api` prints one. All times are milliseconds on the clock of the store.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { NonNegative, Share, optionalKey } from "./platform/Schema.ts"

/**
 * The version of the record that this release writes and judges; it leaves another as it is.
 *
 * @category constants
 * @since 0.1.0
 */
export const version = 1

const Whole = Schema.NonNegativeInt

/**
 * The state of the circuit: `until` is the end of the open time, of a ramp or of a lease; `suspicion` and `score` are in [0, 1]; of
 * the `leases` each is a probe under way in some process.
 *
 * @category schemas
 * @since 0.1.0
 */
export const State = Schema.Union(
  Schema.TaggedStruct("Closed", {
    since: Schema.Finite,
    ramp: Schema.optional(Schema.Struct({ until: Schema.Finite, credit: Share }))
  }),
  Schema.TaggedStruct("Open", { since: Schema.Finite, until: Schema.Finite, score: Share }),
  Schema.TaggedStruct("HalfOpen", {
    since: Schema.Finite,
    suspicion: Share,
    leases: Schema.Array(Schema.Struct({ probe: Whole, until: Schema.Finite })),
    nextProbe: Whole
  })
)

/**
 * The judgement of the fleet, as a snapshot of a circuit: `takenAt` is when it was written, `generation` the number of its transitions,
 * `health` what the `model` keeps, and `openings.lastMillis` the last open time.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Circuit = Schema.Struct({
  version: Schema.Literal(1),
  model: Schema.String,
  takenAt: Schema.Finite,
  mode: Schema.Struct({
    _tag: Schema.Literal("Automatic", "Isolated", "Disabled", "Observing"),
    reason: Schema.String,
    since: Schema.Finite
  }),
  state: State,
  generation: Whole,
  openings: Schema.Struct({ inARow: Whole, lastMillis: NonNegative, rampMillis: NonNegative }),
  seed: Schema.Finite,
  traffic: Schema.Struct({
    attempts: NonNegative,
    failures: NonNegative,
    at: Schema.Finite,
    slowest: optionalKey(NonNegative),
    succeededAt: optionalKey(Schema.Finite)
  }),
  health: Schema.Unknown
})

/**
 * The record: `witnesses` are hashes of the processes that have failed, as many as an opening needs; `by` is who wrote it: the
 * process, a random name of its start, and its how manieth write.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.Struct({
  v: Schema.Literal(version),
  circuit: Circuit,
  witnesses: Schema.Array(Whole),
  by: Schema.String
})

/**
 * A record.
 *
 * @category models
 * @since 0.1.0
 */
export type FleetRecord = typeof schema.Type

/**
 * The record as the text that is stored. Text that is none gives the error of `effect/Schema`, with the path of the field.
 *
 * **Example** (What a fleet thinks of a key)
 *
 * ```ts
 * import * as FleetRecord from "@truce/effect3/FleetRecord"
 * import { Effect, Schema } from "effect"
 *
 * // redis-cli get truce:users-api
 * const stored = `{"v":1,"circuit":{"version":1,"model":"ledger","takenAt":9500,
 *   "mode":{"_tag":"Automatic","reason":"","since":0},"state":{"_tag":"Open","since":9000,"until":9600,"score":0},
 *   "generation":1,"openings":{"inARow":1,"lastMillis":600,"rampMillis":0},"seed":7,
 *   "traffic":{"attempts":6,"failures":6,"at":9000},"health":{"suspicion":1,"at":9000}},
 *   "witnesses":[17,4711],"by":"web-1/1spx8q4f1x6/3"}`
 * const { circuit } = await Effect.runPromise(Schema.decode(FleetRecord.fromJson)(stored))
 * circuit.state._tag // => "Open"
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const fromJson = Schema.parseJson(schema)
