import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import type { HttpServerResponse } from "@effect/platform/HttpServerResponse"
import type * as Effect from "effect/Effect"
import type * as CircuitReport from "../../CircuitReport.ts"
import type { CircuitNotFound, JsonRequired } from "./schemas.ts"

/** A request that changes a circuit. */
export interface Change {
  readonly key: string
  readonly payload: { readonly reason: string; readonly create?: boolean | undefined }
  readonly request: HttpServerRequest
}

type Changing = (change: Change) => Effect.Effect<CircuitReport.Circuit, CircuitNotFound | JsonRequired>

/** What answers each endpoint. */
export interface Answers {
  readonly list: (
    status: typeof CircuitReport.Status.Type | undefined
  ) => Effect.Effect<{ readonly circuits: ReadonlyArray<CircuitReport.Circuit> }>
  readonly explain: (key: string) => Effect.Effect<CircuitReport.Explanation, CircuitNotFound>
  readonly isolate: Changing
  readonly disable: Changing
  readonly observe: Changing
  readonly reset: Changing
  readonly transitions: (lastEventId: string | undefined) => HttpServerResponse
}
