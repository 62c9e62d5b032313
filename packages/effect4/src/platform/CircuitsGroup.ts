import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import type * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { Answers, Change } from "../run/operators/answers.ts"
import {
  type Endpoints,
  disable,
  explain,
  isolate,
  list,
  observe,
  reset,
  transitions
} from "../run/operators/endpoints.ts"

export type AnyMiddleware = HttpApiMiddleware.AnyId

export type AnyGroup = HttpApiGroup.Constraint

/** What an api provides once its group is answered. */
export type Answered<ApiId extends string> = HttpApiGroup.Service<ApiId, "circuits">

/** The middleware of the group, with what it needs. */
export type GuardOf<Groups> =
  | HttpApiEndpoint.Middleware<HttpApiGroup.Endpoints<HttpApiGroup.WithIdentifier<Groups, "circuits">>>
  | HttpApiGroup.MiddlewareServices<HttpApiGroup.WithIdentifier<Groups, "circuits">>

/** An api that has the group. */
interface WithCircuits {
  readonly groups: { readonly circuits: Ours }
}

/** The group as its handlers see it, whatever its prefix and its middleware. */
interface Ours extends HttpApiGroup.Constraint {
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

/** An api of somebody, which has the group. */
export type Api<ApiId extends string, Groups extends AnyGroup> = HttpApi.HttpApi<ApiId, Groups> & WithCircuits

/**
 * The group, behind the middleware `I`.
 *
 * @category models
 * @since 0.1.0
 */
export type Group<I extends AnyMiddleware> = HttpApiGroup.HttpApiGroup<
  "circuits",
  HttpApiEndpoint.AddMiddleware<Endpoints, I>
>

/**
 * The class of a middleware that can reject a request: one that declares no error cannot, nor can `ProblemDetails`, and does not compile.
 *
 * @category models
 * @since 0.1.0
 */
export type Guard<I extends AnyMiddleware, S> = Context.Key<I, S> & {
  readonly error: ReadonlySet<Schema.Top>
} & ([HttpApiMiddleware.ErrorSchema<I>] extends [never] ? never : unknown) &
  (I extends HttpApiMiddleware.ProblemDetails ? never : unknown)

/**
 * Says where an api has no group of ours.
 *
 * @category models
 * @since 0.1.0
 */
export type HasGroup<Groups extends AnyGroup> = [HttpApiGroup.WithIdentifier<Groups, "circuits">] extends [never]
  ? "add Operators.group(...) to the api first"
  : unknown

export const guardRule =
  "an HttpApiMiddleware.Service that can reject: one that declares an error, and is not ProblemDetails"

export const isGuard = (given: unknown): boolean =>
  typeof given === "function" &&
  hasProperty(given, "requiredForClient") &&
  hasProperty(given, "error") &&
  given.error instanceof Set &&
  given.error.size > 0 &&
  given !== HttpApiMiddleware.ProblemDetails

export const guarded = <I extends AnyMiddleware, S>(middleware: Guard<I, S>): Group<I> =>
  HttpApiGroup.make("circuits")
    .add(list, explain, isolate, disable, observe, reset, transitions)
    .middleware<I, S>(middleware)

export const answering = <ApiId extends string, Groups extends AnyGroup, R>(
  api: Api<ApiId, Groups>,
  answers: Effect.Effect<Answers, never, R>
): Layer.Layer<Answered<ApiId>, never, R | GuardOf<Groups>> =>
  HttpApiBuilder.group(narrowed(api), "circuits", (handlers) =>
    Effect.map(answers, (answer) =>
      handlers.handleAll({
        list: ({ query: { status } }) => answer.list(status),
        explain: ({ params: { key } }) => answer.explain(key),
        isolate: (request) => answer.isolate(changeOf(request)),
        disable: (request) => answer.disable(changeOf(request)),
        observe: (request) => answer.observe(changeOf(request)),
        reset: (request) => answer.reset(changeOf(request)),
        transitions: ({ headers }) => Effect.succeed(answer.transitions(headers["last-event-id"]))
      })
    )
  )

const changeOf = ({
  params: { key },
  payload,
  request
}: Omit<Change, "key"> & { readonly params: { readonly key: string } }): Change => ({ key, payload, request })

/** The api with no group but ours: the others are answered elsewhere. */
const narrowed = <ApiId extends string>({
  annotations,
  groups,
  identifier
}: {
  readonly annotations: Context.Context<never>
  readonly identifier: ApiId
} & WithCircuits): HttpApi.HttpApi<ApiId, Ours> =>
  HttpApi.make(identifier).annotateMerge(annotations).add(groups.circuits)
