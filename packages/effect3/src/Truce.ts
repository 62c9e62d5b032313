/**
 * Retry around circuit breaker, in the right order, with a health score and a retry budget that let the two agree.
 *
 * Every attempt asks for its own admission and is evidence on its own; only the last one decides what the caller gets.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AttemptTimeout } from "./AttemptTimeout.ts"
import type { CircuitOpen } from "./CircuitOpen.ts"
import type { RetryExhausted } from "./RetryExhausted.ts"
import * as CallContext from "./CallContext.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import * as HealthScore from "./HealthScore.ts"
import * as Deadline from "./run/call/deadline.ts"
import { issuesOf } from "./run/settings/issues.ts"
import { configured, positiveDuration } from "./run/settings/options.ts"
import { budgetOptions, checkedLayer, circuitOptions, reloading, retryOptions } from "./run/layers/reload.ts"
import { type PlanOfAll, type PlanOptions, planNames } from "./run/settings/plan.ts"
import { protecting, protectingAll } from "./run/call/protect.ts"
import { type Options, type Service, Truce } from "./run/services/Truce.ts"
import type { InvalidPolicy } from "./InvalidPolicy.ts"
import * as RetryBudget from "./RetryBudget.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

export { type Options, type Override, type Service, Truce } from "./run/services/Truce.ts"

/**
 * All services of this package.
 *
 * @category models
 * @since 0.1.0
 */
export type Services =
  | Truce
  | CircuitBreaker.CircuitBreaker
  | HealthScore.HealthScore
  | RetryBudget.RetryBudget
  | RetryPolicy.RetryPolicy

/**
 * Collects the four services.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, never, Exclude<Services, Truce>> = Effect.all({
  score: HealthScore.HealthScore,
  breaker: CircuitBreaker.CircuitBreaker,
  policy: RetryPolicy.RetryPolicy,
  budget: RetryBudget.RetryBudget
})

/**
 * Provides `Truce` on services of your own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerServices: Layer.Layer<Truce, never, Exclude<Services, Truce>> = Layer.fresh(Layer.effect(Truce, make)) // Not shared: where a program provides two of these, the inner one would be given the outer one's services.

/**
 * Provides everything with sane defaults.
 *
 * Dies with `InvalidOption` when built with an impossible option.
 *
 * **Example** (A service that keeps its dependency's errors apart)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
 * const classify = Classifier.tags<Timeout | NotFound>()({ Timeout: "retriable", NotFound: "permanent" })
 *
 * const fetchUser = (id: string): Effect.Effect<string, Timeout | NotFound> =>
 *   id === "1" ? Effect.succeed("Ada") : Effect.fail(new NotFound({ id }))
 *
 * const program = fetchUser("2").pipe(
 *   Truce.protect({ key: "users-api", classify }),
 *   Effect.catchTag("NotFound", (error) => Effect.succeed(`no user ${error.id}`)),
 *   Effect.provide(Truce.layer({ circuit: { openFor: "1 second" }, retry: { attempts: 4 } }))
 * )
 * await Effect.runPromise(program) // => "no user 2"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <R = never>(options: Options<R> = {}): Layer.Layer<Services, never, R> =>
  checkedLayer(options, () =>
    layerServices.pipe(
      Layer.provideMerge(CircuitBreaker.layer(circuitOptions(options))),
      Layer.provideMerge(HealthScore.layer(options)),
      Layer.provideMerge(RetryPolicy.layer(retryOptions(options))),
      Layer.provideMerge(RetryBudget.layer(budgetOptions(options)))
    )
  )

/**
 * Puts other options in force for all keys at once, from the next admission and the next call on; nothing that is known of a circuit is
 * lost.
 *
 * State, score, strain, leases, openings and manual modes stay; an open time that has begun ends when it would have. Under another
 * model the score goes on as near as that model can show it (`HealthModel.opaque`); under another budget a key keeps the share of its
 * tokens. Options left out are the defaults, as in `layer`. Options of a `Dependency`, `register` and `protect({ retry })` still come
 * first, within `limits`, which reach calls that are under way too. Fails with `InvalidPolicy`, and then nothing has changed.
 *
 * **Example** (A stricter breaker while the program runs)
 *
 * ```ts
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   yield* Truce.reload({ circuit: { permits: 3 }, overrides: { "payments-*": { retry: { attempts: 1 } } } })
 *   return (yield* CircuitBreaker.state("users-api")).permits
 * })
 * await Effect.runPromise(Effect.provide(program, Truce.layer())) // => 3
 * ```
 *
 * @category reloading
 * @since 0.1.0
 */
export const reload = <R = never>(options: Options<R>): Effect.Effect<void, InvalidPolicy, R | Truce> =>
  reloading(options)

/**
 * Provides everything from `Config`s; an impossible value is a `ConfigError` at the path of the option.
 *
 * `overrides` are one `Config` of them all.
 *
 * **Example** (The open time from the environment)
 *
 * ```ts
 * import { Truce } from "@truce/effect3"
 * import { Config, ConfigProvider, Effect, Layer } from "effect"
 *
 * const layer = Truce.layerConfig({ circuit: { openFor: Config.duration("OPEN_FOR") } }).pipe(
 *   Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ OPEN_FOR: "-1 seconds" })))))
 * )
 * const error = await Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(layer))))
 * String(error).includes("openFor") // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = <R = never>(
  options: Config.Config.Wrap<Options<R>>
): Layer.Layer<Services, ConfigError.ConfigError, R> => configured(options, (unwrapped) => layer(unwrapped), issuesOf)

/**
 * How one effect is protected.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProtectOptions<
  E,
  ER extends E,
  EP extends E,
  RetryTimeouts extends boolean = boolean
> extends CircuitBreaker.ExecuteOptions<E, ER, EP> {
  /** Options of the retry for this effect alone: field by field over those of the key's override and of the layer, within the limits. */
  readonly retry?: RetryPolicy.CallOptions<RetryTimeouts> | undefined
}

/**
 * The error channel of a protected effect: permanent errors as they were, retriable ones inside `RetryExhausted`, and the
 * rejection of a call that made no attempt.
 *
 * An error that the types call neither, or both, is in both places: none is lost.
 *
 * @category models
 * @since 0.1.0
 */
export type Protected<E, ER, EP, Timeout = never, RetryTimeouts extends boolean = true> = {
  // A property, as its type has no name: an editor shows the errors instead.
  readonly error:
    | Exclude<E, ER>
    | Extract<E, EP>
    | CircuitOpen
    | Unless<RetryTimeouts, Timeout>
    | ([RetryPolicy.Again<E, ER, EP> | If<RetryTimeouts, Timeout>] extends [never]
        ? never
        : RetryExhausted<RetryPolicy.Again<E, ER, EP> | If<RetryTimeouts, Timeout>>)
}["error"]

type If<Condition extends boolean, A> = true extends Condition ? A : never

type Unless<Condition extends boolean, A> = false extends Condition ? A : never

/**
 * Protects an effect: retry around breaker.
 *
 * Retriable errors are retried by the policy, within the budget, while the circuit admits; a permanent error, a defect or an
 * interruption ends the call at once. With an `attemptTimeout`, an attempt that takes longer is interrupted and fails with
 * `AttemptTimeout`, which is retried unless `retry: { retryTimeouts: false }`. Throws `InvalidOption` for an impossible option.
 *
 * **Example** (Handling each error once)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: Classifier.retriable({ saturated: true }) })
 *
 * const fetchName: Effect.Effect<string, Timeout> = Effect.succeed("Ada")
 * const program = fetchName.pipe(
 *   Truce.protect({ key: "users-api", classify, slowAfter: "200 millis" }),
 *   Effect.catchTags({
 *     CircuitOpen: (error) => Effect.succeed(error.message),
 *     RetryExhausted: (error) => Effect.succeed(error.message)
 *   }),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "Ada"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function protect<E, ER extends E, EP extends E>(
  options: ProtectOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): <A, E2 extends E, R>(self: Effect.Effect<A, E2, R>) => Effect.Effect<A, Protected<E2, ER, EP>, R | Truce>
export function protect<E, ER extends E, EP extends E, const RetryTimeouts extends boolean = true>(
  options: ProtectOptions<E, ER, EP, RetryTimeouts> & { readonly attemptTimeout: Duration.DurationInput | undefined }
): <A, E2 extends E, R>(
  self: Effect.Effect<A, E2, R>
) => Effect.Effect<A, Protected<E2, ER, EP, AttemptTimeout, RetryTimeouts>, R | Truce>
export function protect<A, E2 extends E, R, E, ER extends E, EP extends E>(
  self: Effect.Effect<A, E2, R>,
  options: ProtectOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): Effect.Effect<A, Protected<E2, ER, EP>, R | Truce>
export function protect<A, E2 extends E, R, E, ER extends E, EP extends E, const RetryTimeouts extends boolean = true>(
  self: Effect.Effect<A, E2, R>,
  options: ProtectOptions<E, ER, EP, RetryTimeouts> & { readonly attemptTimeout: Duration.DurationInput | undefined }
): Effect.Effect<A, Protected<E2, ER, EP, AttemptTimeout, RetryTimeouts>, R | Truce>
export function protect<A, E, ER extends E, EP extends E, R>(
  ...args: readonly [Full<E, ER, EP>] | readonly [Effect.Effect<A, E, R>, Full<E, ER, EP>]
) {
  return args.length === 1 ? protectingWith(args[0]) : protectingWith(args[1])(args[0])
}

interface Full<E, ER extends E, EP extends E> extends PlanOptions<E, ER, EP> {
  readonly retry?: RetryPolicy.CallOptions | undefined
}

const protectingWith = <E, ER extends E, EP extends E>(options: Full<E, ER, EP>) => {
  InvalidOption.names("Truce.protect", options, [...planNames, "retry"])
  return protecting(options, options.retry, Truce)
}

/**
 * How one effect is protected by several circuits at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProtectAllOptions<
  E,
  ER extends E,
  EP extends E,
  RetryTimeouts extends boolean = boolean
> extends CircuitBreaker.ExecuteAllOptions<E, ER, EP> {
  /** As at `protect`, over the options of the first key; of the limits of all keys the strictest hold. */
  readonly retry?: RetryPolicy.CallOptions<RetryTimeouts> | undefined
}

/**
 * Protects an effect by several circuits at once (host and tenant, say): retry around breakers, every attempt admitted by all of them or
 * by none.
 *
 * A retry is paid by each key's budget, or not sent; the call fails with the `CircuitOpen` of the first circuit that rejects, and with
 * `whenOpen: "wait"` waits for that one. In trails and texts the keys are one name, as `host-1 + tenant-7`. Throws `InvalidOption`.
 *
 * **Example** (A host and a tenant)
 *
 * ```ts
 * import { CircuitBreaker, Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.fail(new Timeout()).pipe(
 *   Truce.protectAll({ keys: ["host-1", "tenant-7"], classify, retry: { attempts: 2, base: "1 millis" } }),
 *   Effect.catchTag("RetryExhausted", (error) => Effect.succeed(error.message)),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "call to host-1 + tenant-7 ended after 2 attempts (attempts): Timeout, Timeout"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function protectAll<E, ER extends E, EP extends E>(
  options: ProtectAllOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): <A, E2 extends E, R>(self: Effect.Effect<A, E2, R>) => Effect.Effect<A, Protected<E2, ER, EP>, R | Truce>
export function protectAll<E, ER extends E, EP extends E, const RetryTimeouts extends boolean = true>(
  options: ProtectAllOptions<E, ER, EP, RetryTimeouts> & {
    readonly attemptTimeout: Duration.DurationInput | undefined
  }
): <A, E2 extends E, R>(
  self: Effect.Effect<A, E2, R>
) => Effect.Effect<A, Protected<E2, ER, EP, AttemptTimeout, RetryTimeouts>, R | Truce>
export function protectAll<A, E2 extends E, R, E, ER extends E, EP extends E>(
  self: Effect.Effect<A, E2, R>,
  options: ProtectAllOptions<E, ER, EP> & { readonly attemptTimeout?: undefined }
): Effect.Effect<A, Protected<E2, ER, EP>, R | Truce>
export function protectAll<
  A,
  E2 extends E,
  R,
  E,
  ER extends E,
  EP extends E,
  const RetryTimeouts extends boolean = true
>(
  self: Effect.Effect<A, E2, R>,
  options: ProtectAllOptions<E, ER, EP, RetryTimeouts> & {
    readonly attemptTimeout: Duration.DurationInput | undefined
  }
): Effect.Effect<A, Protected<E2, ER, EP, AttemptTimeout, RetryTimeouts>, R | Truce>
export function protectAll<A, E, ER extends E, EP extends E, R>(
  ...args: readonly [FullOfAll<E, ER, EP>] | readonly [Effect.Effect<A, E, R>, FullOfAll<E, ER, EP>]
) {
  return args.length === 1 ? protectingAll(args[0]) : protectingAll(args[1])(args[0])
}

interface FullOfAll<E, ER extends E, EP extends E> extends PlanOfAll<E, ER, EP> {
  readonly retry?: RetryPolicy.CallOptions | undefined
}

/**
 * Ends the retries of every call inside after so long, or when a deadline around it does: as what is left of a request's time.
 *
 * As with the option `deadline` no retry starts, and no admission is waited for, later than that; a running attempt is not cut. Throws
 * `InvalidOption` for what is no duration, or not greater than 0.
 *
 * **Example** (A handler with 200 ms left)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 * const fetchName = Truce.protect(Effect.fail(new Timeout()), { key: "users-api", classify, retry: { base: "1 minute" } })
 *
 * const program = fetchName.pipe(
 *   Truce.withDeadline("200 millis"),
 *   Effect.catchTag("RetryExhausted", (error) => Effect.succeed(error.reason)),
 *   Effect.provide(Truce.layer())
 * )
 * await Effect.runPromise(program) // => "deadline"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export function withDeadline(
  deadline: Duration.DurationInput
): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
export function withDeadline<A, E, R>(
  self: Effect.Effect<A, E, R>,
  deadline: Duration.DurationInput
): Effect.Effect<A, E, R>
export function withDeadline<A, E, R>(
  ...args: readonly [Duration.DurationInput] | readonly [Effect.Effect<A, E, R>, Duration.DurationInput]
) {
  const ending = (deadline: Duration.DurationInput) => {
    const millis = positiveDuration("Truce.withDeadline", "deadline", deadline, 0)
    return (self: Effect.Effect<A, E, R>) => Deadline.within(self, millis)
  }
  return args.length === 1 ? ending(args[0]) : ending(args[1])(args[0])
}

/**
 * Runs an effect as one call: opens the `CallContext` by hand around a plain `Effect.retry`, so that the attempts inside weigh as those
 * of one caller.
 *
 * @category combinators
 * @since 0.1.0
 */
export const call: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = CallContext.open
