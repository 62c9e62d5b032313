import { InvalidOption, Outcome } from "@truce/core"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { AttemptTimeout } from "../../AttemptTimeout.ts"
import type { CircuitBreaker } from "../services/CircuitBreaker.ts"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import * as Classifier from "../../Classifier.ts"
import { type AnswerError, partsOf } from "../../platform/HttpClient.ts"
import { wallClock } from "../../platform/WallClock.ts"
import type { RetryExhausted } from "../../RetryExhausted.ts"
import * as RetryPolicy from "../services/RetryPolicy.ts"
import { executing } from "../call/execute.ts"
import { keep } from "./body.ts"
import { isIdempotent, isReplayable } from "./replay.ts"
import * as Table from "./table.ts"
import * as Wire from "./wire.ts"
import * as Monotonic from "../../platform/Monotonic.ts"
import { millis, positiveDuration } from "../settings/options.ts"
import { checkKey, makePlan } from "../settings/plan.ts"
import { protecting } from "../call/protect.ts"
import { retryingAlone } from "../call/retryAlone.ts"
import { readOwn } from "../settings/retryRules.ts"
import { Truce } from "../services/Truce.ts"

type Request = HttpClientRequest.HttpClientRequest
type Response = HttpClientResponse.HttpClientResponse

/** What every way of protecting a client asks for. */
export interface CallOptions {
  readonly key?: string | ((request: Request) => string) | undefined
  readonly status?: Table.StatusRules | undefined
  readonly opens?: ReadonlyArray<number> | undefined
  readonly attemptTimeout?: Duration.DurationInput | undefined
  readonly slowAfter?: Duration.DurationInput | undefined
  readonly abandonedAfter?: Duration.DurationInput | undefined
}

/** What every way of retrying asks for. */
export interface RepeatOptions extends CallOptions {
  readonly idempotent?: ((request: Request) => boolean) | undefined
  readonly headers?: boolean | Wire.HeaderNames | undefined
}

/** Reads the options that do not depend on the request; throws `InvalidOption`. */
const prepared = (owner: string, { abandonedAfter, attemptTimeout, key, opens, slowAfter, status }: CallOptions) => {
  if (key !== undefined && typeof key !== "function") checkKey(owner, key)
  const timeoutMillis =
    attemptTimeout === undefined ? undefined : positiveDuration(owner, "attemptTimeout", attemptTimeout, 0)
  const slowAfterMillis = millis(owner, "slowAfter", slowAfter)
  const abandonedAfterMillis = millis(owner, "abandonedAfter", abandonedAfter)
  return {
    table: Table.make(owner, status, opens),
    times: {
      attemptTimeout: timeoutMillis === undefined ? undefined : Duration.millis(timeoutMillis),
      slowAfter: slowAfterMillis === undefined ? undefined : Duration.millis(slowAfterMillis),
      abandonedAfter: abandonedAfterMillis === undefined ? undefined : Duration.millis(abandonedAfterMillis)
    },
    keyOf: typeof key === "function" ? keyBy(owner, key) : typeof key === "string" ? () => key : originOf
  }
}

// What it gives is looked at before anything is sent under it.
const keyBy =
  (owner: string, keyOf: (request: Request) => string) =>
  (request: Request): string => {
    const key = keyOf(request)
    checkKey(owner, key)
    return key
  }

const callNames = ["key", "status", "opens", "attemptTimeout", "slowAfter", "abandonedAfter"] as const
const repeatNames = [...callNames, "idempotent", "headers"] as const

const repeated = (owner: string, options: RepeatOptions) => {
  const idempotent = options.idempotent ?? isIdempotent
  return {
    ...prepared(owner, options),
    wire: Wire.make(owner, options.headers),
    isRepeatable: (request: Request): boolean => idempotent(request) && isReplayable(request.body)
  }
}

/** Retry around breaker, for each request. */
export const protectingClient = (
  owner: string,
  options: RepeatOptions & { readonly retry?: RetryPolicy.Options | undefined }
) => {
  InvalidOption.names(owner, options, [...repeatNames, "retry"])
  const { isRepeatable, keyOf, table, times, wire } = repeated(owner, options)
  const own = readOwn(options.retry)
  return <E, R>(self: HttpClient.HttpClient.With<E, R>) =>
    around(self, (request, send, fiber): Effect.Effect<Response, CircuitOpen | Retried<E>, R | Truce> => {
      const key = keyOf(request)
      const truce = Context.unsafeGet(fiber.currentContext, Truce)
      const policy = truce.policy.of(key, own)
      const now = wallClock(fiber)
      const headers = wire?.({
        begunAt: Monotonic.nowOf(fiber),
        deadline: policy.deadline,
        tokens: truce.budget.tokens(key)
      })
      const plan = { key, classify: refining<E>(table, now), ...times }
      return answered(
        protecting(plan, own, Truce, isRepeatable(request))(retriable(told(request, headers, send), table, now))
      )
    })
}

/** Retry alone, for each request. */
export const retryingClient = (owner: string, options: RepeatOptions) => {
  InvalidOption.names(owner, options, repeatNames)
  const { isRepeatable, keyOf, table, times, wire } = repeated(owner, options)
  return <E, R>(self: HttpClient.HttpClient.With<E, R>) =>
    around(
      self,
      (request, send, fiber): Effect.Effect<Response, CircuitOpen | Retried<E>, R | RetryPolicy.RetryPolicy> => {
        const key = keyOf(request)
        const service = Context.unsafeGet(fiber.currentContext, RetryPolicy.RetryPolicy)
        const policy = { ...service.of(key), isRepeatable: isRepeatable(request) }
        const now = wallClock(fiber)
        const headers = wire?.({
          begunAt: Monotonic.nowOf(fiber),
          deadline: policy.deadline,
          tokens: Effect.succeed(Infinity)
        })
        const { limit, plan } = makePlan(owner, { key, classify: refining<E>(table, now), ...times })
        const attempt = limit(retriable(told(request, headers, send), table, now))
        return answered(retryingAlone(attempt, policy, plan))
      }
    )
}

/** One attempt under the breaker, for each request: an answer is an answer, whatever its status says. */
export const executingClient = (owner: string, options: CallOptions) => {
  InvalidOption.names(owner, options, callNames)
  const { keyOf, table, times } = prepared(owner, options)
  return <E, R>(self: HttpClient.HttpClient.With<E, R>) =>
    around(
      self,
      (request, send, fiber): Effect.Effect<Response, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
        const now = wallClock(fiber)
        const plan = { key: keyOf(request), classify: refining<E>(table, now), ...times }
        const attempt = Effect.flatMap(send(request), (response) => {
          const reading = table.response(response, now())
          // Only a failure is discounted by those before it in its call.
          return reading.outcome._tag === "Failure"
            ? Effect.fail(new Table.Refused(response, reading))
            : Effect.succeed(response)
        })
        return answered(executing(plan)(attempt))
      }
    )
}

/** The table as a classifier of errors and of responses. */
export const classifierOf = <E>(table: Table.Table, now: () => number): Classifier.Classifier<E> =>
  Classifier.make<E>((error) => table.error(error, now()).retriable, {
    outcome: (error) => table.error(error, now()).outcome,
    success: (value) => (Table.isResponse(value) ? table.response(value, now()).outcome : Outcome.success),
    // Whatever a client throws, it has not heard it from the dependency.
    defect: Outcome.ignored
  })

/** The same for one call, whose retriable errors are those of the client alone. */
const refining = <E>(
  table: Table.Table,
  now: () => number
): Classifier.Classifier<E | Table.Refused, Retriable<E> | Table.Refused, E | Table.Refused> => ({
  ...classifierOf<E | Table.Refused>(table, now),
  retriable: (error): error is Retriable<E> | Table.Refused => table.error(error, now()).retriable
})

type Retriable<E> = Extract<E, HttpClientError.HttpClientError>

type Retried<E> = E | AttemptTimeout | RetryExhausted<Retriable<E> | AnswerError | AttemptTimeout>

/** An attempt that fails where another one may help, or where the answer counts against the dependency. */
const retriable = <E, R>(
  self: Effect.Effect<Response, E, R>,
  table: Table.Table,
  now: () => number
): Effect.Effect<Response, E | Table.Refused, R> =>
  Effect.flatMap(self, (response) => {
    const reading = table.response(response, now())
    if (reading.retriable) {
      return Effect.flatMap(keep(response), (kept) => Effect.fail(new Table.Refused(kept, reading)))
    }
    return reading.outcome._tag === "Failure"
      ? Effect.fail(new Table.Refused(response, reading))
      : Effect.succeed(response)
  })

/** What was refused for good is an answer, as it is from a plain client. */
const answered = <E, R>(self: Effect.Effect<Response, E | Table.Refused, R>): Effect.Effect<Response, E, R> =>
  Effect.catchIf(
    self,
    (error) => error instanceof Table.Refused,
    ({ response }) => Effect.succeed(response)
  )

const told = <E, R>(
  request: Request,
  headers: Effect.Effect<{ readonly [name: string]: string }> | undefined,
  send: (request: Request) => Effect.Effect<Response, E, R>
): Effect.Effect<Response, E, R> =>
  headers === undefined
    ? send(request)
    : Effect.flatMap(headers, (values) => send(HttpClientRequest.setHeaders(request, values)))

/** Does something of its own with each request, once the client has prepared it. */
const around = <E, R, E2, R2>(
  self: HttpClient.HttpClient.With<E, R>,
  f: (
    request: Request,
    send: (request: Request) => Effect.Effect<Response, E, R>,
    fiber: Fiber.RuntimeFiber<unknown, unknown>
  ) => Effect.Effect<Response, E2, R2>
): HttpClient.HttpClient.With<E | E2, R | R2> => {
  const { postprocess, preprocess } = partsOf(self)
  return HttpClient.makeWith<E, R, E | E2, R | R2>(
    Effect.flatMap((request) =>
      Effect.withFiberRuntime<Response, E2, R2>((fiber) =>
        f(request, (attempt) => postprocess(Effect.succeed(attempt)), fiber)
      )
    ),
    preprocess
  )
}

/** The origin; all that has none shares a key, under which nothing can be sent. */
const originOf = (request: Request): string =>
  Option.match(HttpClientRequest.toUrl(request), {
    onNone: () => "no origin",
    onSome: ({ host, protocol }): string => `${protocol}//${host}`
  })
