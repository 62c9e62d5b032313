/** What crosses between the client and the server: the name of a request, and the commands to the server's worker. */
import { Schema } from "effect"
import { Timeline } from "./Scenario.ts"

export const DesignId = Schema.Literal("fused", "outside", "truce")
export type DesignId = typeof DesignId.Type

/** One attempt of one call. The same call and attempt meet the same fate in every design. */
export const RequestId = Schema.Struct({
  design: DesignId,
  call: Schema.NumberFromString,
  attempt: Schema.NumberFromString
})
export type RequestId = typeof RequestId.Type

/** A request that reached the server, `at` milliseconds after `Begin`. */
export class Receipt extends Schema.Class<Receipt>("Receipt")({
  ...RequestId.fields,
  at: Schema.Number
}) {}

/** Answers with the port. */
export class Listen extends Schema.TaggedRequest<Listen>()("Listen", {
  failure: Schema.Never,
  success: Schema.Number,
  payload: {}
}) {}

export class Begin extends Schema.TaggedRequest<Begin>()("Begin", {
  failure: Schema.Never,
  success: Schema.Void,
  payload: { timeline: Timeline, seed: Schema.Number }
}) {}

export class Receipts extends Schema.TaggedRequest<Receipts>()("Receipts", {
  failure: Schema.Never,
  success: Schema.Array(Receipt),
  payload: {}
}) {}

export const Command = Schema.Union(Listen, Begin, Receipts)
export type Command = typeof Command.Type
