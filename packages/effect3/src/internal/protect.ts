import type { Outcome } from "@truce/core"
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
import type { CallOptions, Rules as RetryRules } from "../RetryPolicy.ts"
import * as Attempt from "./attempt.ts"
import { guard } from "./breaker.ts"
import type { Cell } from "./Cell.ts"
import * as Monotonic from "./monotonic.ts"
import { type PlanOptions, makePlan } from "./plan.ts"
import { readOwn } from "./retryRules.ts"
import { type Tried, permanentCause, retriableError, retrying } from "./retrying.ts"
import { type Tally, begun, told } from "./telling.ts"
import { errorOf, tellCall } from "./trail.ts"
import type { Service } from "./truce.ts"
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
  const { limit } = made
  const plan = { ...made.plan, times: made.plan.times ?? Attempt.noticed }
  const { classify, key } = plan
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen, R | I> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, EP | AttemptTimeout | RetryExhausted<ER | AttemptTimeout> | CircuitOpen, R | I>(
      (fiber) => {
        const truce = Context.unsafeGet(fiber.currentContext, tag)
        const begunAt = Monotonic.nowOf(fiber)
        const cell = truce.breaker[guard].cell(key, begunAt)
        const outer = fiber.getFiberRef(CallContext.current)
        const { log } = truce.breaker[guard]
        const tally = log.isOn ? begun(log) : undefined
        const policyOf = () => {
          const policy = truce.policy.of(key, own)
          return isRepeatable ? policy : { ...policy, isRepeatable }
        }
        const retry = (first: First<A, E | AttemptTimeout>) =>
          retryingFrom(first, { classify, key, plan, limited, truce, policy: policyOf(), begunAt, outer, tally })
        const tracked = outer === undefined ? limited : CallContext.open(limited)
        const call = Attempt.run(fiber, cell, plan, begunAt, tracked, {
          failedBefore: none,
          succeeded: (value, made) => {
            const trail = tally?.trail
            if (outer !== undefined || trail !== undefined) {
              const attempt = Attempt.remember(CallContext.make(), cell, made, begunAt, undefined)
              outer?.record(attempt)
              trail?.push(attempt)
            }
            const earned = truce.budget.settle(key, { cost: 0, retry: false, outcome: made.outcome }, made.endedAt)
            // A full purse earns nothing, and that takes no step.
            return earned === Effect.void ? Effect.succeed(value) : Effect.as(earned, value)
          },
          failed: (cause, made) => retry({ _tag: "Failed", cell, cause, made }),
          interrupted: (made) =>
            truce.budget.settle(key, { cost: 0, retry: false, outcome: made.outcome }, made.endedAt),
          rejected: (error) => {
            if (tally !== undefined) tally.attempts = 0
            return policyOf().whenOpen === "stop" ? Effect.fail(error) : retry({ _tag: "Rejected", error })
          }
        })
        return tally === undefined ? call : told(call, { log, cell, startedAt: begunAt, tally })
      }
    )
  }
}

const none = () => 0

type First<A, E> =
  | { readonly _tag: "Failed"; readonly cell: Cell; readonly cause: Cause.Cause<E>; readonly made: Attempt.Made }
  | Extract<Tried<A, never>, { readonly _tag: "Rejected" }>

interface Call<A, E, ER extends E, EP extends E, R> {
  readonly classify: Attempt.Plan<E, ER, EP>["classify"]
  readonly key: string
  readonly plan: Attempt.Plan<E, ER, EP>
  readonly limited: Effect.Effect<A, E, R>
  readonly truce: Service
  readonly policy: RetryRules
  readonly begunAt: number
  readonly outer: CallContext.CallContext | undefined
  readonly tally: Tally | undefined
}

/** Everything a call needs once its first attempt did not succeed: nothing of it is paid for before. */
const retryingFrom = <A, E, ER extends E, EP extends E, R>(
  first: First<A, E>,
  call: Call<A, E, ER, EP, R>
): Effect.Effect<A, EP | CircuitOpen | RetryExhausted<ER>, R> => {
  const { begunAt, classify, key, limited, outer, plan, policy, tally, truce } = call
  const guarded = truce.breaker[guard]
  const context = CallContext.make()
  // The trail of the context holds the attempts of calls inside this one too.
  const own: Array<Trail.Attempt> = tally?.trail ?? []
  const turn: Turn = { calledBy: undefined }

  const settle = (made: Attempt.Made, cost: number, retry: boolean): Effect.Effect<void> =>
    truce.budget.settle(key, { cost, retry, outcome: made.outcome }, made.endedAt)

  const remember = <Error>(cell: Cell, made: Attempt.Made, error: Error) => {
    const attempt = Attempt.remember(context, cell, made, begunAt, error, own)
    own.push(attempt)
    return attempt
  }

  const failed = (
    cell: Cell,
    cause: Cause.Cause<E>,
    made: Attempt.Made,
    paid: { readonly cost: number; readonly retry: boolean }
  ): Effect.Effect<Tried<A, ER>, EP> => {
    const error = retriableError(cause, classify.retriable)
    const tried: Effect.Effect<Tried<A, ER>, EP> = Option.match(error, {
      onNone: () => {
        remember(cell, made, errorOf(cause))
        return Effect.failCause(permanentCause(cause, classify.permanent))
      },
      onSome: (value) =>
        Effect.succeed({
          _tag: "Failed",
          attempt: remember(cell, made, value),
          outcome: made.outcome
        })
    })
    return Cause.isInterruptedOnly(cause) ? tried : Effect.zipRight(settle(made, paid.cost, paid.retry), tried)
  }

  const attempt = (cost: number, onSent: () => void): Effect.Effect<Tried<A, ER>, EP, R> =>
    Effect.withFiberRuntime<Tried<A, ER>, EP, R>((fiber: Fiber.RuntimeFiber<unknown, unknown>) => {
      const startedAt = Monotonic.nowOf(fiber)
      const cell = guarded.cell(key, startedAt)
      // The first attempt of a call that had to wait for its admission is no retry.
      const retry = own.length > 0
      return Attempt.run<A, E, R, Tried<A, ER>, EP, never>(
        fiber,
        cell,
        plan,
        startedAt,
        Effect.locally(
          Effect.suspend(() => {
            onSent()
            guarded.decided(key, turn, startedAt)
            if (tally === undefined) return limited
            tally.attempts++
            return retry ? Effect.zipRight(toldOfRetry(truce, { key, at: startedAt, cost }), limited) : limited
          }),
          CallContext.current,
          context
        ),
        {
          failedBefore: () => context.failed(key),
          succeeded: (value, made) => {
            remember(cell, made, undefined)
            return Effect.as(settle(made, cost, retry), { _tag: "Succeeded", value })
          },
          failed: (cause, made) => failed(cell, cause, made, { cost, retry }),
          interrupted: (made) => settle(made, cost, retry),
          rejected: (error) => {
            guarded.decided(key, turn, startedAt)
            return Effect.succeed({ _tag: "Rejected", error })
          }
        }
      )
    })

  const start: Effect.Effect<Tried<A, ER>, EP> = first._tag === "Rejected"
    ? Effect.succeed(first)
    : failed(first.cell, first.cause, first.made, { cost: 0, retry: false })

  const isWaiting = policy.whenOpen === "wait"
  return Effect.ensuring(
    Effect.flatMap(start, (tried) =>
      retrying<A, ER, CircuitOpen, EP, R>(tried, {
        key,
        policy,
        begunAt,
        attempt,
        withdraw: (outcome: Outcome.Outcome) => truce.budget.withdraw(key, outcome),
        refund: (cost) => truce.budget.refund(key, cost),
        pointless: isWaiting
          ? undefined
          : Effect.flatMap(Monotonic.now, (at) => guarded.awaitRejecting(guarded.cell(key, at))),
        readmission: isWaiting
          ? (withinMillis, { retryAfter, state }) =>
              Effect.flatMap(Monotonic.now, (at) =>
                state === "SlowStart"
                  ? guarded.awaitRamp(guarded.cell(key, at), Duration.toMillis(retryAfter), withinMillis)
                  : guarded.awaitAdmission(guarded.cell(key, at), withinMillis, turn)
              )
          : undefined
      })
    ),
    Effect.suspend(() => {
      context.end()
      const told = tellCall(begunAt, context.trail(), outer, tally?.trail !== undefined)
      const pass = Effect.map(Monotonic.now, (at) => guarded.decided(key, turn, at))
      return isWaiting ? Effect.zipRight(pass, told) : told
    })
  )
}

const toldOfRetry = (
  { breaker, budget }: Service,
  paid: { readonly key: string; readonly at: number; readonly cost: number }
): Effect.Effect<void> =>
  Effect.map(budget.tokens(paid.key), (tokens) => breaker[guard].log.tell({ _tag: "Retried", ...paid, tokens }))
