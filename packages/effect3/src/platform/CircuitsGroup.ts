import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
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

export type AnyMiddleware = HttpApiMiddleware.HttpApiMiddleware.AnyId

export type AnyGroup = HttpApiGroup.HttpApiGroup.Any

/** What an api provides once its group is answered. */
export type Answered<ApiId extends string> = HttpApiGroup.ApiGroup<ApiId, "circuits">

/** The middleware of the group, with what it needs. */
export type GuardOf<Groups extends AnyGroup> = HttpApiGroup.HttpApiGroup.MiddlewareWithName<Groups, "circuits">

/** An api of somebody. */
export interface Api<ApiId extends string, Groups extends AnyGroup> extends HttpApi.HttpApi.Any {
  readonly identifier: ApiId
  readonly groups: Readonly<Record<string, Groups>>
}

/**
 * The group, behind the middleware `I`.
 *
 * @category models
 * @since 0.1.0
 */
export type Group<I> = HttpApiGroup.HttpApiGroup<
  "circuits",
  Endpoints,
  HttpApiMiddleware.HttpApiMiddleware.Error<I>,
  I | HttpApiMiddleware.HttpApiMiddleware.ErrorContext<I>
>

/**
 * The tag of a middleware that can reject a request: one made with `optional: true` cannot, and does not compile.
 *
 * @category models
 * @since 0.1.0
 */
export type Guard<I, S> = Context.Tag<I, S> & {
  readonly [HttpApiMiddleware.TypeId]: HttpApiMiddleware.TypeId
  readonly optional: false
}

/**
 * Says where an api has no group of ours.
 *
 * @category models
 * @since 0.1.0
 */
export type HasGroup<Groups extends AnyGroup> = [HttpApiGroup.HttpApiGroup.WithName<Groups, "circuits">] extends [never]
  ? "add Operators.group(...) to the api first"
  : unknown

export const guardRule = "an HttpApiMiddleware.Tag that is not optional"

export const isGuard = (given: unknown): boolean =>
  typeof given === "function" &&
  Reflect.get(given, HttpApiMiddleware.TypeId) === HttpApiMiddleware.TypeId &&
  Reflect.get(given, "optional") === false

export const guarded = <I extends AnyMiddleware, S>(middleware: Guard<I, S>): Group<I> =>
  HttpApiGroup.make("circuits")
    .add(list)
    .add(explain)
    .add(isolate)
    .add(disable)
    .add(observe)
    .add(reset)
    .add(transitions)
    .middleware(middleware)

export const answering = <ApiId extends string, Groups extends AnyGroup, R>(
  api: Api<ApiId, Groups>,
  answers: Effect.Effect<Answers, never, R>
): Layer.Layer<Answered<ApiId>, never, R | GuardOf<Groups>> =>
  HttpApiBuilder.group(narrowed(api), "circuits", (handlers) =>
    Effect.map(answers, (answer) =>
      handlers
        .handle("list", ({ urlParams: { status } }) => answer.list(status))
        .handle("explain", ({ path: { key } }) => answer.explain(key))
        .handle("isolate", (request) => answer.isolate(changeOf(request)))
        .handle("disable", (request) => answer.disable(changeOf(request)))
        .handle("observe", (request) => answer.observe(changeOf(request)))
        .handle("reset", (request) => answer.reset(changeOf(request)))
        .handleRaw("transitions", ({ headers }) => Effect.succeed(answer.transitions(headers["last-event-id"])))
    )
  )

const changeOf = ({
  path: { key },
  payload,
  request
}: Omit<Change, "key"> & { readonly path: { readonly key: string } }): Change => ({ key, payload, request })

/** The api with no group but ours: the others are answered elsewhere. */
const narrowed = <ApiId extends string, Groups extends AnyGroup>(api: Api<ApiId, Groups>) =>
  api as unknown as HttpApi.HttpApi<ApiId, Group<never>>
