import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import * as Operators from "@truce/effect4/Operators"
import * as TransitionFeed from "@truce/effect4/TransitionFeed"
import { Effect, Layer, Redacted, Schema } from "effect"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSecurity
} from "effect/http-api"
import { HttpRouter } from "effect/http"
import * as Http from "node:http"
import { steady } from "../support.ts"

/** A middleware that asks for the token `secret`. */
export class OperatorsOnly extends HttpApiMiddleware.Service<OperatorsOnly>()("OperatorsOnly", {
  error: HttpApiError.UnauthorizedNoContent,
  security: { bearer: HttpApiSecurity.bearer }
}) {}

export const guard = Layer.succeed(OperatorsOnly, {
  bearer: (answer, { credential }) =>
    Redacted.value(credential) === "secret" ? answer : Effect.fail(new HttpApiError.Unauthorized())
})

/** A middleware without a security scheme. */
export class Plain extends HttpApiMiddleware.Service<Plain>()("Plain", { error: HttpApiError.Forbidden }) {}

/** A middleware that lets everything through. */
export class Harmless extends HttpApiMiddleware.Service<Harmless>()("Harmless") {}

/** Those that no group may be behind, and what is said of them. */
export const harmless: ReadonlyArray<unknown> = [Harmless, HttpApiMiddleware.ProblemDetails]
export const rule =
  "an HttpApiMiddleware.Service that can reject: one that declares an error, and is not ProblemDetails, got "

export type AnyGroup = HttpApiGroup.Constraint
export type GroupOf<Api extends string, Name extends string> = HttpApiGroup.Service<Api, Name>

const users = HttpApiGroup.make("users").add(HttpApiEndpoint.get("hello", "/hello", { success: Schema.String }))

/** An api of a user's, with the group of the operators beside a group of its own. */
export const api = HttpApi.make("backend").add(users).add(Operators.group(OperatorsOnly).prefix("/internal"))

/** A server of a user's on a free port, with the services it answers from. */
export const serving = (options?: TransitionFeed.Options, router: { readonly maxParamLength?: number } = {}) => {
  const hello = HttpApiBuilder.group(api, "users", (handlers) =>
    handlers.handle("hello", () => Effect.succeed("hello"))
  )
  const answers = HttpApiBuilder.layer(api).pipe(
    Layer.provide([hello, Layer.provide(Operators.layerHandlers(api), guard)])
  )
  return HttpRouter.serve(answers, { routerConfig: router, disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(TransitionFeed.layer(options)),
    Layer.provideMerge(steady({ circuit: { openFor: "1 hour", maxRetryAfter: "1 hour" } })),
    Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { port: 0, gracefulShutdownTimeout: "1 millis" })),
    Layer.provideMerge(NodeHttpClient.layerNodeHttp)
  )
}

/** What the derived client is asked with: a key, a change to it, circuits of one status. */
export const at = (key: string) => ({ params: { key } })
export const change = <Payload>(key: string, payload: Payload) => ({ params: { key }, payload })
export const having = (status?: "Open") => ({ query: status === undefined ? {} : { status } })

/** What the derived client fails with where it cannot encode what it is asked with. */
export const unencodable = "SchemaError"

/** Whether this is all that a request is told that could not be decoded. */
export const isRefusal = (text: string): boolean => text === ""

/** The statuses that the document has for a change. */
export const statuses: ReadonlyArray<string> = ["200", "401", "404", "415"]
