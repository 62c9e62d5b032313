import type { Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { AttemptTimeout } from "../AttemptTimeout.ts"
import * as CallContext from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import * as Attempt from "./attempt.ts"
import { CircuitBreaker, guard } from "./breaker.ts"
import * as Monotonic from "./monotonic.ts"
import { type PlanOptions, makePlan } from "./plan.ts"
import { errorOf } from "./trail.ts"

/** One attempt under one circuit, recorded in the call it belongs to, if any. */
export const executing = <E, ER extends E, EP extends E>(options: PlanOptions<E, ER, EP>) => {
  const { limit, plan } = makePlan("CircuitBreaker.execute", options)
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
    const limited = limit(self)
    return Effect.withFiber<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const cells = Context.getUnsafe(fiber.context, CircuitBreaker)[guard]
      const context = fiber.getRef(CallContext.current)
      const lone: Then<A, E | AttemptTimeout> = alone
      const known = cells.known(plan.key)
      // The clock is a third of what a success costs: without a rule for slow attempts nothing outside a call asks when one began.
      if (known !== undefined && context === undefined && plan.slowAfterMillis === Infinity) {
        return Attempt.run(fiber, known, plan, undefined, limited, lone)
      }
      const startedAt = Monotonic.nowOf(fiber)
      const cell = known ?? cells.cell(plan.key, startedAt)
      const then = context === undefined ? lone : within<A, E | AttemptTimeout>(context, cell, startedAt)
      return Attempt.run(fiber, cell, plan, startedAt, limited, then)
    })
  }
}

type Then<A, E> = Attempt.Then<A, E, A, E | CircuitOpen, never>

// An attempt outside a call has nothing to remember.
const alone = {
  failedBefore: () => 0,
  succeeded: Effect.succeed,
  failed: Effect.failCause,
  rejected: Effect.fail
}

/** One attempt under several circuits: admitted by all or none, settled by all at once. */
export const executingAll = <E, ER extends E, EP extends E>(
  options: Omit<PlanOptions<E, ER, EP>, "key"> & { readonly keys: Arr.NonEmptyReadonlyArray<string> }
) => {
  const { plan } = makePlan("CircuitBreaker.executeAll", { ...options, key: options.keys.join(" + ") })
  const [first] = options.keys
  return <A, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | CircuitOpen, R | CircuitBreaker> =>
    Effect.withFiber<A, E | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const startedAt = Monotonic.nowOf(fiber)
      const breaker = Context.getUnsafe(fiber.context, CircuitBreaker)
      const seen = { key: plan.key, view: (now: number) => breaker[guard].cell(first, now).view(now) }
      const context = fiber.getRef(CallContext.current)
      const then: Then<A, E> = context === undefined ? alone : within(context, seen, startedAt)
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(breaker.commit(breaker.admitTx(options.keys, startedAt)), (admission) => {
          const { log } = breaker[guard]
          if (admission._tag === "Rejected") {
            if (log.isOn) log.rejected(admission.error, startedAt)
            return Effect.fail(admission.error)
          }
          const told = log.isOn ? admission.permits.map((permit) => log.admitted(permit, startedAt)) : []
          const settled = (
            classify: () => Outcome.Outcome,
            cause: Cause.Cause<E> | undefined,
            next: (made: Attempt.Made) => Effect.Effect<A, E | CircuitOpen>
          ) => {
            const endedAt = Monotonic.nowOf(fiber)
            const made = Attempt.judged(classify, undefined, startedAt, endedAt, plan.slowAfterMillis)
            const failedBefore = then.failedBefore()
            for (const attempt of told) log.settled(attempt, made.outcome, { cause, failedBefore }, endedAt)
            return Effect.flatMap(
              breaker.commit(breaker.settleTx(admission.permits, made.outcome, endedAt, failedBefore)),
              () => (made.thrown === undefined ? next(made) : Effect.die(made.thrown.defect))
            )
          }
          return Effect.matchCauseEffect(restore(self), {
            onSuccess: (value) =>
              settled(
                () => plan.classify.success(value),
                undefined,
                (made) => then.succeeded(value, made)
              ),
            onFailure: (cause) =>
              settled(
                () => Attempt.failure(plan, cause, Monotonic.nowOf(fiber) - startedAt),
                cause,
                (made) => then.failed(cause, made)
              )
          })
        })
      )
    })
}

const within = <A, E>(context: CallContext.CallContext, seen: Attempt.Seen, startedAt: number): Then<A, E> => {
  const record = (made: Attempt.Made, error: unknown): void => {
    Attempt.remember(context, seen, made, context.begun(startedAt), error)
  }
  return {
    failedBefore: () => context.failed(seen.key),
    succeeded: (value, made) => {
      record(made, undefined)
      return Effect.succeed(value)
    },
    failed: (cause, made) => {
      record(made, errorOf(cause))
      return Effect.failCause(cause)
    },
    rejected: Effect.fail
  }
}
