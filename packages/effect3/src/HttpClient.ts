/**
 * Protection for an `HttpClient` of Effect: every attempt under the circuit of its origin, retries around.
 *
 * A status that another attempt may change is an error, every other one is an answer, as from a plain client. The body of an
 * answer is the caller's to read: an attempt ends when the headers are there. Effect's own `retryTransient` inside would hide failed
 * attempts from the breaker.
 *
 * @since 0.1.0
 */
import type * as Platform from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as Duration from "effect/Duration"
import type { AttemptTimeout } from "./AttemptTimeout.ts"
import type { CircuitBreaker } from "./CircuitBreaker.ts"
import type { CircuitOpen } from "./CircuitOpen.ts"
import type { Classifier } from "./Classifier.ts"
import { classifierOf, executingClient, protectingClient, retryingClient } from "./run/http/call.ts"
import * as Replay from "./run/http/replay.ts"
import * as Table from "./run/http/table.ts"
import type { HeaderNames } from "./run/http/wire.ts"
import type { Truce } from "./run/services/Truce.ts"
import { type AnswerError, isHttpClient } from "./platform/HttpClient.ts"
import { wallNow } from "./platform/WallClock.ts"
import type { RetryExhausted } from "./RetryExhausted.ts"
import type * as RetryPolicy from "./RetryPolicy.ts"

export type { StatusRule, StatusRules } from "./run/http/table.ts"
export type { HeaderNames } from "./run/http/wire.ts"

type Client<E, R> = Platform.HttpClient.With<E, R>

/**
 * Options of a client under a circuit breaker. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface CircuitBreakerOptions {
  /** The dependency a request is for: one circuit, one score, one budget each. Default: the origin of the URL that is sent. */
  readonly key?: string | ((request: HttpClientRequest.HttpClientRequest) => string) | undefined
  /** What some statuses are taken for, instead of what the table of `HttpStatus.read` says. */
  readonly status?: Table.StatusRules | undefined
  /** Statuses with which a server speaks for all callers, such as 429: they open the circuit at once, until their `Retry-After`. Default: none. */
  readonly opens?: ReadonlyArray<number> | undefined
  /** An attempt whose headers take longer is slow. Default: half of `attemptTimeout`, else no such rule. */
  readonly slowAfter?: Duration.DurationInput | undefined
  /**
   * An attempt that is interrupted later was a timeout; earlier ones say nothing. `Duration.infinity` for none. Default: as long as the
   * slowest recent answer of the key, while none came.
   */
  readonly abandonedAfter?: Duration.DurationInput | undefined
}

/**
 * Options of a client with retries. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions extends CircuitBreakerOptions {
  /** Which requests may be sent more than once, as far as the server is concerned. Default: `isIdempotent`. */
  readonly idempotent?: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
  /** Whether each attempt tells the server which it is, and under which names. Default: false. */
  readonly headers?: boolean | HeaderNames | undefined
}

/**
 * Options of a protected client. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends RetryOptions {
  /** Options of the retry for this client alone: field by field over those of the key's override and of the layer, within the limits. */
  readonly retry?: RetryPolicy.Options | undefined
}

/**
 * The error channel of a client with retries: its own errors, of which those worth another attempt are found inside `RetryExhausted`.
 *
 * A status is a `ResponseError` in there.
 * Its response is kept in memory, with a body of up to 64 KiB that came within a second, and holds no connection.
 *
 * @category models
 * @since 0.1.0
 */
export type Retried<E, Timeout = never> = {
  // A property, as its type has no name: an editor shows the errors instead.
  readonly error: E | RetryExhausted<Extract<E, HttpClientError.HttpClientError> | AnswerError | Timeout>
}["error"]

/**
 * The error channel of a protected client.
 *
 * @category models
 * @since 0.1.0
 */
export type Protected<E, Timeout = never> = { readonly error: Retried<E, Timeout> | CircuitOpen }["error"]

/** An attempt that ends without headers after so long fails with `AttemptTimeout`. */
interface Limited {
  readonly attemptTimeout: Duration.DurationInput | undefined
}

interface Unlimited {
  readonly attemptTimeout?: undefined
}

interface Either {
  readonly attemptTimeout?: Duration.DurationInput | undefined
}

/**
 * Protects a client: each attempt under the circuit of its key, retries around, in the right order.
 *
 * 5xx, 408, 425 and 429, a connection that cannot be made or breaks, and an attempt that takes longer than `attemptTimeout` are retried
 * where the request may be sent again (`isIdempotent`, and a body that is no stream), and end in `RetryExhausted`. Other 4xx are
 * answers, by which a half-open circuit closes. `Retry-After` lengthens the wait and the open time. Throws `InvalidOption`.
 *
 * **Example** (A client of your own, in the right order)
 *
 * ```ts
 * import { HttpClient, HttpClientResponse } from "@effect/platform"
 * import { Truce } from "@truce/effect3"
 * import { withTruce } from "@truce/effect3/HttpClient"
 * import { Effect } from "effect"
 *
 * const statuses = [503, 503, 404]
 * const client = HttpClient.make((request) =>
 *   Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(null, { status: statuses.shift() ?? 200 })))
 * )
 * const users = client.pipe(withTruce({ key: "users-api", retry: { base: "1 millis" } }))
 *
 * const program = users.get("http://users/7").pipe(
 *   Effect.map((response) => response.status),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => 404
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function withTruce(options?: Options & Unlimited): <E, R>(self: Client<E, R>) => Client<Protected<E>, R | Truce>
export function withTruce(
  options: Options & Limited
): <E, R>(self: Client<E, R>) => Client<Protected<E, AttemptTimeout>, R | Truce>
export function withTruce<E, R>(self: Client<E, R>, options?: Options & Unlimited): Client<Protected<E>, R | Truce>
export function withTruce<E, R>(
  self: Client<E, R>,
  options: Options & Limited
): Client<Protected<E, AttemptTimeout>, R | Truce>
export function withTruce<E, R>(
  ...args: Args<E, R, Options & Either>
): Truced<E, R> | (<E, R>(self: Client<E, R>) => Truced<E, R>) {
  const make = (options: Options & Either = {}) => protectingClient("HttpClient.withTruce", options)
  return isDataFirst(args) ? make(args[1])(args[0]) : make(args[0])
}

/**
 * Puts a client under a circuit breaker: adds `CircuitOpen`, and `AttemptTimeout` where an `attemptTimeout` is given.
 *
 * An answer stays an answer, whatever its status; what the status says is settled. Belongs inside a retry. Throws `InvalidOption`.
 *
 * **Example** (Composing by hand)
 *
 * ```ts
 * import { FetchHttpClient, HttpClient } from "@effect/platform"
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import { withCircuitBreaker, withRetry } from "@truce/effect3/HttpClient"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const client = (yield* HttpClient.HttpClient).pipe(withCircuitBreaker({ key: "users-api" }), withRetry())
 *   yield* CircuitBreaker.isolate("users-api", "migration")
 *   return yield* Effect.flip(client.get("http://localhost"))
 * }).pipe(Effect.provide(Layer.merge(Truce.layer(), FetchHttpClient.layer)))
 * const error = await Effect.runPromise(program)
 * error._tag // => "CircuitOpen"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function withCircuitBreaker(
  options?: CircuitBreakerOptions & Unlimited
): <E, R>(self: Client<E, R>) => Client<E | CircuitOpen, R | CircuitBreaker>
export function withCircuitBreaker(
  options: CircuitBreakerOptions & Limited
): <E, R>(self: Client<E, R>) => Client<E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>
export function withCircuitBreaker<E, R>(
  self: Client<E, R>,
  options?: CircuitBreakerOptions & Unlimited
): Client<E | CircuitOpen, R | CircuitBreaker>
export function withCircuitBreaker<E, R>(
  self: Client<E, R>,
  options: CircuitBreakerOptions & Limited
): Client<E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>
export function withCircuitBreaker<E, R>(
  ...args: Args<E, R, CircuitBreakerOptions & Either>
): Broken<E, R> | (<E, R>(self: Client<E, R>) => Broken<E, R>) {
  const make = (options: CircuitBreakerOptions & Either = {}) =>
    executingClient("HttpClient.withCircuitBreaker", options)
  return isDataFirst(args) ? make(args[1])(args[0]) : make(args[0])
}

/**
 * Gives a client retries by the policy of the layer, without a circuit breaker and without a budget.
 *
 * What is retried, and what it ends in, is as in `withTruce`; a `CircuitOpen` from a breaker inside ends the call. Throws
 * `InvalidOption`.
 *
 * **Example** (Retrying without a breaker)
 *
 * ```ts
 * import { HttpClient, HttpClientResponse } from "@effect/platform"
 * import { RetryPolicy } from "@truce/effect3"
 * import { withRetry } from "@truce/effect3/HttpClient"
 * import { Effect } from "effect"
 *
 * const busy = HttpClient.make((request) =>
 *   Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(null, { status: 503 })))
 * )
 * const program = busy.pipe(withRetry()).get("http://users/7").pipe(
 *   Effect.catchTag("RetryExhausted", (error) => Effect.succeed(error.message)),
 *   Effect.provide(RetryPolicy.layer({ attempts: 2, base: "1 millis" }))
 * )
 * await Effect.runPromise(program) // => "call to http://users ended after 2 attempts (attempts): 503, 503"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function withRetry(
  options?: RetryOptions & Unlimited
): <E, R>(self: Client<E, R>) => Client<Retried<E>, R | RetryPolicy.RetryPolicy>
export function withRetry(
  options: RetryOptions & Limited
): <E, R>(self: Client<E, R>) => Client<Retried<E, AttemptTimeout>, R | RetryPolicy.RetryPolicy>
export function withRetry<E, R>(
  self: Client<E, R>,
  options?: RetryOptions & Unlimited
): Client<Retried<E>, R | RetryPolicy.RetryPolicy>
export function withRetry<E, R>(
  self: Client<E, R>,
  options: RetryOptions & Limited
): Client<Retried<E, AttemptTimeout>, R | RetryPolicy.RetryPolicy>
export function withRetry<E, R>(
  ...args: Args<E, R, RetryOptions & Either>
): Repeated<E, R> | (<E, R>(self: Client<E, R>) => Repeated<E, R>) {
  const make = (options: RetryOptions & Either = {}) => retryingClient("HttpClient.withRetry", options)
  return isDataFirst(args) ? make(args[1])(args[0]) : make(args[0])
}

/**
 * The table as a `Classifier`, for a whole exchange under `Truce.protect`: one that reads and decodes the body too.
 *
 * A connection that broke in the middle of the body is retriable, a body that cannot be decoded is not; errors that are not the
 * client's are permanent and ignored. Throws `InvalidOption`.
 *
 * **Example** (A body belongs to the attempt)
 *
 * ```ts
 * import { HttpClient, HttpClientResponse } from "@effect/platform"
 * import { Truce } from "@truce/effect3"
 * import { classifier } from "@truce/effect3/HttpClient"
 * import { Effect } from "effect"
 *
 * const client = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response("[1, 2"))))
 * const program = client.get("http://users").pipe(
 *   Effect.flatMap((response) => response.json),
 *   Truce.protect({ key: "users-api", classify: classifier() }),
 *   Effect.catchAll((error) => Effect.succeed(error.message)),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "Decode error (200 GET http://users)"
 * ```
 *
 * @category classifiers
 * @since 0.1.0
 */
export const classifier = <E = HttpClientError.HttpClientError>(
  options: { readonly status?: Table.StatusRules | undefined } = {}
): Classifier<E> => classifierOf(Table.make("HttpClient.classifier", options.status), wallNow)

/**
 * Whether a request may be sent more than once: GET, HEAD, OPTIONS, TRACE, PUT, DELETE, and whatever has an `Idempotency-Key`.
 *
 * **Example** (Opting in)
 *
 * ```ts
 * import { HttpClientRequest } from "@effect/platform"
 * import { isIdempotent } from "@truce/effect3/HttpClient"
 *
 * const payment = HttpClientRequest.post("https://payments/charge")
 * isIdempotent(payment) // => false
 * isIdempotent(HttpClientRequest.setHeader(payment, "Idempotency-Key", "0f8f")) // => true
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const isIdempotent: (request: HttpClientRequest.HttpClientRequest) => boolean = Replay.isIdempotent

type Truced<E, R> =
  | Client<Protected<E>, R | Truce>
  | Client<Protected<E, AttemptTimeout>, R | Truce>
  // A timeout is retried: outside of `RetryExhausted` it can only be the client's own.
  | Client<Protected<E, AttemptTimeout> | AttemptTimeout, R | Truce>

type Broken<E, R> =
  | Client<E | CircuitOpen, R | CircuitBreaker>
  | Client<E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>

type Repeated<E, R> =
  | Client<Retried<E>, R | RetryPolicy.RetryPolicy>
  | Client<Retried<E, AttemptTimeout>, R | RetryPolicy.RetryPolicy>
  // A `CircuitOpen` can only be the client's own, and so can a timeout outside of `RetryExhausted`.
  | Client<Retried<E, AttemptTimeout> | AttemptTimeout | CircuitOpen, R | RetryPolicy.RetryPolicy>

type Args<E, R, Options> = readonly [(Options | undefined)?] | readonly [Client<E, R>, (Options | undefined)?]

const isDataFirst = <E, R, Options>(
  args: Args<E, R, Options>
): args is readonly [Client<E, R>, (Options | undefined)?] => isHttpClient(args[0])
