import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSecurity,
  HttpRouter
} from "@effect/platform"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import * as Operators from "@truce/effect3/Operators"
import * as TransitionFeed from "@truce/effect3/TransitionFeed"
import { Effect, Layer, Redacted, Schema } from "effect"
import * as Http from "node:http"
import { steady } from "../support.ts"

/** A middleware that asks for the token `secret`. */
export class OperatorsOnly extends HttpApiMiddleware.Tag<OperatorsOnly>()("OperatorsOnly", {
  failure: HttpApiError.Unauthorized,
  security: { bearer: HttpApiSecurity.bearer }
}) {}

export const guard = Layer.succeed(OperatorsOnly, {
  bearer: (token) => (Redacted.value(token) === "secret" ? Effect.void : Effect.fail(new HttpApiError.Unauthorized()))
})

/** A middleware without a security scheme. */
export class Plain extends HttpApiMiddleware.Tag<Plain>()("Plain", { failure: HttpApiError.Forbidden }) {}

/** A middleware that lets everything through. */
export class Harmless extends HttpApiMiddleware.Tag<Harmless>()("Harmless", { optional: true }) {}

/** Those that no group may be behind, and what is said of them. */
export const harmless: ReadonlyArray<unknown> = [Harmless]
export const rule = `an HttpApiMiddleware.Tag that is not optional, got "Harmless"`

export type AnyGroup = HttpApiGroup.HttpApiGroup.Any
export type GroupOf<Api extends string, Name extends string> = HttpApiGroup.ApiGroup<Api, Name>

const users = HttpApiGroup.make("users").add(HttpApiEndpoint.get("hello", "/hello").addSuccess(Schema.String))

/** An api of a user's, with the group of the operators beside a group of its own. */
export const api = HttpApi.make("backend").add(users).add(Operators.group(OperatorsOnly).prefix("/internal"))

/** A server of a user's on a free port, with the services it answers from. */
export const serving = (options?: TransitionFeed.Options, router: { readonly maxParamLength?: number } = {}) =>
  HttpApiBuilder.serve().pipe(
    Layer.provide(HttpApiBuilder.api(api)),
    Layer.provide(
      HttpApiBuilder.group(api, "users", (handlers) => handlers.handle("hello", () => Effect.succeed("hello")))
    ),
    Layer.provide(Layer.provide(Operators.layerHandlers(api), guard)),
    Layer.provideMerge(TransitionFeed.layer(options)),
    Layer.provideMerge(steady({ circuit: { openFor: "1 hour", maxRetryAfter: "1 hour" } })),
    Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { port: 0 })),
    Layer.provideMerge(NodeHttpClient.layer),
    Layer.provide(HttpRouter.setRouterConfig(router))
  )

/** What the derived client is asked with: a key, a change to it, circuits of one status. */
export const at = (key: string) => ({ path: { key } })
export const change = <Payload>(key: string, payload: Payload) => ({ path: { key }, payload })
export const having = (status?: "Open") => ({ urlParams: status === undefined ? {} : { status } })

/** What the derived client fails with where it cannot encode what it is asked with. */
export const unencodable = "ParseError"

/** Whether this is all that a request is told that could not be decoded. */
export const isRefusal = (text: string): boolean => JSON.parse(text)._tag === "HttpApiDecodeError"

/** The statuses that the document has for a change. */
export const statuses: ReadonlyArray<string> = ["200", "400", "401", "404", "415"]
