import * as OpenApi from "@effect/platform/OpenApi"
import * as Bare from "../../platform/CircuitsEndpoints.ts"
import { Control, Reset } from "./schemas.ts"

export const list = Bare.list
  .annotate(OpenApi.Summary, "List circuits")
  .annotate(OpenApi.Description, "All circuits, or those of one status, by key.")

export const explain = Bare.explain
  .annotate(OpenApi.Summary, "Explain a circuit")
  .annotate(
    OpenApi.Description,
    "Why it is in its state, what moved its score last, and when the next call is admitted."
  )

const until = "until another manual change"
export const isolate = Bare.control("isolate", Control)
  .annotate(OpenApi.Summary, "Force a circuit open")
  .annotate(OpenApi.Description, `Every call is rejected ${until}.`)
export const disable = Bare.control("disable", Control)
  .annotate(OpenApi.Summary, "Force a circuit closed")
  .annotate(OpenApi.Description, `Every call is admitted ${until}; the score goes on.`)
export const observe = Bare.control("observe", Control)
  .annotate(OpenApi.Summary, "Let a circuit report only")
  .annotate(OpenApi.Description, `The rules decide and report, and reject nothing, ${until}.`)
export const reset = Bare.control("reset", Reset)
  .annotate(OpenApi.Summary, "Give a circuit back to the rules")
  .annotate(OpenApi.Description, "It is closed, with a score of 1 and no memory of openings.")

export const transitions = Bare.transitions
  .annotate(OpenApi.Summary, "Follow transitions")
  .annotate(
    OpenApi.Description,
    "Every change of state or mode as a server-sent event `transition`, whose data is a CircuitTransition in JSON. A reader that comes back with Last-Event-ID is sent what it has missed; an event `lost` says how many are gone."
  )

/**
 * The endpoints of the group.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoints =
  | typeof list
  | typeof explain
  | typeof isolate
  | typeof disable
  | typeof observe
  | typeof reset
  | typeof transitions
