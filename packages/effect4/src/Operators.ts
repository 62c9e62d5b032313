/**
 * An `HttpApi` group for operators: read circuits, ask why, take control, follow transitions.
 *
 * It is closed by construction: there is no group without a middleware of yours, which runs before anything else does.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as OpenApi from "effect/http-api/OpenApi"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { CircuitBreaker, type State } from "./CircuitBreaker.ts"
import * as CircuitReport from "./CircuitReport.ts"
import {
  CircuitNotFound,
  type Endpoints,
  JsonRequired,
  disable,
  explain,
  isolate,
  list,
  observe,
  reset,
  transitions
} from "./internal/circuitsEndpoints.ts"
import { type GuardOf, type WithCircuits, narrowed } from "./internal/circuitsGroup.ts"
import { now } from "./internal/monotonic.ts"
import { RetryBudget } from "./RetryBudget.ts"
import * as TransitionFeed from "./TransitionFeed.ts"

export { CircuitNotFound, type Endpoints, JsonRequired, Reason } from "./internal/circuitsEndpoints.ts"

/**
 * The group, behind the middleware `I`.
 *
 * @category models
 * @since 0.1.0
 */
export type Group<I extends HttpApiMiddleware.AnyId> = HttpApiGroup.HttpApiGroup<
  "circuits",
  HttpApiEndpoint.AddMiddleware<Endpoints, I>
>

/**
 * The class of a middleware that can reject a request: one that declares no error cannot, nor can `ProblemDetails`, and does not compile.
 *
 * @category models
 * @since 0.1.0
 */
export type Guard<I extends HttpApiMiddleware.AnyId, S> = Context.Key<I, S> & {
  readonly error: ReadonlySet<Schema.Top>
} & ([HttpApiMiddleware.ErrorSchema<I>] extends [never] ? never : unknown) &
  (I extends HttpApiMiddleware.ProblemDetails ? never : unknown)

/**
 * The group `circuits`, to be added to an `HttpApi` of yours. All of it is behind your middleware, whose failure is the response.
 *
 * A request that cannot be read is a 400 without a body; `HttpApiMiddleware.ProblemDetails`, as another middleware of your api or of the
 * group, says what is wrong with it. Throws `InvalidOption` for what is not a middleware that can reject.
 *
 * **Example** (Behind a bearer token)
 *
 * ```ts
 * import * as Operators from "@truce/effect4/Operators"
 * import { HttpApi, HttpApiError, HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
 *
 * class OperatorsOnly extends HttpApiMiddleware.Service<OperatorsOnly>()("OperatorsOnly", {
 *   error: HttpApiError.Unauthorized,
 *   security: { bearer: HttpApiSecurity.bearer }
 * }) {}
 *
 * const api = HttpApi.make("backend").add(Operators.group(OperatorsOnly).prefix("/internal"))
 * Object.keys(OpenApi.fromApi(api).paths).length // => 7
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const group = <I extends HttpApiMiddleware.AnyId, S>(middleware: Guard<I, S>): Group<I> => {
  const given: unknown = middleware
  const isGuard =
    typeof given === "function" &&
    hasProperty(given, "requiredForClient") &&
    hasProperty(given, "error") &&
    given.error instanceof Set &&
    given.error.size > 0 &&
    given !== HttpApiMiddleware.ProblemDetails
  if (!isGuard) {
    throw new InvalidOption.InvalidOption(
      "Operators.group",
      "middleware",
      "an HttpApiMiddleware.Service that can reject: one that declares an error, and is not ProblemDetails",
      typeof given === "function" ? given.name : given
    )
  }
  return HttpApiGroup.make("circuits")
    .add(list, explain, isolate, disable, observe, reset, transitions)
    .middleware<I, S>(middleware)
    .annotate(OpenApi.Title, "Circuits")
    .annotate(OpenApi.Description, "Circuit breakers: state, cause and manual control.")
}

/**
 * Answers the group `circuits` of an api of yours, with the circuits and budgets of the program.
 *
 * Dies with `InvalidOption` when built with an impossible option.
 *
 * **Example** (Asked without and with a token)
 *
 * ```ts
 * import { Truce } from "@truce/effect4"
 * import * as Operators from "@truce/effect4/Operators"
 * import { Effect, Layer, Redacted } from "effect"
 * import { HttpRouter, HttpServer } from "effect/http"
 * import { HttpApi, HttpApiBuilder, HttpApiError, HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
 *
 * class OperatorsOnly extends HttpApiMiddleware.Service<OperatorsOnly>()("OperatorsOnly", {
 *   error: HttpApiError.Unauthorized,
 *   security: { bearer: HttpApiSecurity.bearer }
 * }) {}
 * const guard = Layer.succeed(OperatorsOnly, {
 *   bearer: (answer, { credential }) =>
 *     Redacted.value(credential) === "secret" ? answer : Effect.fail(new HttpApiError.Unauthorized())
 * })
 *
 * const api = HttpApi.make("backend").add(Operators.group(OperatorsOnly))
 * const live = HttpApiBuilder.layer(api).pipe(
 *   Layer.provide(Operators.layer(api)),
 *   Layer.provide([guard, Truce.layer(), HttpServer.layerServices])
 * )
 * const { dispose, handler } = HttpRouter.toWebHandler(live)
 * const ask = async (token: string) =>
 *   (await handler(new Request("http://localhost/circuits", { headers: { authorization: `Bearer ${token}` } }))).status
 *
 * const statuses = [await ask("guess"), await ask("secret")]
 * await dispose()
 * statuses // => [401, 200]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <ApiId extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<ApiId, Groups> & HasGroup<Groups> & WithCircuits,
  options?: TransitionFeed.Options
): Layer.Layer<HttpApiGroup.Service<ApiId, "circuits">, never, CircuitBreaker | RetryBudget | GuardOf<Groups>> =>
  Layer.provide(layerHandlers(api), TransitionFeed.layer(options))

/**
 * The same on a feed that is yours, which other routes can send too.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHandlers = <ApiId extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<ApiId, Groups> & HasGroup<Groups> & WithCircuits
): Layer.Layer<
  HttpApiGroup.Service<ApiId, "circuits">,
  never,
  CircuitBreaker | RetryBudget | TransitionFeed.TransitionFeed | GuardOf<Groups>
> =>
  HttpApiBuilder.group(narrowed(api), "circuits", (handlers) =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker
      const budget = yield* RetryBudget
      const feed = yield* TransitionFeed.TransitionFeed
      const report = (state: State) =>
        Effect.zipWith(budget.tokens(state.key), now, (tokens, at) => CircuitReport.fromState(state, tokens, at))
      const known = (key: string) =>
        Effect.flatMap(breaker.states, (states) =>
          states.some((state) => state.key === key) ? Effect.void : Effect.fail(notFound(key))
        )
      const controlled =
        (change: (key: string, reason: string) => Effect.Effect<void>) =>
        ({ params: { key }, payload: { create = false, reason }, request }: Controlling) =>
          Effect.gen(function* () {
            yield* declaredJson(request)
            if (!create) yield* known(key)
            yield* change(key, reason)
            return yield* Effect.flatMap(breaker.state(key), report)
          })
      return handlers.handleAll({
        list: ({ query: { status } }) =>
          Effect.gen(function* () {
            const states = yield* breaker.states
            const wanted = status === undefined ? states : states.filter((state) => state.status === status)
            const circuits = yield* Effect.forEach(wanted, report)
            return { circuits: circuits.sort((left, right) => (left.key < right.key ? -1 : 1)) }
          }),
        explain: ({ params: { key } }) =>
          Effect.andThen(
            known(key),
            Effect.zipWith(breaker.explain(key), budget.tokens(key), CircuitReport.fromExplanation)
          ),
        isolate: controlled(breaker.isolate),
        disable: controlled(breaker.disable),
        observe: controlled(breaker.observe),
        reset: controlled(breaker.reset),
        transitions: ({ headers }) =>
          Effect.succeed(
            HttpServerResponse.stream(Stream.encodeText(feed.events(headers["last-event-id"])), {
              contentType: "text/event-stream",
              // Neither a cache nor a proxy that collects may sit on an event.
              headers: { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" }
            })
          )
      })
    })
  )

/**
 * Says where an api has no group of ours.
 *
 * @category models
 * @since 0.1.0
 */
export type HasGroup<Groups extends HttpApiGroup.Constraint> = [
  HttpApiGroup.WithIdentifier<Groups, "circuits">
] extends [never]
  ? "add Operators.group(...) to the api first"
  : unknown

interface Controlling {
  readonly params: { readonly key: string }
  readonly payload: { readonly reason: string; readonly create?: boolean | undefined }
  readonly request: HttpServerRequest
}

const notFound = (key: string) =>
  new CircuitNotFound({
    key,
    message: `no circuit has the key ${JSON.stringify(key)}: it has not been called, or was idle and dropped; send "create": true to isolate, disable or observe it before its next call`
  })

const declaredJson = ({ headers }: HttpServerRequest) =>
  /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")
    ? Effect.void
    : Effect.fail(new JsonRequired({ message: "send the body with content-type: application/json" }))
