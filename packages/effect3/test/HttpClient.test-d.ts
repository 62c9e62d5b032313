// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file globalErrorInEffectFailure:skip-file
import { HttpClient, type HttpClientError, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import {
  type AttemptTimeout,
  type CircuitBreaker,
  type CircuitOpen,
  Classifier,
  RetryExhausted,
  RetryPolicy,
  Truce
} from "@truce/effect3"
import { classifier, withCircuitBreaker, withRetry, withTruce } from "@truce/effect3/HttpClient"
import { Context, Data, Effect, pipe } from "effect"
import { describe, expectTypeOf, it } from "vitest"
import { type StatusError, responseOf } from "./platform/Http.ts"

class NoToken extends Data.TaggedError("NoToken")<{}> {}
class Malformed extends Data.TaggedError("Malformed")<{}> {}
class Tokens extends Context.Tag("Tokens")<Tokens, Effect.Effect<string, NoToken>>() {}

type Client<E, R = never> = HttpClient.HttpClient.With<E, R>
type Failure = HttpClientError.HttpClientError
type Open = CircuitOpen.CircuitOpen
type Exhausted<E> = RetryExhausted.RetryExhausted<E>
type Timeout = AttemptTimeout.AttemptTimeout
type Response = HttpClientResponse.HttpClientResponse

declare const client: HttpClient.HttpClient
const authorized = client.pipe(
  HttpClient.mapRequestEffect((request) =>
    Effect.map(Effect.flatten(Tokens), (token) => HttpClientRequest.bearerToken(request, token))
  )
)

describe("withTruce", () => {
  it("keeps the client's errors, and adds the rejection and the end of its retries", () => {
    expectTypeOf(client.pipe(withTruce())).toEqualTypeOf<Client<Failure | Exhausted<Failure> | Open, Truce.Truce>>()
    expectTypeOf(client.pipe(withTruce({ key: "users-api" }))).toEqualTypeOf(client.pipe(withTruce()))
  })

  it("adds AttemptTimeout only with an attemptTimeout, inside RetryExhausted", () => {
    expectTypeOf(client.pipe(withTruce({ attemptTimeout: "1 second" }))).toEqualTypeOf<
      Client<Failure | Exhausted<Failure | Timeout> | Open, Truce.Truce>
    >()
  })

  it("keeps errors and requirements that are not the client's", () => {
    expectTypeOf(authorized.pipe(withTruce())).toEqualTypeOf<
      Client<Failure | NoToken | Exhausted<Failure> | Open, Tokens | Truce.Truce>
    >()
  })

  it("ends in answers alone where the client cannot fail", () => {
    const never: Client<never> = HttpClient.makeWith<never, never, never, never>(() => Effect.never, Effect.succeed)
    expectTypeOf(never.pipe(withTruce())).toEqualTypeOf<Client<Exhausted<StatusError> | Open, Truce.Truce>>()
  })

  it("infers alike in pipe, in a pipeline and data-first", () => {
    const piped = pipe(client, withTruce({ attemptTimeout: 100 }))
    expectTypeOf(client.pipe(withTruce({ attemptTimeout: 100 }))).toEqualTypeOf(piped)
    expectTypeOf(withTruce(client, { attemptTimeout: 100 })).toEqualTypeOf(piped)
    expectTypeOf(withTruce(client)).toEqualTypeOf(pipe(client, withTruce()))
    expectTypeOf(withTruce(client, {})).toEqualTypeOf(pipe(client, withTruce({})))
  })

  it("goes on in a pipeline of the platform's combinators", () => {
    const users = client.pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl("http://users")),
      withTruce({ attemptTimeout: "1 second" }),
      HttpClient.filterStatusOk
    )
    expectTypeOf(users).toEqualTypeOf<Client<Failure | Exhausted<Failure | Timeout> | Open, Truce.Truce>>()
    expectTypeOf(users.get("/")).toEqualTypeOf<
      Effect.Effect<Response, Failure | Exhausted<Failure | Timeout> | Open, Truce.Truce>
    >()
  })

  it("leaves nothing to handle once each tag is", () => {
    const handled = client
      .pipe(withTruce({ attemptTimeout: "1 second" }))
      .get("/")
      .pipe(
        Effect.map((response) => response.status),
        Effect.catchTags({
          CircuitOpen: () => Effect.succeed(503),
          RetryExhausted: ({ lastError }) => Effect.succeed(responseOf(lastError)?.status ?? 502)
        })
      )
    expectTypeOf(handled).toEqualTypeOf<Effect.Effect<number, Failure, Truce.Truce>>()
    const whole = Effect.catchAll(handled, (error: Failure) => Effect.succeed(responseOf(error)?.status ?? 0))
    expectTypeOf(whole).toEqualTypeOf<Effect.Effect<number, never, Truce.Truce>>()
  })

  it("rejects options that do not exist, and rules that are none", () => {
    // @ts-expect-error there is no such option
    withTruce({ attempts: 3 })
    // @ts-expect-error a status is retriable, permanent, a success or a rule
    withTruce({ status: { 404: "maybe" } })
    // @ts-expect-error a key is a string
    withTruce({ key: () => 1 })
    withTruce({
      status: {
        404: "success",
        409: Classifier.retriable({ weight: 0.5, retryAfter: (error) => error.response.status })
      }
    })
  })
})

describe("withCircuitBreaker and withRetry", () => {
  it("add only what is theirs", () => {
    expectTypeOf(client.pipe(withCircuitBreaker())).toEqualTypeOf<
      Client<Failure | Open, CircuitBreaker.CircuitBreaker>
    >()
    expectTypeOf(withCircuitBreaker(client, { attemptTimeout: 100 })).toEqualTypeOf<
      Client<Failure | Timeout | Open, CircuitBreaker.CircuitBreaker>
    >()
    expectTypeOf(client.pipe(withRetry())).toEqualTypeOf<
      Client<Failure | Exhausted<Failure>, RetryPolicy.RetryPolicy>
    >()
    expectTypeOf(withRetry(client, { attemptTimeout: 100 })).toEqualTypeOf<
      Client<Failure | Exhausted<Failure | Timeout>, RetryPolicy.RetryPolicy>
    >()
  })

  it("compose to what withTruce is, but for the budget", () => {
    expectTypeOf(client.pipe(withCircuitBreaker(), withRetry())).toEqualTypeOf<
      Client<Failure | Open | Exhausted<Failure>, CircuitBreaker.CircuitBreaker | RetryPolicy.RetryPolicy>
    >()
  })

  it("take no option of the others", () => {
    // @ts-expect-error a breaker repeats nothing
    withCircuitBreaker({ idempotent: () => true })
    // @ts-expect-error a retry alone takes its policy from the layer
    withRetry({ retry: { attempts: 2 } })
  })
})

describe("classifier", () => {
  it("serves an exchange with the client's errors, or with more", () => {
    const text = Effect.flatMap(client.get("/"), (response) => response.text)
    expectTypeOf(text.pipe(Truce.protect({ key: "users", classify: classifier() }))).toEqualTypeOf<
      Effect.Effect<string, Failure | Exhausted<Failure> | Open, Truce.Truce>
    >()
    const decoded = Effect.filterOrFail(
      text,
      (one) => one !== "",
      () => new Malformed()
    )
    expectTypeOf(
      decoded.pipe(Truce.protect({ key: "users", classify: classifier<Failure | Malformed>() }))
    ).toEqualTypeOf<Effect.Effect<string, Failure | Malformed | Exhausted<Failure | Malformed> | Open, Truce.Truce>>()
    // @ts-expect-error Malformed is not the client's error
    decoded.pipe(Truce.protect({ key: "users", classify: classifier() }))
  })
})
