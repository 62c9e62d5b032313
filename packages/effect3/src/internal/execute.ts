import type { Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AttemptTimeout } from "../AttemptTimeout.ts"
import * as CallContext from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import * as Attempt from "./attempt.ts"
import { CircuitBreaker, guard } from "./breaker.ts"
import type { Cell } from "./Cell.ts"
import * as Monotonic from "./monotonic.ts"
import { type PlanOptions, makePlan } from "./plan.ts"

/** One attempt under one circuit, recorded in the call it belongs to, if any. */
export const executing = <E, ER extends E, EP extends E>(options: PlanOptions<E, ER, EP>) => {
  const { limit, plan } = makePlan("CircuitBreaker.execute", options)
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const startedAt = Monotonic.nowOf(fiber)
      const cell = Context.unsafeGet(fiber.currentContext, CircuitBreaker)[guard].cell(plan.key, startedAt)
      const context = fiber.getFiberRef(CallContext.current)
      const then: Attempt.Then<A, E | AttemptTimeout, A, E | AttemptTimeout | CircuitOpen, never> =
        context === undefined ? alone : within(context, cell, startedAt)
      return Attempt.run(fiber, cell, plan, startedAt, limited, then)
    })
  }
}

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
    Effect.withFiberRuntime<A, E | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const startedAt = Monotonic.nowOf(fiber)
      const breaker = Context.unsafeGet(fiber.currentContext, CircuitBreaker)
      const seen = { key: plan.key, view: (now: number) => breaker[guard].cell(first, now).view(now) }
      const context = fiber.getFiberRef(CallContext.current)
      const then: Attempt.Then<A, E, A, E | CircuitOpen, never> =
        context === undefined ? alone : within(context, seen, startedAt)
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(breaker.commit(breaker.admitSTM(options.keys, startedAt)), (admission) => {
          if (admission._tag === "Rejected") return Effect.fail(admission.error)
          const settled = (
            classify: () => Outcome.Outcome,
            next: (made: Attempt.Made) => Effect.Effect<A, E | CircuitOpen>
          ) => {
            const endedAt = Monotonic.nowOf(fiber)
            const read = Attempt.judged(classify, endedAt - startedAt, plan.slowAfterMillis)
            return Effect.zipRight(
              breaker.commit(breaker.settleSTM(admission.permits, read.outcome, endedAt, then.failedBefore())),
              read.defect === undefined
                ? next({ outcome: read.outcome, startedAt, endedAt })
                : Effect.die(read.defect.value)
            )
          }
          return Effect.matchCauseEffect(restore(self), {
            onSuccess: (value) =>
              settled(
                () => plan.classify.success(value),
                (made) => then.succeeded(value, made)
              ),
            onFailure: (cause) =>
              settled(
                () => Attempt.failure(plan, cause, Monotonic.nowOf(fiber) - startedAt),
                (made) => then.failed(cause, made)
              )
          })
        })
      )
    })
}

const within = <A, E>(
  context: CallContext.CallContext,
  cell: Pick<Cell, "key" | "view">,
  startedAt: number
): Attempt.Then<A, E, A, E | CircuitOpen, never> => {
  const record = (made: Attempt.Made, error: unknown): void => {
    const begunAt = context.begun(startedAt)
    const trail = context.trail()
    const previous = trail.at(-1)
    const ended = previous === undefined ? 0 : Duration.toMillis(previous.start) + Duration.toMillis(previous.duration)
    const delayMillis = previous === undefined ? 0 : Math.max(0, made.startedAt - begunAt - ended)
    context.record(Attempt.toAttempt(cell, made, { number: trail.length, begunAt, delayMillis }, error))
  }
  return {
    failedBefore: () => context.failed(cell.key),
    succeeded: (value, made) => {
      record(made, undefined)
      return Effect.succeed(value)
    },
    failed: (cause, made) => {
      record(made, Attempt.errorOf(cause))
      return Effect.failCause(cause)
    },
    rejected: Effect.fail
  }
}
