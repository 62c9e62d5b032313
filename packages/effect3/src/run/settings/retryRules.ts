import { Backoff, CallPolicy, InvalidOption, KeyPattern, Limits as Most } from "@truce/core"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import type {
  BackoffOptions,
  CallOptions,
  Fixed,
  LayerOptions,
  Limits,
  Options,
  RulesByKey
} from "../services/RetryPolicy.ts"
import * as Schedules from "../../platform/Schedules.ts"
import { count, given, millis, positiveDuration, renamed } from "./options.ts"

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
    const [one, other] = [left[field], right[field]]
    return (
      Object.is(one, other) || (Duration.isDuration(one) && Duration.isDuration(other) && Duration.equals(one, other))
    )
  })

const fields = [
  "attempts",
  "base",
  "factor",
  "cap",
  "jitter",
  "schedule",
  "deadline",
  "maxRetryAfter",
  "whenOpen",
  "retryTimeouts"
] as const satisfies ReadonlyArray<keyof CallOptions>

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

const rulesOf = <R>(options: Options<R>, context: Context.Context<R>): Fixed => {
  InvalidOption.names("RetryPolicy", options, fields)
  return read(options, context)
}

const read = <R>(options: Options<R>, context: Context.Context<R>): Fixed => ({
  ...plain(options),
  schedule: options.schedule === undefined ? standard(options) : Schedules.provided(options.schedule, context)
})

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
  const owner = "RetryPolicy"
  const backoff = renamed(owner, { baseMillis: "base", capMillis: "cap" }, { ...options }, () =>
    Backoff.make({
      baseMillis: millis(owner, "base", options.base),
      factor: options.factor,
      capMillis: millis(owner, "cap", options.cap),
      jitter: options.jitter
    })
  )
  return Schedules.delaying({ retry: 0, previousMillis: 0 }, (at) =>
    Effect.map(Random.next, (u) => {
      const previousMillis = Backoff.delay(backoff, at, u)
      return [previousMillis, { retry: at.retry + 1, previousMillis }]
    })
  )
}

const standard = (options: BackoffOptions & { readonly attempts?: number | undefined }) =>
  Schedules.times(
    backingOff(options),
    count("RetryPolicy", "attempts", options.attempts, CallPolicy.defaults.attempts) - 1
  )

const plain = <R>(options: Options<R>): Omit<Fixed, "schedule"> => {
  const owner = "RetryPolicy"
  const deadline = positiveDuration(owner, "deadline", options.deadline, Duration.infinity)
  const maxRetryAfter = positiveDuration(
    owner,
    "maxRetryAfter",
    options.maxRetryAfter,
    CallPolicy.defaults.maxRetryAfterMillis
  )
  const whenOpen = InvalidOption.oneOf(owner, "whenOpen", options.whenOpen, ["stop", "wait"])
  if (whenOpen === "wait" && deadline === Infinity) {
    throw new InvalidOption.InvalidOption(owner, "deadline", `given when whenOpen is "wait"`, options.deadline)
  }
  if (options.schedule !== undefined) {
    for (const field of excluded) {
      if (options[field] !== undefined) {
        throw new InvalidOption.InvalidOption(owner, field, "left out where a schedule is given", options[field])
      }
    }
  }
  return { deadline: Duration.millis(deadline), maxRetryAfter: Duration.millis(maxRetryAfter), whenOpen }
}

/** What a schedule of the user's own says already. */
const excluded = ["attempts", "base", "factor", "cap", "jitter"] as const
