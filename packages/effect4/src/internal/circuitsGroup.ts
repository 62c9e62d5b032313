import type * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type { Endpoints } from "./circuitsEndpoints.ts"

/** The middleware of the group, with what it needs. */
export type GuardOf<Groups> =
  | HttpApiEndpoint.Middleware<HttpApiGroup.Endpoints<HttpApiGroup.WithIdentifier<Groups, "circuits">>>
  | HttpApiGroup.MiddlewareServices<HttpApiGroup.WithIdentifier<Groups, "circuits">>

/** An api that has the group. */
export interface WithCircuits {
  readonly groups: { readonly circuits: Answered }
}

/** The group as its handlers see it, whatever its prefix and its middleware. */
interface Answered extends HttpApiGroup.Constraint {
  readonly identifier: "circuits"
  readonly endpoints: { readonly [E in Endpoints as E["identifier"]]: Handled<E> }
}

interface Handled<E extends Endpoints> extends HttpApiEndpoint.Constraint {
  readonly identifier: E["identifier"]
  readonly "~Success": E["~Success"]
  readonly "~Error": E["~Error"]
  readonly "~Request": Omit<E["~Request"], "endpoint">
  readonly "~RequestRaw": Omit<E["~RequestRaw"], "endpoint">
}

/** The api with no group but ours: the others are answered elsewhere. */
export const narrowed = <ApiId extends string>({
  annotations,
  groups,
  identifier
}: {
  readonly annotations: Context.Context<never>
  readonly identifier: ApiId
} & WithCircuits): HttpApi.HttpApi<ApiId, Answered> =>
  HttpApi.make(identifier).annotateMerge(annotations).add(groups.circuits)
