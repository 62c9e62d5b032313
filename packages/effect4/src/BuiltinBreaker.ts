/**
 * Effect's own `CircuitBreaker` service (`effect/persistence`), answered by Truce: code written for the built-in breaker,
 * `HttpClient.withCircuitBreaker` included, runs on the health score unchanged.
 *
 * Not the built-in's: several probes at once (`permits`), a lease for each so that a probe that hangs is replaced, two net successes
 * (`restore`) before the circuit closes, only a failure opens, and a monotonic clock. Operators' control shows through the states the
 * built-in knows: isolated is open for ever, disabled and observing are closed.
 *
 * Put `Effect.retry` outside of it: inside, as the built-in's documentation has it, the circuit sees one outcome for many requests.
 *
 * @since 0.1.0
 */
import { HealthModel, InvalidOption, Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Builtin from "effect/persistence/CircuitBreaker"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Breaker from "./CircuitBreaker.ts"
import type { CircuitOpen } from "./CircuitOpen.ts"
import type { LayerOptions } from "./run/settings/CircuitOptions.ts"
import type { Transition } from "./Events.ts"
import * as HealthScore from "./HealthScore.ts"
import type { Judging } from "./run/call/attempt.ts"
import { type CircuitBreaker, type Service, internals } from "./run/services/CircuitBreaker.ts"
import { attempted, exitOf } from "./run/call/execute.ts"
import * as Monotonic from "./platform/Monotonic.ts"
import { perService } from "./platform/Layers.ts"
import { untraced } from "./run/errors/untraced.ts"

/**
 * The options of the built-in breaker, with those of Truce's circuit beside them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Omit<
  LayerOptions,
  "openFor" | "openFactor" | "maxOpenFor" | "openTimes" | "maxRetryAfter" | "overrides"
> {
  /** When a closed circuit opens. Default: the health score, by the `ledger`. */
  readonly tripPolicy?: Builtin.TripPolicy | undefined
  /**
   * One open time for all openings, or a schedule whose n-th delay is that of the n-th in a row; finite. A schedule is asked once, so
   * what it draws holds for all keys: `openJitter` draws at each opening. Default: 500 millis doubling to 5 seconds, +- 20 %.
   */
  readonly openDuration?: Duration.Input | Schedule.Schedule<unknown, number> | undefined
  /** The longest open time a `retryAfter` can ask for. Default: 1 hour. */
  readonly maxOpenDuration?: Duration.Input | undefined
  /** The most keys kept; one that is manual, probed or waited for is never dropped. Default: 10 000. */
  readonly maxKeys?: number | undefined
  /** A key unused for this long is dropped when another is added, as by `idleTimeToLive` of a store. Default: 1 hour. */
  readonly ttl?: Duration.Input | undefined
  /** Read and without effect: there is no store that could fail. */
  readonly onStoreError?: "allow" | "fail" | undefined
}

/**
 * Builds the built-in's service on circuits of its own; `layer` provides it.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Builtin.CircuitBreaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { maxKeys, ttl = "1 hour", ...rest } = options
    const { maxOpenDuration = "1 hour", onStoreError: _, openDuration, tripPolicy, ...circuit } = rest
    const openTimes = openDuration === undefined ? undefined : yield* timesOf(openDuration)
    const score = yield* HealthScore.make({ model: modelOf(tripPolicy), maxKeys, ttl })
    const breaker = yield* Breaker.make({
      ...circuit,
      // What was asked for exactly is not spread.
      openJitter: circuit.openJitter ?? (openTimes === undefined ? undefined : 0),
      openTimes,
      maxRetryAfter: Duration.clamp(read("maxOpenDuration", maxOpenDuration), waits)
    }).pipe(Effect.provideService(HealthScore.HealthScore, score))
    return on(breaker)
  })

/**
 * Provides the built-in's service on circuits of its own: the same options, no store.
 *
 * Dies with `InvalidOption` when built with an impossible option.
 *
 * **Example** (Code for the built-in breaker, on the health score)
 *
 * ```ts
 * import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
 * import { Effect } from "effect"
 * import { CircuitBreaker } from "effect/persistence"
 *
 * const program = Effect.gen(function* () {
 *   const breaker = yield* CircuitBreaker.CircuitBreaker
 *   const charge = breaker.execute(Effect.fail("no answer"), { key: "payments" })
 *   yield* Effect.repeat(Effect.ignore(charge), { times: 9 })
 *   const error = yield* Effect.flip(charge)
 *   return error instanceof CircuitBreaker.CircuitBreakerError ? error.reason._tag : error
 * })
 * await Effect.runPromise(Effect.provide(program, BuiltinBreaker.layer())) // => "CircuitOpen"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Builtin.CircuitBreaker> =>
  Layer.effect(
    Builtin.CircuitBreaker,
    Effect.suspend(() => make(options))
  )

/**
 * Builds the built-in's service on the circuits of Truce's breaker, which they share with all else that Truce guards.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromTruce: Effect.Effect<Builtin.CircuitBreaker, never, CircuitBreaker> = Effect.map(
  Breaker.CircuitBreaker,
  (breaker) => on(breaker)
)

/**
 * Provides the built-in's service on the circuits of Truce's breaker: metrics, traces, snapshots and operators see them.
 *
 * **Example** (One circuit for both)
 *
 * ```ts
 * import { CircuitBreaker, Truce } from "@truce/effect4"
 * import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
 * import { Effect, Layer } from "effect"
 * import { CircuitBreaker as Builtin } from "effect/persistence"
 *
 * const program = Effect.gen(function* () {
 *   yield* CircuitBreaker.isolate("payments", "maintenance")
 *   const breaker = yield* Builtin.CircuitBreaker
 *   return (yield* breaker.state("payments"))._tag
 * })
 * const live = BuiltinBreaker.layerFromTruce.pipe(Layer.provideMerge(Truce.layer()))
 * await Effect.runPromise(Effect.provide(program, live)) // => "Open"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFromTruce: Layer.Layer<Builtin.CircuitBreaker, never, CircuitBreaker> = perService(
  Breaker.CircuitBreaker,
  () => Layer.effect(Builtin.CircuitBreaker, fromTruce)
)

const on = (breaker: Service): Builtin.CircuitBreaker => ({
  [Builtin.TypeId]: Builtin.TypeId,
  execute: dual(2, executeOn(breaker)),
  state: (key) => Effect.zipWith(breaker.state(key), Monotonic.now, stateOf),
  transitions: Stream.mapAccum(breaker.transitions, () => new Set<string>(), edgesOf)
})

type Classify<A, E, R> = (exit: Exit.Exit<A, E>) => Builtin.Outcome | Effect.Effect<Builtin.Outcome, never, R>

const executeOn = (breaker: Service) => {
  const run = <A, E, R>(self: Effect.Effect<A, E, R>, key: string, classify: Judging<E>["classify"]) => {
    const plan = { key, classify, slowAfterMillis: Infinity }
    return Effect.withFiber<A, E | Builtin.CircuitBreakerError, R>((fiber) =>
      attempted<A, E, R, Builtin.CircuitBreakerError>(fiber, breaker[internals], plan, self, (ended) =>
        ended._tag === "Rejected" ? refuse(ended.error) : exitOf(ended)
      )
    )
  }
  return <A, E, R, R2>(
    self: Effect.Effect<A, E, R>,
    { classify, key }: { readonly key: string; readonly classify?: Classify<A, E, R2> | undefined }
  ): Effect.Effect<A, E | Builtin.CircuitBreakerError, R | R2> =>
    classify === undefined
      ? run(self, key, { success: succeeded, failure: failed })
      : Effect.suspend(() => {
          // The verdict is part of the attempt: its permit is held until then, and an attempt without one says nothing.
          let outcome: Outcome.Outcome = Outcome.ignored
          const judged = Effect.flatMap(Effect.exit(self), (exit) =>
            Effect.flatMap(verdict(exit, classify), (reached) => {
              outcome = reached
              return exit
            })
          )
          const read = () => outcome
          return run(judged, key, { success: read, failure: read })
        })
}

const succeeded = () => Outcome.success

const failed = (cause: Cause.Cause<unknown>): Outcome.Outcome =>
  Cause.hasInterruptsOnly(cause) ? Outcome.ignored : Outcome.failure()

const verdict = <A, E, R>(exit: Exit.Exit<A, E>, classify: Classify<A, E, R>): Effect.Effect<Outcome.Outcome, E, R> => {
  if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return Effect.succeed(Outcome.ignored)
  const asked = Effect.suspend(() => {
    const outcome = classify(exit)
    return Effect.isEffect(outcome) ? outcome : Effect.succeed(outcome)
  })
  return Effect.matchCauseEffect(asked, {
    onSuccess: (outcome) => Effect.succeed(toOutcome(outcome)),
    onFailure: (cause) => Effect.failCause(Exit.isFailure(exit) ? Cause.combine(exit.cause, cause) : cause)
  })
}

// There a time below zero is none, and an endless one is one.
const waits = { minimum: Duration.zero, maximum: Duration.millis(Number.MAX_VALUE) }

const toOutcome = (outcome: Builtin.Outcome): Outcome.Outcome => {
  switch (outcome._tag) {
    case "Success":
      return Outcome.success
    case "Ignored":
      return Outcome.ignored
    case "Failure": {
      const { retryAfter } = outcome
      return retryAfter === undefined
        ? Outcome.failure()
        : Outcome.failure({ retryAfterMillis: Duration.toMillis(Duration.clamp(retryAfter, waits)) })
    }
  }
}

// Truce builds a rejection once a millisecond, at most: so does this.
const errors = new WeakMap<CircuitOpen, Effect.Effect<never, Builtin.CircuitBreakerError>>()

const refuse = (rejected: CircuitOpen): Effect.Effect<never, Builtin.CircuitBreakerError> => {
  const known = errors.get(rejected)
  if (known !== undefined) return known
  const { key, retryAfter, state } = rejected
  const error = untraced(
    () =>
      new Builtin.CircuitBreakerError({
        reason:
          state === "HalfOpen" ? new Builtin.CircuitHalfOpen({ key }) : new Builtin.CircuitOpen({ key, retryAfter })
      })
  )
  const refused = Effect.fail(error)
  errors.set(rejected, refused)
  return refused
}

const stateOf = (state: Breaker.State, now: number): Builtin.State => {
  const { key, mode, nextAdmission, openings: consecutiveOpenings, probes, status } = state
  if (mode._tag === "Observing") return { _tag: "Closed", key }
  switch (status) {
    case "Closed":
    case "Disabled":
      return { _tag: "Closed", key }
    case "HalfOpen":
      return { _tag: "HalfOpen", key, probing: probes > 0, consecutiveOpenings }
    case "Open":
    case "Isolated":
      return {
        _tag: "Open",
        key,
        retryAfter: Duration.millis(Math.max(0, (nextAdmission ?? now) - now)),
        consecutiveOpenings
      }
  }
}

// A key that is observed shows as closed, whatever the rules would do: only its next transition says that it was.
const edgesOf = (
  observed: Set<string>,
  transition: Transition
): readonly [Set<string>, ReadonlyArray<Builtin.Transition>] => {
  const { from, key, mode, to } = transition
  const before = observed.delete(key) ? "Closed" : seen(from)
  if (mode === "Observing") observed.add(key)
  const after = mode === "Observing" ? "Closed" : seen(to)
  return [observed, before === after ? [] : [edge(before, after, transition)]]
}

/** What the built-in would have told; where an operator took a way that it does not know, the last step of one that it does. */
const edge = (
  before: Builtin.State["_tag"],
  after: Builtin.State["_tag"],
  { at, key, openings, until }: Transition
): Builtin.Transition => {
  switch (after) {
    case "Open":
      return {
        key,
        from: before === "HalfOpen" ? "HalfOpen" : "Closed",
        to: "Open",
        retryAfter: until === undefined ? Duration.infinity : Duration.millis(until - at),
        consecutiveOpenings: openings
      }
    case "HalfOpen":
      return { key, from: "Open", to: "HalfOpen" }
    case "Closed":
      return { key, from: "HalfOpen", to: "Closed" }
  }
}

const seen = (status: Transition["to"]): Builtin.State["_tag"] => {
  switch (status) {
    case "Isolated":
      return "Open"
    case "Disabled":
      return "Closed"
    default:
      return status
  }
}

const modelOf = (policy: Builtin.TripPolicy | undefined): HealthModel.HealthModel<HealthModel.Opaque> => {
  switch (policy?._tag) {
    case undefined:
      return HealthModel.opaque(HealthModel.ledger())
    case "Consecutive":
      return HealthModel.opaque(HealthModel.consecutive({ failures: policy.failures }))
    case "Rate": {
      const { minimumCalls: min, size, threshold } = policy
      // A threshold of 0 means the first failure there.
      return HealthModel.opaque(HealthModel.countWindow({ size, min, threshold: Math.max(threshold, 1 / size) }))
    }
  }
}

/** Openings in a row whose open time a schedule is asked for; the last holds for all after. */
const openingsAsked = 64

// On a clock of its own, as time spent open is what the schedule is to measure.
const timesOf = (
  openDuration: Duration.Input | Schedule.Schedule<unknown, number>
): Effect.Effect<ReadonlyArray<Duration.Duration>> => {
  if (!Schedule.isSchedule(openDuration)) return Effect.sync(() => [atLeast(read("openDuration", openDuration))])
  return Effect.gen(function* () {
    const step = yield* Schedule.toStep(openDuration)
    const times: Array<Duration.Duration> = []
    let now = yield* Clock.currentTimeMillis
    for (let opening = 1; opening <= openingsAsked; opening++) {
      const next = yield* Effect.exit(step(now, opening))
      if (Exit.isFailure(next)) break
      const [, delay] = next.value
      times.push(atLeast(Duration.min(delay, waits.maximum)))
      if (!Duration.isFinite(delay)) break
      now += Duration.toMillis(delay)
    }
    return times.length === 0 ? [atLeast(Duration.zero)] : times
  })
}

const read = (option: keyof Options, input: Duration.Input): Duration.Duration =>
  Option.getOrThrowWith(
    Duration.fromInput(input),
    () => new InvalidOption.InvalidOption("BuiltinBreaker", option, 'a duration such as "500 millis"', input)
  )

// An open time of zero is one that the next call ends.
const atLeast = (time: Duration.Duration): Duration.Duration => {
  if (Duration.isFinite(time)) return Duration.max(time, Duration.nanos(1n))
  throw new InvalidOption.InvalidOption("BuiltinBreaker", "openDuration", "finite", Infinity)
}
