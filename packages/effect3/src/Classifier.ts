/**
 * Which errors are retriable, which are permanent or local, and what each says about the dependency.
 *
 * A classifier never runs anything and never decides whether a retry is sent.
 *
 * @since 0.1.0
 */
import { HttpStatus, InvalidOption, Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { hasProperty } from "effect/Predicate"
import type { CircuitOpen } from "./CircuitOpen.ts"
import { named } from "./run/settings/named.ts"
import { remark } from "./run/call/remark.ts"
import { isDuration, isTime } from "./platform/Time.ts"

/**
 * Splits the errors `E` of an effect into retriable `ER` and permanent `EP`, and reads an `Outcome` from its exit.
 *
 * By default a retriable error is a failure of weight 1; a permanent one is an answer, which closes a half-open circuit and says nothing to
 * a closed one; a success is a success; a defect is a failure of weight 1; a local error and an interruption say nothing. `EP` has the local
 * errors too: they end a call as permanent ones do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Classifier<E, ER extends E = E, EP extends E = E> {
  /** For `Effect.retry({ while })`. A rejection by the circuit is not retriable. */
  readonly isRetriable: (error: E | CircuitOpen) => boolean
  readonly retriable: (error: E) => error is ER
  readonly permanent: (error: E) => error is EP
  readonly classify: (exit: Exit.Exit<unknown, E>) => Outcome.Outcome
  /** `classify` of a failed exit. */
  readonly failure: (cause: Cause.Cause<E>) => Outcome.Outcome
  /** `classify` of a success. */
  readonly success: (value: unknown) => Outcome.Outcome
}

/**
 * A classifier whose retriable and permanent errors differ in type, so that the test narrows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refined<E, ER extends E, EP extends E> extends Classifier<E, ER, EP> {
  readonly isRetriable: (error: E | CircuitOpen) => error is ER
}

/**
 * Worth another attempt; what no attempt can change, from a dependency that works; or of this process, before the dependency was asked.
 *
 * @category models
 * @since 0.1.0
 */
export type RuleKind = "retriable" | "permanent" | "local"

/**
 * How one error is to be read; `retriable`, `permanent` and `local` build it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule<in E, out Kind extends RuleKind = RuleKind> {
  readonly kind: Kind
  readonly outcome: (error: E) => Outcome.Outcome
}

/**
 * What `tags` takes for each tag.
 *
 * @category models
 * @since 0.1.0
 */
export type TagRule<E> = RuleKind | Rule<E>

/**
 * An error worth another attempt, with what it says about the dependency.
 *
 * **Example** (A throttle that says when to come back)
 *
 * ```ts
 * import { Classifier } from "@truce/effect3"
 * import { Data, Duration } from "effect"
 *
 * class Throttled extends Data.TaggedError("Throttled")<{ readonly after: Duration.Duration }> {}
 *
 * const classify = Classifier.tags<Throttled>()({
 *   Throttled: Classifier.retriable({ weight: 0.35, saturated: true, retryAfter: (error) => error.after })
 * })
 * classify.isRetriable(new Throttled({ after: Duration.seconds(1) })) // => true
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const retriable = <E>(
  options: {
    /** In [0, 1]; 0 says nothing about the dependency. Default: 1. */
    readonly weight?: number | undefined
    /** Whether load is the likely cause, as for a timeout. Default: false. */
    readonly saturated?: boolean | undefined
    /** When the dependency asked to be tried again. */
    readonly retryAfter?: ((error: E) => Duration.DurationInput | undefined) | undefined
    /** Whether the dependency speaks for all callers, as of a quota they share: the circuit opens at once, until `retryAfter`. Default: false. */
    readonly opens?: boolean | undefined
  } = {}
): Rule<E, "retriable"> => ({
  kind: "retriable",
  outcome: reader({ ...options, weight: options.weight ?? 1 }, Outcome.ignored)
})

/**
 * An error that no attempt can change: the dependency answered. It closes a half-open circuit, and says nothing to a closed one unless
 * given a weight.
 *
 * @category rules
 * @since 0.1.0
 */
export const permanent = <E>(
  options: {
    /** In [0, 1]; 0 for an answer of a dependency that works. Default: 0. */
    readonly weight?: number | undefined
    /** Whether load is the likely cause. Default: false. */
    readonly saturated?: boolean | undefined
    /** When the dependency asked to be tried again. */
    readonly retryAfter?: ((error: E) => Duration.DurationInput | undefined) | undefined
    /** Whether the dependency speaks for all callers, as of a quota they share: the circuit opens at once, until `retryAfter`. Default: false. */
    readonly opens?: boolean | undefined
  } = {}
): Rule<E, "permanent"> => ({
  kind: "permanent",
  outcome: reader({ ...options, weight: options.weight ?? 0 }, Outcome.answered)
})

/**
 * An error of this process, before the dependency was asked: a body that cannot be encoded, no file handles left. It ends the call at once
 * and says nothing about the dependency.
 *
 * **Example** (An argument that never left the process)
 *
 * ```ts
 * import { Classifier } from "@truce/effect3"
 * import { Data, Effect } from "effect"
 *
 * class Invalid extends Data.TaggedError("Invalid")<{}> {}
 *
 * const classify = Classifier.tags<Invalid>()({ Invalid: "local" })
 * classify.classify(await Effect.runPromiseExit(Effect.fail(new Invalid())))._tag // => "Ignored"
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const local = <E>(): Rule<E, "local"> => ({ kind: "local", outcome: () => Outcome.ignored })

/**
 * A classifier over tagged errors, exhaustive at compile time: a tag that is not in the table does not compile, nor does one that
 * the errors do not have.
 *
 * Throws `InvalidOption` for a weight outside [0, 1].
 *
 * **Example** (Telling a timeout from a missing user)
 *
 * ```ts
 * import { Classifier } from "@truce/effect3"
 * import { Data } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
 *
 * const classify = Classifier.tags<Timeout | NotFound>()({ Timeout: "retriable", NotFound: "permanent" })
 * classify.isRetriable(new NotFound({ id: "1" })) // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const tags =
  <E extends { readonly _tag: string } = never>() =>
  <const M extends { readonly [K in E["_tag"]]: TagRule<OfTag<E, K>> }>(
    table: M & { readonly [K in Exclude<keyof M, E["_tag"]>]: never } & HasLiteralTags<E>,
    options: Options = {}
  ): Refined<E, Tagged<E, M, "retriable">, Tagged<E, M, "permanent">> => {
    if (typeof table !== "object" || table === null) {
      throw new InvalidOption.InvalidOption("Classifier.tags", "table", "an object of rules by tag", table)
    }
    for (const [tag, rule] of Object.entries(table)) checkRule(tag, rule)
    const rules: ReadonlyMap<string, Rule<E>> = new Map(
      Object.entries<TagRule<E>>(table).map(([tag, rule]) => [
        tag,
        typeof rule === "string" ? ruleNamed<E>(rule) : rule
      ])
    )
    // An error outside its declared type (a cast somewhere) says nothing and is not retried.
    const ruleOf = (error: E): Rule<E> => rules.get(error._tag) ?? unknownError
    return build(
      (error): error is Tagged<E, M, "retriable"> => ruleOf(error).kind === "retriable",
      (error): error is Tagged<E, M, "permanent"> => ruleOf(error).kind !== "retriable",
      (error) => ruleOf(error).outcome(error),
      options
    )
  }

const checkRule = (tag: string, rule: unknown): void => {
  if (rule === "retriable" || rule === "permanent" || rule === "local") return
  if (hasProperty(rule, "kind") && hasProperty(rule, "outcome") && typeof rule.outcome === "function") return
  const allowed = `"retriable", "permanent", "local" or a rule of Classifier`
  throw new InvalidOption.InvalidOption("Classifier.tags", tag, allowed, rule)
}

const checkFunction = (owner: string, field: string, value: unknown): void => {
  if (typeof value !== "function") throw new InvalidOption.InvalidOption(owner, field, "a function", value)
}

const ruleNamed = <E>(kind: RuleKind): Rule<E> => {
  switch (kind) {
    case "retriable":
      return retriable()
    case "permanent":
      return permanent()
    case "local":
      return local()
  }
}

/**
 * The members of `E` that the table `M` calls retriable, or permanent or local, or may: where the rule, or the tag of a member, is one of
 * several.
 *
 * @category models
 * @since 0.1.0
 */
export type Tagged<E extends { readonly _tag: string }, M, Kind extends "retriable" | "permanent"> = OfTag<
  E,
  { [K in keyof M]: Kind extends EndOf<KindOf<M[K]>> ? K : never }[keyof M]
>

/**
 * Refuses errors whose tag is any string: no table over those is exhaustive.
 *
 * @category models
 * @since 0.1.0
 */
export type HasLiteralTags<E extends { readonly _tag: string }> = [E] extends [never]
  ? unknown
  : {} extends Record<E["_tag"], unknown>
    ? "the tags of the errors must be literal types"
    : unknown

type OfTag<E extends { readonly _tag: string }, Tag> = E extends unknown
  ? [E["_tag"] & Tag] extends [never]
    ? never
    : E
  : never

/** What a kind of error does to a call: another attempt, or none. */
type EndOf<Kind> = Kind extends "local" ? "permanent" : Kind

type KindOf<R> = R extends string ? R : R extends Rule<never, infer Kind> ? Kind : never

/**
 * What classifiers do beside errors.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What a defect says about the dependency. Default: a failure of weight 1. */
  readonly defect?: Outcome.Outcome | undefined
  /** What a value says about the dependency, such as a response with an error status. Default: a success. */
  readonly success?: ((value: unknown) => Outcome.Outcome) | undefined
}

/**
 * A classifier from a refinement.
 *
 * **Example** (Splitting by class)
 *
 * ```ts
 * import { Classifier } from "@truce/effect3"
 *
 * class Refused extends Error {}
 *
 * const classify = Classifier.refine((error: Error): error is Refused => error instanceof Refused)
 * classify.isRetriable(new Refused()) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const refine = <E, ER extends E>(
  isRetriable: (error: E) => error is ER,
  options: Options & {
    /** What an error says about the dependency. Default: a retriable one is a failure of weight 1, the others are answers. */
    readonly outcome?: ((error: E) => Outcome.Outcome) | undefined
  } = {}
): Refined<E, ER, Exclude<E, ER>> => {
  checkFunction("Classifier.refine", "isRetriable", isRetriable)
  return build(
    isRetriable,
    (error): error is Exclude<E, ER> => !isRetriable(error),
    options.outcome ?? ((error) => (isRetriable(error) ? fullFailure : Outcome.answered)),
    options
  )
}

/**
 * A classifier from a predicate: the types of retriable and permanent errors overlap, so `protect` keeps `E` in the channel too.
 *
 * **Example** (Splitting by a flag)
 *
 * ```ts
 * import { Classifier } from "@truce/effect3"
 *
 * interface Refusal { readonly temporary: boolean }
 *
 * const classify = Classifier.make((error: Refusal) => error.temporary)
 * classify.isRetriable({ temporary: true }) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <E>(
  isRetriable: (error: E) => boolean,
  options: Options & {
    /** What an error says about the dependency. Default: a retriable one is a failure of weight 1, the others are answers. */
    readonly outcome?: ((error: E) => Outcome.Outcome) | undefined
  } = {}
): Classifier<E> => {
  checkFunction("Classifier.make", "isRetriable", isRetriable)
  return build(
    (error): error is E => isRetriable(error),
    (error): error is E => !isRetriable(error),
    options.outcome ?? ((error) => (isRetriable(error) ? fullFailure : Outcome.answered)),
    options
  )
}

/**
 * A classifier from the HTTP status of an error, by the table of `HttpStatus.read`; an error without a status is retriable and a
 * failure of weight 1.
 *
 * **Example** (Reading a status)
 *
 * ```ts
 * import { Classifier } from "@truce/effect3"
 *
 * interface ApiError { readonly status: number }
 *
 * const classify = Classifier.status({ status: (error: ApiError) => error.status })
 * classify.isRetriable({ status: 404 }) // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const status = <E>(
  options: Options & {
    readonly status: (error: E) => number | undefined
    /** Statuses with which the dependency speaks for all callers, such as 429: they open the circuit at once, until `retryAfter`. Default: none. */
    readonly opens?: ReadonlyArray<number> | undefined
    readonly retryAfter?: ((error: E) => Duration.DurationInput | undefined) | undefined
  }
): Classifier<E> => {
  const { retryAfter } = options
  const wait = retryAfter === undefined ? () => undefined : waitOf(retryAfter)
  const read = (error: E): HttpStatus.Reading => {
    const code = options.status(error)
    // 0 is what some clients give where there was no response.
    return code === undefined || !(code >= 100)
      ? { retriable: true, outcome: fullFailure }
      : HttpStatus.read(code, wait(error), options.opens)
  }
  return make((error) => read(error).retriable, { ...options, outcome: (error) => read(error).outcome })
}

const fullFailure = Outcome.failure()
const unknownError: Rule<unknown> = local()

const build = <E, ER extends E, EP extends E>(
  isRetriable: (error: E) => error is ER,
  isPermanent: (error: E) => error is EP,
  outcome: (error: E) => Outcome.Outcome,
  options: Options
): Refined<E, ER, EP> => {
  const defect = options.defect ?? fullFailure
  const success = options.success ?? (() => Outcome.success)
  const failure = (cause: Cause.Cause<E>): Outcome.Outcome => {
    const error = Cause.failureOption(cause)
    if (Option.isSome(error)) return outcome(error.value)
    return Cause.isDie(cause) ? defect : Outcome.ignored
  }
  return {
    isRetriable: (error): error is ER => !isRejection(error) && isRetriable(error),
    retriable: isRetriable,
    permanent: isPermanent,
    failure,
    success,
    classify: Exit.match({ onFailure: failure, onSuccess: success })
  }
}

const isRejection = <E>(error: E | CircuitOpen): error is CircuitOpen =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "CircuitOpen"

const reader = <E>(
  options: {
    readonly weight: number
    readonly saturated?: boolean | undefined
    readonly retryAfter?: ((error: E) => Duration.DurationInput | undefined) | undefined
    readonly opens?: boolean | undefined
  },
  weightless: Outcome.Outcome
): ((error: E) => Outcome.Outcome) => {
  const { opens, retryAfter, saturated, weight } = options
  if (weight === 0) return () => weightless
  const plain = Outcome.failure({ weight, saturated, opens })
  if (retryAfter === undefined) return () => plain
  const wait = waitOf(retryAfter)
  return (error) => ({ ...plain, retryAfterMillis: wait(error) })
}

/** Reads a wait with a function of the user's. What is no duration, as a header that is a date, is no wait, and is remarked once. */
const waitOf = <E>(retryAfter: (error: E) => Duration.DurationInput | undefined) => {
  let isRemarked = false
  return (error: E): number | undefined => {
    const input = retryAfter(error)
    if (input === undefined) return undefined
    if (isDuration(input)) {
      // A time that has passed already is no wait.
      if (isTime(input)) return Math.min(Number.MAX_VALUE, Duration.toMillis(input))
      if (!Number.isNaN(input)) return 0
    }
    if (!isRemarked)
      remark(`Classifier: retryAfter must give a duration or undefined, and gave ${named(input)}: it is left out`)
    isRemarked = true
    return undefined
  }
}
