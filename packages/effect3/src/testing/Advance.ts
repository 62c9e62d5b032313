/**
 * Moving the test clock until something is true, without guessing how long it takes.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { type CircuitBreaker, type State, explain, state as stateOf } from "../CircuitBreaker.ts"
import * as Monotonic from "../platform/Monotonic.ts"
import { positiveDuration } from "../run/settings/options.ts"

/**
 * How far the clock may be moved.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How far at once. Default: 100 millis. */
  readonly step?: Duration.DurationInput | undefined
  /** How far in all. Default: 1 minute. */
  readonly within?: Duration.DurationInput | undefined
}

/**
 * Fails because what was awaited is not so after `within`; `found` says what is.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotReached extends Data.TaggedError("NotReached")<{
  readonly awaited: string
  readonly within: Duration.Duration
  readonly found: string
}> {
  override get message(): string {
    return `expected within ${Duration.format(this.within)}: ${this.awaited}\nfound: ${this.found}`
  }
}

/**
 * Moves the test clock step by step until the condition holds; fibers run at every step. Not moved where it holds already.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category combinators
 * @since 0.1.0
 */
export const until = <E, R>(
  condition: Effect.Effect<boolean, E, R>,
  options: Options & {
    /** What is awaited, for the error. Default: "the condition". */
    readonly awaited?: string | undefined
  } = {}
): Effect.Effect<void, E | NotReached, R> =>
  moving(condition, {
    options,
    awaited: options.awaited ?? "the condition",
    found: Effect.succeed("it does not hold"),
    jump: Effect.succeed(undefined)
  })

/**
 * Moves the test clock to the next admission of a circuit: not at all where one is possible now, at once over the open time or lease
 * where not.
 *
 * Fails with `NotReached` where no time is enough, as for an isolated circuit.
 *
 * **Example** (Past the open time, whatever it is)
 *
 * ```ts
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import { Advance, Forced } from "@truce/effect3/testing"
 * import { Effect, Layer, TestContext } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   yield* Forced.set("users-api", "Open")
 *   yield* Advance.untilAdmits("users-api")
 *   return (yield* CircuitBreaker.state("users-api")).nextAdmission
 * })
 * await Effect.runPromise(Effect.provide(program, Layer.merge(Truce.layer(), TestContext.TestContext))) // => undefined
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const untilAdmits = (
  key: string,
  options: Pick<Options, "within"> = {}
): Effect.Effect<void, NotReached, CircuitBreaker> =>
  moving(
    Effect.map(stateOf(key), ({ nextAdmission }) => nextAdmission === undefined),
    {
      options,
      awaited: `the circuit ${key} admits an attempt`,
      found: told(key),
      jump: Effect.zipWith(stateOf(key), Monotonic.now, ({ nextAdmission }, now) =>
        // Whole milliseconds: the clock keeps no more than nanoseconds of a time that is spread at random.
        nextAdmission === undefined ? undefined : Math.max(1, Math.ceil(nextAdmission - now))
      )
    }
  )

/**
 * Moves the test clock until a circuit is in a state. Open circuits close by the outcomes of probes only: something must call.
 *
 * **Example** (A poller that heals the circuit)
 *
 * ```ts
 * import { Classifier, CircuitBreaker, Truce } from "@truce/effect3"
 * import { Advance, Forced } from "@truce/effect3/testing"
 * import { Effect, Layer, Schedule, TestContext } from "effect"
 *
 * const classify = Classifier.make<never>(() => true)
 * const poll = Effect.succeed("ok").pipe(Truce.protect({ key: "users-api", classify }), Effect.ignore)
 *
 * const program = Effect.gen(function* () {
 *   yield* Forced.set("users-api", "Open")
 *   yield* Effect.fork(Effect.repeat(poll, Schedule.spaced("200 millis")))
 *   yield* Advance.untilState("users-api", "Closed")
 *   return (yield* CircuitBreaker.state("users-api")).status
 * })
 * await Effect.runPromise(Effect.provide(program, Layer.merge(Truce.layer(), TestContext.TestContext))) // => "Closed"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const untilState = (
  key: string,
  status: State["status"],
  options: Options = {}
): Effect.Effect<void, NotReached, CircuitBreaker> =>
  moving(
    Effect.map(stateOf(key), (state) => state.status === status),
    { options, awaited: `the circuit ${key} is ${status}`, found: told(key), jump: Effect.succeed(undefined) }
  )

interface Awaited<R> {
  readonly options: Options
  readonly awaited: string
  readonly found: Effect.Effect<string, never, R>
  /** Where to go instead of one step. */
  readonly jump: Effect.Effect<number | undefined, never, R>
}

const moving = <E, R, R2>(
  condition: Effect.Effect<boolean, E, R>,
  { awaited, found, jump, options }: Awaited<R2>
): Effect.Effect<void, E | NotReached, R | R2> =>
  Effect.suspend(() => {
    const step = finite("step", options.step, "100 millis")
    const within = finite("within", options.within, "1 minute")
    const from = (moved: number): Effect.Effect<void, E | NotReached, R | R2> =>
      Effect.gen(function* () {
        // What is ready to run comes first.
        yield* TestClock.adjust(0)
        if (yield* condition) return
        const left = within - moved
        if (left <= 0) {
          return yield* new NotReached({ awaited, within: Duration.millis(within), found: yield* found })
        }
        const next = Math.min((yield* jump) ?? step, left)
        yield* TestClock.adjust(next)
        yield* from(moved + next)
      })
    return from(0)
  })

const finite = (field: string, input: Duration.DurationInput | undefined, fallback: Duration.DurationInput): number => {
  const value = positiveDuration("Advance", field, input, fallback)
  return InvalidOption.check("Advance", field, value, 0, InvalidOption.positive)
}

const told = (key: string): Effect.Effect<string, never, CircuitBreaker> => Effect.map(explain(key), ({ text }) => text)
