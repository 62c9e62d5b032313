import { InvalidOption, Limits, type Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Trail from "../Attempt.ts"
import type { AttemptTimeout } from "../AttemptTimeout.ts"
import * as CallContext from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import type { RetryExhausted } from "../RetryExhausted.ts"
import * as Race from "../platform/Race.ts"
import type { CallOptions, Rules as RetryRules, Service as RetryPolicy } from "../RetryPolicy.ts"
import * as Attempt from "./attempt.ts"
import { guard } from "./breaker.ts"
import type { Guarded } from "./guarded.ts"
import * as Monotonic from "./monotonic.ts"
import * as Payment from "./payment.ts"
import { type Limited, type PlanOfAll, type PlanOptions, makePlan, planOfAllNames } from "./plan.ts"
import { readOwn } from "./retryRules.ts"
import { type Tried, permanentCause, retriableError, retrying } from "./retrying.ts"
import { type Tally, begun, told } from "./telling.ts"
import { errorOf, tellCall } from "./trail.ts"
import { type Service, Truce } from "./truce.ts"
import * as Under from "./under.ts"
import type { Turn } from "./Waiting.ts"

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
  const { limit } = made
  const plan = { ...made.plan, times: made.plan.times ?? Attempt.noticed }
  const { classify } = plan
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen, R | I> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen, R | I>(
      (fiber) => {
        const truce = Context.unsafeGet(fiber.currentContext, tag)
        const begunAt = Monotonic.nowOf(fiber)
        const at = under.at(truce.breaker, begunAt)
        const outer = fiber.getFiberRef(CallContext.current)
        const { log } = truce.breaker[guard]
        const tally = log.isOn ? begun(log) : undefined
        const policyOf = () => {
          const policy = policyOver(truce.policy, under.keys, own)
          return isRepeatable ? policy : { ...policy, isRepeatable }
        }
        const retry = (first: First<A, E | AttemptTimeout, At>) =>
          retryingFrom(first, { classify, under, plan, limited, truce, policy: policyOf(), begunAt, outer, tally })
        const tracked = outer === undefined ? limited : CallContext.open(limited)
        const earned = ({ endedAt, outcome }: Attempt.Made) =>
          Payment.settle(truce.budget, under.keys, { paid: Payment.nothing, retry: false, outcome }, endedAt)
        const call = under.run(fiber, at, plan, begunAt, tracked, {
          failedBefore: none,
          succeeded: (value, made) => {
            const trail = tally?.trail
            if (outer !== undefined || trail !== undefined) {
              const attempt = Attempt.remember(CallContext.make(), at, made, begunAt, undefined)
              outer?.record(attempt)
              trail?.push(attempt)
            }
            const earning = earned(made)
            // A full purse earns nothing, and that takes no step.
            return earning === Effect.void ? Effect.succeed(value) : Effect.as(earning, value)
          },
          failed: (cause, made) => retry({ _tag: "Failed", at, cause, made }),
          interrupted: earned,
          rejected: (error) => {
            if (tally !== undefined) tally.attempts = 0
            return policyOf().whenOpen === "stop" ? Effect.fail(error) : retry({ _tag: "Rejected", error })
          }
        })
        return tally === undefined ? call : told(call, { log, seen: at, startedAt: begunAt, tally })
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

type First<A, E, At> =
  | { readonly _tag: "Failed"; readonly at: At; readonly cause: Cause.Cause<E>; readonly made: Attempt.Made }
  | Extract<Tried<A, never>, { readonly _tag: "Rejected" }>

interface Call<A, E, ER extends E, EP extends E, R, At extends Attempt.Seen> {
  readonly classify: Attempt.Plan<E, ER, EP>["classify"]
  readonly under: Under.Under<At>
  readonly plan: Attempt.Plan<E, ER, EP>
  readonly limited: Effect.Effect<A, E, R>
  readonly truce: Service
  readonly policy: RetryRules
  readonly begunAt: number
  readonly outer: CallContext.CallContext | undefined
  readonly tally: Tally | undefined
}

/** Everything a call needs once its first attempt did not succeed: nothing of it is paid for before. */
const retryingFrom = <A, E, ER extends E, EP extends E, R, At extends Attempt.Seen>(
  first: First<A, E, At>,
  call: Call<A, E, ER, EP, R, At>
): Effect.Effect<A, EP | CircuitOpen | RetryExhausted<ER>, R> => {
  const { begunAt, classify, limited, outer, plan, policy, tally, truce, under } = call
  const { key, keys } = under
  const guarded = truce.breaker[guard]
  const context = CallContext.make()
  // The trail of the context holds the attempts of calls inside this one too.
  const own: Array<Trail.Attempt> = tally?.trail ?? []
  const turn: Turn = { calledBy: undefined }

  const settle = (made: Attempt.Made, paid: Payment.Paid, retry: boolean): Effect.Effect<void> =>
    Payment.settle(truce.budget, keys, { paid, retry, outcome: made.outcome }, made.endedAt)

  const decided = (now: number): void => {
    for (const one of keys) guarded.decided(one, turn, now)
  }

  const remember = <Error>(at: At, made: Attempt.Made, error: Error) => {
    const attempt = Attempt.remember(context, at, made, begunAt, error, own)
    own.push(attempt)
    return attempt
  }

  const failed = (
    at: At,
    cause: Cause.Cause<E>,
    made: Attempt.Made,
    sent: { readonly paid: Payment.Paid; readonly retry: boolean }
  ): Effect.Effect<Tried<A, ER>, EP> => {
    const error = retriableError(cause, classify.retriable)
    const tried: Effect.Effect<Tried<A, ER>, EP> = Option.match(error, {
      onNone: () => {
        remember(at, made, errorOf(cause))
        return Effect.failCause(permanentCause(cause, classify.permanent))
      },
      onSome: (value) =>
        Effect.succeed({
          _tag: "Failed",
          attempt: remember(at, made, value),
          outcome: made.outcome
        })
    })
    return Cause.isInterruptedOnly(cause) ? tried : Effect.zipRight(settle(made, sent.paid, sent.retry), tried)
  }

  const attempt = (paid: Payment.Paid = Payment.nothing, onSent: () => void): Effect.Effect<Tried<A, ER>, EP, R> =>
    Effect.withFiberRuntime<Tried<A, ER>, EP, R>((fiber: Fiber.RuntimeFiber<unknown, unknown>) => {
      const startedAt = Monotonic.nowOf(fiber)
      const at = under.at(truce.breaker, startedAt)
      // The first attempt of a call that had to wait for its admission is no retry.
      const retry = own.length > 0
      return under.run<A, E, R, Tried<A, ER>, EP, never>(
        fiber,
        at,
        plan,
        startedAt,
        Effect.locally(
          Effect.suspend(() => {
            onSent()
            decided(startedAt)
            if (tally === undefined) return limited
            tally.attempts++
            return retry ? Effect.zipRight(toldOfRetry(truce, keys, paid, startedAt), limited) : limited
          }),
          CallContext.current,
          context
        ),
        {
          failedBefore: () => context.failed(key),
          succeeded: (value, made) => {
            remember(at, made, undefined)
            return Effect.as(settle(made, paid, retry), { _tag: "Succeeded", value })
          },
          failed: (cause, made) => failed(at, cause, made, { paid, retry }),
          interrupted: (made) => settle(made, paid, retry),
          rejected: (error) => {
            decided(startedAt)
            return Effect.succeed({ _tag: "Rejected", error })
          }
        }
      )
    })

  const start: Effect.Effect<Tried<A, ER>, EP> = first._tag === "Rejected"
    ? Effect.succeed(first)
    : failed(first.at, first.cause, first.made, { paid: Payment.nothing, retry: false })

  const isWaiting = policy.whenOpen === "wait"
  return Effect.ensuring(
    Effect.flatMap(start, (tried) =>
      retrying<A, ER, CircuitOpen, EP, R, Payment.Paid>(tried, {
        key,
        policy,
        begunAt,
        attempt,
        withdraw: (outcome: Outcome.Outcome) => Payment.withdraw(truce.budget, keys, outcome),
        refund: (paid) => Payment.refund(truce.budget, keys, paid),
        pointless: isWaiting ? undefined : Effect.flatMap(Monotonic.now, (now) => anyRejecting(guarded, keys, now)),
        readmission: (withinMillis, { key, retryAfter, state }) =>
          Effect.flatMap(Monotonic.now, (now) => {
            const cell = guarded.cell(key, now)
            return state === "SlowStart"
              ? guarded.awaitRamp(cell, Duration.toMillis(retryAfter), withinMillis)
              : guarded.awaitAdmission(cell, withinMillis, turn)
          })
      })
    ),
    Effect.suspend(() => {
      context.end()
      const told = tellCall(begunAt, context.trail(), outer, tally?.trail !== undefined)
      return isWaiting ? Effect.zipRight(Effect.map(Monotonic.now, decided), told) : told
    })
  )
}

const anyRejecting = (guarded: Guarded, [first, ...rest]: Under.Keys, now: number): Effect.Effect<void> =>
  rest.reduce<Effect.Effect<void>>(
    (one, key) => Race.first(one, guarded.awaitRejecting(guarded.cell(key, now))),
    guarded.awaitRejecting(guarded.cell(first, now))
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
        breaker[guard].log.tell({ _tag: "Retried", key, at, cost: paid[index] ?? 0, tokens })
      ),
    { discard: true }
  )
