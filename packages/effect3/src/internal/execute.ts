import { InvalidOption, Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { AttemptTimeout } from "../AttemptTimeout.ts"
import * as CallContext from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import * as Attempt from "./attempt.ts"
import { CircuitBreaker, guard } from "./breaker.ts"
import type { Guarded } from "./guarded.ts"
import * as Lent from "./Lent.ts"
import * as Monotonic from "./monotonic.ts"
import { isComposed } from "../platform/Ref.ts"
import { type PlanOptions, checkKey, makePlan, planNames } from "./plan.ts"
import { errorOf, worded } from "./trail.ts"

/** One attempt under one circuit, recorded in the call it belongs to, if any. */
export const executing = <E, ER extends E, EP extends E>(options: PlanOptions<E, ER, EP>) => {
  InvalidOption.names("CircuitBreaker.execute", options, planNames)
  const { limit, plan } = makePlan("CircuitBreaker.execute", options)
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const cells = Context.unsafeGet(fiber.currentContext, CircuitBreaker)[guard]
      const lone: Then<A, E | AttemptTimeout> = alone
      return attempted(fiber, cells, plan, limited, lone)
    })
  }
}

/** The same on a breaker given, and `lone` where it is no part of a call. */
export const attempted = <A, E, R, E3>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  cells: Guarded,
  plan: Attempt.Rules<E> & { readonly key: string },
  self: Effect.Effect<A, E, R>,
  lone: Then<A, E, E3>
): Effect.Effect<A, E | E3, R> => {
  const context = fiber.getFiberRef(CallContext.current)
  const known = cells.known(plan.key)
  // The clock is a third of what a success costs: where nothing is asked of its time nothing outside a call asks when an attempt began.
  const isTimed = context !== undefined || plan.times !== undefined
  if (known !== undefined && !isTimed) return Attempt.run(fiber, known, plan, undefined, self, lone)
  const startedAt = Monotonic.nowOf(fiber)
  const cell = known ?? cells.cell(plan.key, startedAt)
  const then = context === undefined ? lone : within(context, cell, startedAt, lone.rejected)
  return Attempt.run(fiber, cell, plan, isTimed ? startedAt : undefined, self, then)
}

type Then<A, E, E3 = CircuitOpen> = Attempt.Then<A, E, A, E | E3, never>

/** An attempt outside a call has nothing to remember. */
export const alone = {
  failedBefore: () => 0,
  succeeded: Effect.succeed,
  failed: Effect.failCause,
  rejected: Effect.fail
}

/** What executing under several circuits asks for. */
export interface PlanOfAll<E, ER extends E, EP extends E> extends Omit<PlanOptions<E, ER, EP>, "key"> {
  readonly keys: Arr.NonEmptyReadonlyArray<string>
}

/** One attempt under several circuits: admitted by all or none, settled by all at once. */
export const executingAll = <E, ER extends E, EP extends E>(options: PlanOfAll<E, ER, EP>) => {
  const owner = "CircuitBreaker.executeAll"
  InvalidOption.names(owner, options, ["keys", ...planNames])
  if (!Array.isArray(options.keys) || options.keys.length === 0) {
    throw new InvalidOption.InvalidOption(owner, "keys", "a list of keys, with at least one", options.keys)
  }
  for (const key of options.keys) checkKey(owner, key)
  const { limit, plan } = makePlan(owner, { ...options, key: options.keys.join(" + ") })
  const [first] = options.keys
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const startedAt = Monotonic.nowOf(fiber)
      const breaker = Context.unsafeGet(fiber.currentContext, CircuitBreaker)
      const seen = { key: plan.key, view: (now: number) => breaker[guard].cell(first, now).view(now) }
      const context = fiber.getFiberRef(CallContext.current)
      const then: Then<A, E | AttemptTimeout> =
        context === undefined
          ? alone
          : within<A, E | AttemptTimeout, CircuitOpen>(context, seen, startedAt, Effect.fail)
      const cells = Array.from(new Set(options.keys), (key) => breaker[guard].cell(key, startedAt))
      const admit = (keys: Arr.NonEmptyReadonlyArray<string>) => breaker.commit(breaker.admitSTM(keys, startedAt))
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Lent.admittedByAll(fiber, cells, startedAt, admit), (admission) => {
          const { log } = breaker[guard]
          if (admission._tag === "Rejected") {
            if (log.isOn) log.rejected(admission.error, startedAt)
            return Effect.fail(admission.error)
          }
          const { permits } = admission
          const lents = Lent.lentBy(fiber, permits)
          const innermost = [...lents.values()].at(-1)
          const told = log.isOn ? permits.map((permit) => log.admitted(permit, startedAt)) : []
          const settled = (
            judged: (endedAt: number) => Attempt.Judged,
            cause: Cause.Cause<E | AttemptTimeout> | undefined,
            next: (made: Attempt.Made) => Effect.Effect<A, E | AttemptTimeout | CircuitOpen>
          ) => {
            const endedAt = Monotonic.nowOf(fiber)
            const own = permits.filter((permit) => lents.get(permit)?.end() !== false)
            const isSilent = own.length === 0 || cells.some(({ isClosing }) => isClosing)
            const made = isSilent ? { ...judged(endedAt), outcome: Outcome.ignored } : judged(endedAt)
            const failedBefore = then.failedBefore()
            for (const attempt of told) log.settled(attempt, made.outcome, { cause, failedBefore }, endedAt)
            return Effect.flatMap(
              breaker.commit(breaker.settleSTM(own, made.outcome, endedAt, failedBefore, startedAt)),
              () => {
                const error = () => (cause === undefined ? undefined : worded(errorOf(cause)))
                if (!isComposed(fiber)) Lent.blame(own, { outcome: made.outcome, error })
                if (made.thrown === undefined) return next(made)
                return Effect.failCause(Attempt.withDefect(made.thrown.defect, cause ?? Cause.empty))
              }
            )
          }
          return Effect.matchCauseEffect(
            restore(innermost === undefined ? limited : Lent.Lent.around(innermost, limited)),
            {
              onSuccess: (value) =>
                settled(
                  (endedAt) => Attempt.judgedSuccess(plan, value, startedAt, endedAt),
                  undefined,
                  (made) => then.succeeded(value, made)
                ),
              onFailure: (cause) =>
                settled(
                  (endedAt) => Attempt.judgedFailure(plan, cells, cause, startedAt, endedAt),
                  cause,
                  (made) => then.failed(cause, made)
                )
            }
          )
        })
      )
    })
  }
}

const within = <A, E, E3>(
  context: CallContext.CallContext,
  seen: Attempt.Seen,
  startedAt: number,
  rejected: Then<A, E, E3>["rejected"]
): Then<A, E, E3> => {
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
    rejected
  }
}
