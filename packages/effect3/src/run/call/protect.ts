import { InvalidOption, Limits, type Outcome, type Waiters } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Trail from "../../Attempt.ts"
import type { AttemptTimeout } from "../../AttemptTimeout.ts"
import * as CallContext from "../../CallContext.ts"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import type { RetryExhausted } from "../../RetryExhausted.ts"
import * as Race from "../../platform/Race.ts"
import type { CallOptions, Rules as RetryRules, Service as RetryPolicy } from "../services/RetryPolicy.ts"
import * as Attempt from "./attempt.ts"
import { internals } from "../services/CircuitBreaker.ts"
import type { Admissions } from "../keys/Admissions.ts"
import * as Monotonic from "../../platform/Monotonic.ts"
import * as Payment from "./payment.ts"
import { type Limited, type PlanOfAll, type PlanOptions, makePlan, planOfAllNames } from "../settings/plan.ts"
import { readOwn } from "../settings/retryRules.ts"
import { type AttemptResult, permanentCause, retriableError, retrying } from "./retrying.ts"
import { CallReport } from "./callReport.ts"
import { errorOf, tellCall } from "./trail.ts"
import { type Service, Truce } from "../services/Truce.ts"
import * as Under from "./under.ts"

/** Retry around breaker: every attempt asks for its own admission and is settled on its own. */
export const protecting = <E, ER extends E, EP extends E, I>(
  options: PlanOptions<E, ER, EP>,
  given: CallOptions | undefined,
  tag: Context.Tag<I, Service>,
  isRepeatable = true
) => {
  const own = readOwn(given)
  const made = makePlan("Truce.protect", options, own?.retryTimeouts)
  return protectingUnder(Under.one(options.key), made, own, tag, isRepeatable)
}

/** The same under several circuits: every attempt is admitted by all or none. Throws `InvalidOption`. */
export const protectingAll = <E, ER extends E, EP extends E>(
  options: PlanOfAll<E, ER, EP> & { readonly retry?: CallOptions | undefined }
) => {
  const owner = "Truce.protectAll"
  InvalidOption.names(owner, options, [...planOfAllNames, "retry"])
  const under = Under.all(owner, options.keys)
  const own = readOwn(options.retry)
  return protectingUnder(under, makePlan(owner, { ...options, key: under.key }, own?.retryTimeouts), own, Truce, true)
}

const protectingUnder = <E, ER extends E, EP extends E, I, At extends Attempt.Seen>(
  under: Under.Under<At>,
  made: Limited<E, ER, EP>,
  own: CallOptions | undefined,
  tag: Context.Tag<I, Service>,
  isRepeatable: boolean
) => {
  const plan = { ...made.plan, times: made.plan.times ?? Attempt.noticed }
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen, R | I> => {
    const limited = made.limit(self)
    return Effect.withFiberRuntime<A, EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen, R | I>(
      (fiber) => {
        const truce = Context.unsafeGet(fiber.currentContext, tag)
        const begunAt = Monotonic.nowOf(fiber)
        const at = under.at(truce.breaker, begunAt)
        const outer = fiber.getFiberRef(CallContext.current)
        const { log } = truce.breaker[internals]
        const report = log.isOn ? new CallReport(log, at, begunAt) : undefined
        const asking: Attempt.Asking<E | AttemptTimeout> & { readonly startedAt: number } = {
          plan,
          startedAt: begunAt,
          failedBefore: none,
          afterwards: ({ endedAt, outcome }, cause) => {
            // Nothing that goes on from an interruption need run.
            if (cause !== undefined && Cause.isInterruptedOnly(cause)) report?.over({ result: "interrupted" }, endedAt)
            return Payment.settle(truce.budget, under.keys, { paid: Payment.nothing, retry: false, outcome }, endedAt)
          }
        }
        const first = outer === undefined ? limited : CallContext.open(limited)
        type Known = E | AttemptTimeout
        const next: Attempt.Next<
          A,
          Known,
          A,
          EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen,
          R
        > = (ended, restore) => {
          if (ended._tag === "Succeeded") {
            if (outer !== undefined || report?.trail !== undefined) {
              const attempt = Attempt.remember(CallContext.make(), at, ended.settled, { begunAt, error: undefined })
              outer?.record(attempt)
              report?.trail?.push(attempt)
            }
            report?.over({ result: "success" }, ended.settled.endedAt)
            return Effect.succeed(ended.value)
          }
          const policy = policyOver(truce.policy, under.keys, own)
          if (ended._tag === "Rejected") {
            if (report !== undefined) report.attempts = 0
            if (policy.whenOpen === "stop") {
              report?.over({ result: "rejected" }, begunAt)
              return Effect.fail(ended.error)
            }
          }
          const rules = isRepeatable ? policy : { ...policy, isRepeatable }
          const rest = restore(
            retryingFrom(ended, at, { under, plan, limited, truce, policy: rules, begunAt, outer, report })
          )
          return report === undefined ? rest : report.rest(rest)
        }
        const call = under.run(fiber, at, asking, first, next)
        return report === undefined ? call : report.around(call)
      }
    )
  }
}

const none = () => 0

/** Options and rules of several keys are those of the first; limits are those of all. */
const policyOver = (policy: RetryPolicy, [first, ...rest]: Under.Keys, own: CallOptions | undefined): RetryRules => {
  const rules = policy.of(first, own)
  if (rest.length === 0) return rules
  const all = [rules, ...rest.map((key) => policy.of(key, own))]
  return { ...rules, limits: () => Limits.strictest(all.map(({ limits }) => limits())) }
}

interface Call<A, E, ER extends E, EP extends E, R, At extends Attempt.Seen> {
  readonly under: Under.Under<At>
  readonly plan: Attempt.Plan<E, ER, EP>
  readonly limited: Effect.Effect<A, E, R>
  readonly truce: Service
  readonly policy: RetryRules
  readonly begunAt: number
  readonly outer: CallContext.CallContext | undefined
  readonly report: CallReport | undefined
}

/** Everything a call needs once its first attempt did not succeed: nothing of it is paid for before. */
const retryingFrom = <A, E, ER extends E, EP extends E, R, At extends Attempt.Seen>(
  first: Attempt.Ended<A, E>,
  firstAt: At,
  call: Call<A, E, ER, EP, R, At>
): Effect.Effect<A, EP | CircuitOpen | RetryExhausted<ER>, R> => {
  const { begunAt, outer, plan, policy, report, truce, under } = call
  const { keys } = under
  const admissions = truce.breaker[internals]
  const context = CallContext.make()
  // The trail of the context holds the attempts of calls inside this one too.
  const own: Array<Trail.Attempt> = report?.trail ?? []
  const ticket: Waiters.Ticket = { calledBy: undefined }

  const decided = (now: number): void => {
    for (const one of keys) admissions.decided(one, ticket, now)
  }

  const result = (at: At, ended: Attempt.Ended<A, E>): Effect.Effect<AttemptResult<A, ER>, EP> => {
    if (ended._tag === "Rejected") return Effect.succeed(ended)
    const remember = <Error>(error: Error) => {
      const attempt = Attempt.remember(context, at, ended.settled, { begunAt, error, trail: own })
      own.push(attempt)
      return attempt
    }
    if (ended._tag === "Succeeded") {
      remember(undefined)
      return Effect.succeed(ended)
    }
    const { cause, settled } = ended
    return Option.match(retriableError(cause, plan.classify.retriable), {
      onNone: () => {
        remember(errorOf(cause))
        return Effect.failCause(permanentCause(cause, plan.classify.permanent))
      },
      onSome: (error) => Effect.succeed({ _tag: "Failed", attempt: remember(error), outcome: settled.outcome })
    })
  }

  const attempt = (paid: Payment.Paid = Payment.nothing, onSent: () => void) =>
    Effect.withFiberRuntime<AttemptResult<A, ER>, EP, R>((fiber: Fiber.RuntimeFiber<unknown, unknown>) => {
      const startedAt = Monotonic.nowOf(fiber)
      const at = under.at(truce.breaker, startedAt)
      // The first attempt of a call that had to wait for its admission is no retry.
      const retry = own.length > 0
      const asking: Attempt.Asking<E> & { readonly startedAt: number } = {
        plan,
        startedAt,
        failedBefore: () => context.failed(under.key),
        afterwards: ({ endedAt, outcome }) => Payment.settle(truce.budget, keys, { paid, retry, outcome }, endedAt)
      }
      const sent = Effect.suspend(() => {
        onSent()
        decided(startedAt)
        return sending(call, retry ? paid : undefined, startedAt)
      })
      return under.run(fiber, at, asking, Effect.locally(sent, CallContext.current, context), (ended, restore) => {
        if (ended._tag === "Rejected") decided(startedAt)
        return restore(result(at, ended))
      })
    })

  const isWaiting = policy.whenOpen === "wait"
  return Effect.ensuring(
    Effect.flatMap(result(firstAt, first), (tried) => retrying(tried, { ...means(call, ticket), attempt })),
    Effect.suspend(() => {
      context.end()
      const told = tellCall(begunAt, context.trail(), outer, report?.trail !== undefined)
      return isWaiting ? Effect.zipRight(Effect.map(Monotonic.now, decided), told) : told
    })
  )
}

/** The effect of an attempt that was admitted; `paid` is what a retry has cost. */
const sending = <A, E, ER extends E, EP extends E, R, At extends Attempt.Seen>(
  { limited, report, truce, under }: Call<A, E, ER, EP, R, At>,
  paid: Payment.Paid | undefined,
  at: number
): Effect.Effect<A, E, R> => {
  if (report === undefined) return limited
  report.attempts++
  return paid === undefined ? limited : Effect.zipRight(toldOfRetry(truce, under.keys, paid, at), limited)
}

/** How a call pays for its retries, and how it waits. */
const means = <A, E, ER extends E, EP extends E, R, At extends Attempt.Seen>(
  { begunAt, policy, truce, under: { key, keys } }: Call<A, E, ER, EP, R, At>,
  ticket: Waiters.Ticket
) => {
  const admissions = truce.breaker[internals]
  return {
    key,
    policy,
    begunAt,
    withdraw: (outcome: Outcome.Outcome) => Payment.withdraw(truce.budget, keys, outcome),
    refund: (paid: Payment.Paid) => Payment.refund(truce.budget, keys, paid),
    pointless:
      policy.whenOpen === "wait"
        ? undefined
        : Effect.flatMap(Monotonic.now, (now) => anyRejecting(admissions, keys, now)),
    readmission: (withinMillis: number, { key, retryAfter, state }: CircuitOpen) =>
      Effect.flatMap(Monotonic.now, (now) => {
        const entry = admissions.entry(key, now)
        return state === "SlowStart"
          ? admissions.awaitRamp(entry, Duration.toMillis(retryAfter), withinMillis)
          : admissions.awaitAdmission(entry, withinMillis, ticket)
      })
  }
}

const anyRejecting = (admissions: Admissions, [first, ...rest]: Under.Keys, now: number): Effect.Effect<void> =>
  rest.reduce<Effect.Effect<void>>(
    (one, key) => Race.first(one, admissions.awaitRejecting(admissions.entry(key, now))),
    admissions.awaitRejecting(admissions.entry(first, now))
  )

const toldOfRetry = (
  { breaker, budget }: Service,
  keys: Under.Keys,
  paid: Payment.Paid,
  at: number
): Effect.Effect<void> =>
  Effect.forEach(
    keys,
    (key, index) =>
      Effect.map(budget.tokens(key), (tokens) =>
        breaker[internals].log.tell({ _tag: "Retried", key, at, cost: paid[index] ?? 0, tokens })
      ),
    { discard: true }
  )
