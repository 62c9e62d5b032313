import { Backoff, InvalidOption, KeyPattern, Retry } from "@truce/core"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import type { BackoffOptions, LayerOptions, Options, Rules } from "../RetryPolicy.ts"
import * as Schedules from "../platform/Schedules.ts"
import { count, given, millis, positiveDuration, renamed } from "./options.ts"

/** The rules of all keys, and those of some. */
export interface RulesByKey {
  readonly base: Rules
  readonly overrides: KeyPattern.KeyPattern<Rules>
}

/** Throws `InvalidOption`; a schedule's own services are taken from the context. */
export const rulesByKey = <R>({ overrides, ...base }: LayerOptions<R>, context: Context.Context<R>): RulesByKey => ({
  base: rulesOf(base, context),
  overrides: KeyPattern.KeyPattern.of(overrides).map((own, pattern) =>
    InvalidOption.inOverride(pattern, () => rulesOver(base, own, context))
  )
})

/** The rules of options that come before others. Throws `InvalidOption`. */
export const rulesOver = <R>(base: Options<R>, own: Options<R>, context: Context.Context<R>): Rules =>
  rulesOf(merged(base, own), context)

const rulesOf = <R>(options: Options<R>, context: Context.Context<R>): Rules => ({
  ...limits(options),
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
  Schedules.times(backingOff(options), count("RetryPolicy", "attempts", options.attempts, Retry.defaults.attempts) - 1)

const limits = <R>(options: Options<R>): Omit<Rules, "schedule"> => {
  const owner = "RetryPolicy"
  const deadline = positiveDuration(owner, "deadline", options.deadline, Duration.infinity)
  const maxRetryAfter = positiveDuration(
    owner,
    "maxRetryAfter",
    options.maxRetryAfter,
    Retry.defaults.maxRetryAfterMillis
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
