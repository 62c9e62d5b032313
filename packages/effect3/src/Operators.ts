/**
 * An `HttpApi` group for operators: read circuits, ask why, take control, follow transitions.
 *
 * It is closed by construction: there is no group without a middleware of yours, which runs before anything else does.
 *
 * @since 0.1.0
 */
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { InvalidOption } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { CircuitBreaker, type State } from "./CircuitBreaker.ts"
import * as CircuitReport from "./CircuitReport.ts"
import type { Answers, Change } from "./run/operators/answers.ts"
import { CircuitNotFound, JsonRequired } from "./run/operators/schemas.ts"
import { now } from "./platform/Monotonic.ts"
import {
  type AnyGroup,
  type AnyMiddleware,
  type Answered,
  type Api,
  type Group,
  type Guard,
  type GuardOf,
  type HasGroup,
  answering,
  guardRule,
  guarded,
  isGuard
} from "./platform/CircuitsGroup.ts"
import { RetryBudget } from "./RetryBudget.ts"
import * as TransitionFeed from "./TransitionFeed.ts"

export type { Endpoints } from "./run/operators/endpoints.ts"
export { CircuitNotFound, JsonRequired, Reason } from "./run/operators/schemas.ts"
export type { Group, Guard, HasGroup } from "./platform/CircuitsGroup.ts"

/**
 * The group `circuits`, to be added to an `HttpApi` of yours. All of it is behind your middleware, whose failure is the response.
 *
 * Throws `InvalidOption` for what is not a middleware that can reject.
 *
 * **Example** (Behind a bearer token)
 *
 * ```ts
 * import { HttpApi, HttpApiError, HttpApiMiddleware, HttpApiSecurity, OpenApi } from "@effect/platform"
 * import * as Operators from "@truce/effect3/Operators"
 *
 * class OperatorsOnly extends HttpApiMiddleware.Tag<OperatorsOnly>()("OperatorsOnly", {
 *   failure: HttpApiError.Unauthorized,
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
export const group = <I extends AnyMiddleware, S>(middleware: Guard<I, S>): Group<I> => {
  const given: unknown = middleware
  if (!isGuard(given)) {
    const shown = typeof given === "function" ? given.name : given
    throw new InvalidOption.InvalidOption("Operators.group", "middleware", guardRule, shown)
  }
  return guarded(middleware)
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
 * import { HttpApi, HttpApiBuilder, HttpApiError, HttpApiMiddleware, HttpApiSecurity, HttpServer } from "@effect/platform"
 * import { Truce } from "@truce/effect3"
 * import * as Operators from "@truce/effect3/Operators"
 * import { Effect, Layer, Redacted } from "effect"
 *
 * class OperatorsOnly extends HttpApiMiddleware.Tag<OperatorsOnly>()("OperatorsOnly", {
 *   failure: HttpApiError.Unauthorized,
 *   security: { bearer: HttpApiSecurity.bearer }
 * }) {}
 * const guard = Layer.succeed(OperatorsOnly, {
 *   bearer: (token) => (Redacted.value(token) === "secret" ? Effect.void : Effect.fail(new HttpApiError.Unauthorized()))
 * })
 *
 * const api = HttpApi.make("backend").add(Operators.group(OperatorsOnly))
 * const live = HttpApiBuilder.api(api).pipe(
 *   Layer.provide(Operators.layer(api)),
 *   Layer.provide([guard, Truce.layer()])
 * )
 * const { dispose, handler } = HttpApiBuilder.toWebHandler(Layer.mergeAll(live, HttpServer.layerContext))
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
export const layer = <ApiId extends string, Groups extends AnyGroup>(
  api: Api<ApiId, Groups> & HasGroup<Groups>,
  options?: TransitionFeed.Options
): Layer.Layer<Answered<ApiId>, never, CircuitBreaker | RetryBudget | GuardOf<Groups>> =>
  Layer.provide(layerHandlers(api), TransitionFeed.layer(options))

/**
 * The same on a feed that is yours, which other routes can send too.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHandlers = <ApiId extends string, Groups extends AnyGroup>(
  api: Api<ApiId, Groups> & HasGroup<Groups>
): Layer.Layer<
  Answered<ApiId>,
  never,
  CircuitBreaker | RetryBudget | TransitionFeed.TransitionFeed | GuardOf<Groups>
> => answering(api, answers)

const answers = Effect.gen(function* () {
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
    ({ key, payload: { create = false, reason }, request }: Change) =>
      Effect.gen(function* () {
        yield* declaredJson(request)
        if (!create) yield* known(key)
        yield* change(key, reason)
        return yield* Effect.flatMap(breaker.state(key), report)
      })
  const answers: Answers = {
    list: (status) =>
      Effect.gen(function* () {
        const states = yield* breaker.states
        const wanted = status === undefined ? states : states.filter((state) => state.status === status)
        const circuits = yield* Effect.forEach(wanted, report)
        return { circuits: circuits.sort((left, right) => (left.key < right.key ? -1 : 1)) }
      }),
    explain: (key) =>
      Effect.andThen(
        known(key),
        Effect.zipWith(breaker.explain(key), budget.tokens(key), CircuitReport.fromExplanation)
      ),
    isolate: controlled(breaker.isolate),
    disable: controlled(breaker.disable),
    observe: controlled(breaker.observe),
    reset: controlled(breaker.reset),
    transitions: (lastEventId) =>
      HttpServerResponse.stream(Stream.encodeText(feed.events(lastEventId)), {
        contentType: "text/event-stream",
        // Neither a cache nor a proxy that collects may sit on an event.
        headers: { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" }
      })
  }
  return answers
})

const notFound = (key: string) =>
  new CircuitNotFound({
    key,
    message: `no circuit has the key ${JSON.stringify(key)}: it has not been called, or was idle and dropped; send "create": true to isolate, disable or observe it before its next call`
  })

const declaredJson = ({ headers }: HttpServerRequest) =>
  /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")
    ? Effect.void
    : Effect.fail(new JsonRequired({ message: "send the body with content-type: application/json" }))
