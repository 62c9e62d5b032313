/**
 * A dependency that does as it was told, step by step, and remembers what it was asked.
 *
 * @since 0.1.0
 */
import { InvalidOption } from "@truce/core"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Cause from "effect/Cause"
import * as Monotonic from "../platform/Monotonic.ts"
import { millis } from "../run/settings/options.ts"
import { nameOf } from "../run/call/trail.ts"

/**
 * A function that a step may answer with.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer = (...args: never) => Effect.Effect<unknown, unknown, unknown>

/**
 * What is done for some requests in a row.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step<out F extends Answer> {
  readonly name: string
  readonly times: number
  readonly delayMillis: number
  readonly answer: F
}

/**
 * One request: its number from 0, its arguments, when it came (`at`, in ms on the monotonic clock, which `TestClock` starts at 0), the
 * step that answered it and how it ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<out Args extends ReadonlyArray<unknown>> {
  readonly number: number
  readonly args: Args
  readonly at: number
  readonly step: string
  readonly ended: "success" | "failure" | "defect" | "interrupted" | "running"
}

/**
 * A dependency that follows a script: call it in the place of the real one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script<Args extends ReadonlyArray<unknown>, out A, out E, out R = never> {
  (...args: Args): Effect.Effect<A, E, R>
  /** How often it was asked. */
  readonly attempts: Effect.Effect<number>
  /** Every request, first to last. */
  readonly requests: Effect.Effect<ReadonlyArray<Request<Args>>>
}

/**
 * Options of a script.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** For the error of a script that ran out. Default: "the script". */
  readonly name?: string | undefined
  /** What is done when all steps are done: die with `ScriptRanOut`, do the last step again, or begin anew. Default: "die". */
  readonly atEnd?: "die" | "repeat-last" | "repeat-all" | undefined
}

/**
 * The defect of a request that no step is left for.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptRanOut extends Data.TaggedError("ScriptRanOut")<{
  readonly name: string
  readonly steps: ReadonlyArray<string>
  readonly requests: ReadonlyArray<Request<ReadonlyArray<unknown>>>
}> {
  override get message(): string {
    const { length } = this.requests
    return (
      `${this.name} ran out: no step is left for request ${length} of arguments ${shown(this.requests.at(-1)?.args)}. ` +
      `Its steps: ${this.steps.join(", ")}. End it with Script.forever, or set atEnd.`
    )
  }
}

/**
 * Succeeds, once or `times` in a row. Throws `InvalidOption` unless `times` is a whole number of at least 1.
 *
 * @category steps
 * @since 0.1.0
 */
export const succeeds = <A>(value: A, times = 1): Step<() => Effect.Effect<A>> =>
  step("succeeds", times, () => Effect.succeed(value))

/**
 * Fails, once or `times` in a row. Throws `InvalidOption` unless `times` is a whole number of at least 1.
 *
 * @category steps
 * @since 0.1.0
 */
export const fails = <E>(error: E, times = 1): Step<() => Effect.Effect<never, E>> =>
  step(`fails with ${nameOf(error)}`, times, () => Effect.fail(error))

/**
 * Dies, once or `times` in a row. Throws `InvalidOption` unless `times` is a whole number of at least 1.
 *
 * @category steps
 * @since 0.1.0
 */
export const dies = (defect: unknown, times = 1): Step<() => Effect.Effect<never>> =>
  step("dies", times, () => Effect.die(defect))

/**
 * Never answers, once or `times` in a row; it can be interrupted. Throws `InvalidOption` unless `times` is a whole number of at least 1.
 *
 * @category steps
 * @since 0.1.0
 */
export const hangs = (times = 1): Step<() => Effect.Effect<never>> => step("hangs", times, () => Effect.never)

/**
 * Answers with an effect made from the arguments, once or `times` in a row. Throws `InvalidOption` unless `times` is a whole number of
 * at least 1.
 *
 * @category steps
 * @since 0.1.0
 */
export const answers = <F extends Answer>(answer: F, times = 1): Step<F> => step("answers", times, answer)

/**
 * The same step, later. Throws `InvalidOption` for what is not a duration.
 *
 * @category steps
 * @since 0.1.0
 */
export const after = <F extends Answer>(delay: Duration.DurationInput, self: Step<F>): Step<F> => {
  const delayMillis = self.delayMillis + (millis("Script.after", "delay", delay) ?? 0)
  return { ...self, delayMillis, name: `${self.name} after ${delayMillis} ms` }
}

/**
 * The same step from here on, however often it is asked.
 *
 * @category steps
 * @since 0.1.0
 */
export const forever = <F extends Answer>(self: Step<F>): Step<F> => ({ ...self, times: Infinity })

/**
 * A dependency that follows the steps; its types are those of the steps.
 *
 * Dies with `ScriptRanOut` when it is asked more often than it has steps, unless the options say otherwise.
 *
 * **Example** (Fails twice, then answers)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Script } from "@truce/effect3/testing"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.gen(function* () {
 *   const fetchName = yield* Script.make([Script.fails(new Timeout(), 2), Script.forever(Script.succeeds("Ada"))])
 *   const name = yield* fetchName("7").pipe(
 *     Truce.protect({ key: "users-api", classify, retry: { base: "1 millis" } })
 *   )
 *   const requests = yield* fetchName.requests
 *   return [name, requests.map(({ ended }) => ended)]
 * })
 * await Effect.runPromise(Effect.provide(program, Truce.layer())) // => ["Ada", ["failure", "failure", "success"]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export function make<const Steps extends Some>(
  steps: Steps & ReadonlyArray<Step<(...args: ArgsOf<Steps>) => Effect.Effect<unknown, unknown, unknown>>>,
  options?: Options
): Effect.Effect<Script<ArgsOf<Steps>, Success<Steps>, Failure<Steps>, Needs<Steps>>>
export function make<Args extends ReadonlyArray<unknown>, A, E, R>(
  steps: ReadonlyArray<Step<(...args: Args) => Effect.Effect<A, E, R>>>,
  options: Options = {}
) {
  return build(steps, options)
}

/**
 * A dependency with the type of a function, which the steps must fit: in the place of that function in every way.
 *
 * Dies with `ScriptRanOut` when it is asked more often than it has steps, unless the options say otherwise.
 *
 * **Example** (In the place of a client's method)
 *
 * ```ts
 * import { Script } from "@truce/effect3/testing"
 * import { Data, Effect } from "effect"
 *
 * class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
 * const fetchName = (id: string): Effect.Effect<string, NotFound> => Effect.fail(new NotFound({ id })) // the real one
 *
 * const program = Effect.gen(function* () {
 *   const fake = yield* Script.makeFor<typeof fetchName>()([
 *     Script.answers((id) => Effect.fail(new NotFound({ id }))),
 *     Script.after("1 millis", Script.succeeds("Ada"))
 *   ])
 *   const error = yield* Effect.flip(fake("7"))
 *   yield* fake("8")
 *   return [error.id, (yield* fake.requests).map(({ args: [id] }) => id)]
 * })
 * await Effect.runPromise(program) // => ["7", ["7", "8"]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeFor =
  <F extends Answer>() =>
  (
    steps: ReadonlyArray<Step<(...args: Parameters<F>) => ReturnType<F>>>,
    options: Options = {}
  ): Effect.Effect<Script<Parameters<F>, SuccessOf<F>, FailureOf<F>, NeedsOf<F>>> =>
    build<Parameters<F>, SuccessOf<F>, FailureOf<F>, NeedsOf<F>>(steps, options)

type SuccessOf<F extends Answer> = Effect.Effect.Success<ReturnType<F>>
type FailureOf<F extends Answer> = Effect.Effect.Error<ReturnType<F>>
type NeedsOf<F extends Answer> = Effect.Effect.Context<ReturnType<F>>

type Some = ReadonlyArray<Step<Answer>>
type AnswerOf<S> = S extends Step<infer F> ? F : never

type Success<Steps extends Some> = SuccessOf<AnswerOf<Steps[number]>>
type Failure<Steps extends Some> = FailureOf<AnswerOf<Steps[number]>>
type Needs<Steps extends Some> = NeedsOf<AnswerOf<Steps[number]>>

/** The arguments of the first step that reads any; where none does, whatever is given. */
type ArgsOf<Steps extends Some> = Steps extends readonly [infer First, ...infer Rest extends Some]
  ? Parameters<AnswerOf<First>> extends readonly []
    ? ArgsOf<Rest>
    : Parameters<AnswerOf<First>>
  : Steps extends readonly []
    ? ReadonlyArray<unknown>
    : Parameters<AnswerOf<Steps[number]>>

const step = <F extends Answer>(name: string, times: number, answer: F): Step<F> => ({
  name: times > 1 ? `${name} ${times} times` : name,
  times: InvalidOption.check("Script", "times", times, 1, InvalidOption.count),
  delayMillis: 0,
  answer
})

const build = <Args extends ReadonlyArray<unknown>, A, E, R>(
  steps: ReadonlyArray<Step<(...args: Args) => Effect.Effect<A, E, R>>>,
  { atEnd, name = "the script" }: Options
): Effect.Effect<Script<Args, A, E, R>> =>
  Effect.sync(() => {
    const ending = InvalidOption.oneOf("Script", "atEnd", atEnd, ["die", "repeat-last", "repeat-all"])
    const total = steps.reduce((sum, { times }) => sum + times, 0)
    const endless = steps.findIndex(({ times }) => times === Infinity)
    if (steps.length === 0 || (endless !== -1 && endless < steps.length - 1)) {
      const rule = "at least one step, and none after one that is for ever"
      throw new InvalidOption.InvalidOption("Script", "steps", rule, namesOf(steps))
    }
    const stepAt = (number: number): (typeof steps)[number] | undefined => {
      if (number >= total && ending === "die") return undefined
      if (number >= total && ending === "repeat-last") return steps.at(-1)
      let left = total === Infinity ? number : number % total
      return steps.find(({ times }) => (left -= times) < 0)
    }
    const requests: Array<Request<Args>> = []
    const call = (...args: Args): Effect.Effect<A, E, R> =>
      Effect.flatMap(Monotonic.now, (at) => {
        const number = requests.length
        const step = stepAt(number)
        const request = { number, args, at, step: step?.name ?? "none" }
        requests.push({ ...request, ended: "running" })
        const answer =
          step === undefined
            ? Effect.die(new ScriptRanOut({ name, steps: namesOf(steps), requests: requests.slice() }))
            : later(
                step.delayMillis,
                Effect.suspend(() => step.answer(...args))
              )
        return Effect.onExit(answer, (exit) =>
          Effect.sync(() => void (requests[number] = { ...request, ended: endOf(exit) }))
        )
      })
    return Object.assign(call, {
      attempts: Effect.sync(() => requests.length),
      requests: Effect.sync(() => requests.slice())
    })
  })

const later = <A, E, R>(delayMillis: number, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  delayMillis === 0 ? self : Effect.delay(self, delayMillis)

const namesOf = (steps: ReadonlyArray<{ readonly name: string; readonly times: number }>): ReadonlyArray<string> =>
  steps.map(({ name, times }) => (times === Infinity ? `${name} for ever` : name))

const endOf = (exit: Exit.Exit<unknown, unknown>): Request<never>["ended"] => {
  if (Exit.isSuccess(exit)) return "success"
  if (Cause.isInterruptedOnly(exit.cause)) return "interrupted"
  return Option.isSome(Cause.failureOption(exit.cause)) ? "failure" : "defect"
}

const shown = (args: ReadonlyArray<unknown> | undefined): string => {
  try {
    return JSON.stringify(args)
  } catch {
    // Arguments that are no data, such as a socket, have no JSON.
    return `(${args?.map((arg) => typeof arg).join(", ")})`
  }
}
