import { Backoff, CallPolicy, Given, InvalidOption, KeyPattern, Limits as Most, Tables } from "@truce/core"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import type {
  BackoffOptions,
  CallOptions,
  Fixed,
  Input,
  LayerOptions,
  Limits,
  Options,
  RulesByKey
} from "../services/RetryPolicy.ts"
import * as Schedules from "../../platform/Schedules.ts"
import { count, given, positiveDuration, style } from "./options.ts"

/** Throws `InvalidOption`; a schedule's own services are taken from the context. */
export const rulesByKey = <R>(
  { limits, overrides, ...base }: LayerOptions<R>,
  context: Context.Context<R>
): RulesByKey => {
  const all = limitsOver(Most.unlimited, limits)
  const special = KeyPattern.KeyPattern.of(overrides).map(({ limits: over, ...own }, pattern) =>
    InvalidOption.inOverride(pattern, () => ({
      options: merged(base, own),
      rules: rulesOver(base, own, context),
      limits: limitsOver(all, over)
    }))
  )
  // By the options object, as it was written in the code, and by the override that is between: each is read once.
  const known = new WeakMap<Options, Map<object, Fixed>>()
  return {
    base: rulesOf(base, context),
    of: (key, own) => {
      const over = special.find(key)
      if (own === undefined) return over?.rules
      const beneath = over?.options ?? base
      const read = known.get(own) ?? new Map<object, Fixed>()
      const rules = read.get(beneath) ?? rulesOver<R>(beneath, own, context)
      known.set(own, read.set(beneath, rules))
      return rules
    },
    limitsOf: (key) => (key === undefined ? all : (special.find(key)?.limits ?? all))
  }
}

/** Options that were read, the newest last: those written inside a handler are another object at each call. */
const seen: Array<CallOptions> = []
const mostSeen = 32

/** The options, or equal ones that were read before. Throws `InvalidOption` for what is impossible whatever it is merged with. */
export const readOwn = (own: CallOptions | undefined): CallOptions | undefined => {
  if (own === undefined) return undefined
  InvalidOption.names("RetryPolicy", own, fields)
  const known = seen.findLast((one) => one === own || isEqual(one, own))
  if (known !== undefined) return known
  check(own)
  seen.push(own)
  if (seen.length > mostSeen) seen.shift()
  return own
}

const isEqual = (left: CallOptions, right: CallOptions): boolean =>
  fields.every((field) => {
    const one: unknown = Reflect.get(left, field)
    const other: unknown = Reflect.get(right, field)
    return (
      Object.is(one, other) || (Duration.isDuration(one) && Duration.isDuration(other) && Duration.equals(one, other))
    )
  })

const owner = "RetryPolicy"

const fields: ReadonlyArray<string> = [
  ...Object.keys(Tables.call),
  ...Object.keys(Tables.backoff),
  ...(["jitter", "schedule", "retryTimeouts"] satisfies ReadonlyArray<keyof CallOptions>)
]

const check = (own: CallOptions): void => {
  // A deadline may come from what is beneath.
  rulesOf(
    { ...own, whenOpen: own.whenOpen === "wait" && own.deadline === undefined ? "stop" : own.whenOpen },
    Context.empty()
  )
}

export const limitsOver = (base: Most.Limits, own: Limits = {}): Most.Limits => {
  const owner = "limits"
  InvalidOption.names(owner, own, ["attempts", "deadline", "maxRetryAfter"])
  const most = (field: "deadline" | "maxRetryAfter", fallback: number): number =>
    positiveDuration(owner, field, own[field], Duration.millis(fallback))
  return {
    attempts: own.attempts === undefined ? base.attempts : count(owner, "attempts", own.attempts, 1),
    deadlineMillis: most("deadline", base.deadlineMillis),
    maxRetryAfterMillis: most("maxRetryAfter", base.maxRetryAfterMillis)
  }
}

/** The rules of options that come before others. Throws `InvalidOption`. */
export const rulesOver = <R>(base: Options<R>, own: Options<R>, context: Context.Context<R>): Fixed =>
  rulesOf(merged(base, own), context)

// A schedule takes the place of the options it excludes, and they take its place.
const merged = <R>(base: Options<R>, own: Options<R>): Options<R> => {
  const isBackoff = excluded.some((field) => own[field] !== undefined)
  const { deadline, maxRetryAfter, whenOpen } = base
  return own.schedule !== undefined || (isBackoff && base.schedule !== undefined)
    ? { deadline, maxRetryAfter, whenOpen, ...given(own) }
    : { ...base, ...given(own) }
}

/** Exponential backoff with cap and jitter, without end. */
export const backingOff = (options: BackoffOptions = {}): Schedule.Schedule<Duration.Duration> => {
  const backoff = Backoff.read(new Given.Given(style(owner), Tables.backoff, options, fields), options.jitter)
  return Schedules.delaying({ retry: 0, previousMillis: 0 }, (at) =>
    Effect.map(Random.next, (u) => {
      const previousMillis = Backoff.delay(backoff, at, u)
      return [previousMillis, { retry: at.retry + 1, previousMillis }]
    })
  )
}

const rulesOf = <R>(options: Options<R>, context: Context.Context<R>): Fixed => {
  const read = CallPolicy.read(new Given.Given(style(owner), Tables.call, options, fields))
  if (read.whenOpen === "wait" && read.deadlineMillis === Infinity) {
    throw new InvalidOption.InvalidOption(owner, "deadline", `given when whenOpen is "wait"`, options.deadline)
  }
  return {
    schedule:
      options.schedule === undefined ? standard(options, read.attempts) : own(options, options.schedule, context),
    deadline: Duration.millis(read.deadlineMillis),
    maxRetryAfter: Duration.millis(read.maxRetryAfterMillis),
    whenOpen: read.whenOpen
  }
}

const standard = (options: BackoffOptions, attempts: number) => Schedules.times(backingOff(options), attempts - 1)

const own = <R>(options: Options<R>, schedule: Schedules.Of<unknown, Input, R>, context: Context.Context<R>) => {
  for (const field of excluded) {
    if (options[field] !== undefined) {
      throw new InvalidOption.InvalidOption(owner, field, "left out where a schedule is given", options[field])
    }
  }
  return Schedules.provided(schedule, context)
}

/** What a schedule of the user's own says already. */
const excluded = ["attempts", "base", "factor", "cap", "jitter"] as const
