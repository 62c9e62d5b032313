import { InvalidOption } from "@truce/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { AttemptTimeout } from "../../AttemptTimeout.ts"
import * as CallContext from "../../CallContext.ts"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import * as Attempt from "./attempt.ts"
import { CircuitBreaker, internals } from "../services/CircuitBreaker.ts"
import type { Admissions } from "../keys/Admissions.ts"
import * as Monotonic from "../../platform/Monotonic.ts"
import { type PlanOfAll, type PlanOptions, makePlan, planNames, planOfAllNames } from "../settings/plan.ts"
import { errorOf } from "./trail.ts"
import * as Under from "./under.ts"

/** One attempt under one circuit, recorded in the call it belongs to, if any. */
export const executing = <E, ER extends E, EP extends E>(options: PlanOptions<E, ER, EP>) => {
  InvalidOption.names("CircuitBreaker.execute", options, planNames)
  const { limit, plan } = makePlan("CircuitBreaker.execute", options)
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const entries = Context.unsafeGet(fiber.currentContext, CircuitBreaker)[internals]
      return attempted(fiber, entries, plan, limited, alone)
    })
  }
}

/** The same on a breaker given, and `next` where it is no part of a call. */
export const attempted = <A, E, R, E3>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  entries: Admissions,
  plan: Attempt.Judging<E> & { readonly key: string },
  self: Effect.Effect<A, E, R>,
  next: Next<A, E, E3>
): Effect.Effect<A, E | E3, R> => {
  const context = fiber.getFiberRef(CallContext.current)
  const known = entries.known(plan.key)
  // The clock is a third of what a success costs: where nothing is asked of its time nothing outside a call asks when an attempt began.
  const isTimed = context !== undefined || plan.times !== undefined
  if (known !== undefined && !isTimed) return Attempt.run(fiber, known, first(plan, undefined), self, next)
  const startedAt = Monotonic.nowOf(fiber)
  const entry = known ?? entries.entry(plan.key, startedAt)
  return context === undefined
    ? Attempt.run(fiber, entry, first(plan, isTimed ? startedAt : undefined), self, next)
    : Attempt.run(
        fiber,
        entry,
        within(context, entry, plan, startedAt),
        self,
        recording(context, entry, startedAt, next)
      )
}

type Next<A, E, E3 = CircuitOpen> = Attempt.Next<A, E, A, E | E3, never>

/** An attempt outside a call has nothing to remember. */
const alone = <A, E>(ended: Attempt.Ended<A, E>): Effect.Effect<A, E | CircuitOpen> =>
  ended._tag === "Rejected" ? Effect.fail(ended.error) : exitOf(ended)

/** What an attempt that was made came to, as an effect. */
export const exitOf = <A, E>(made: Attempt.Made<A, E>): Effect.Effect<A, E> =>
  made._tag === "Succeeded" ? Effect.succeed(made.value) : Effect.failCause(made.cause)

const none = () => 0

const first = <E>(plan: Attempt.Judging<E>, startedAt: number | undefined): Attempt.Asking<E> => ({
  plan,
  startedAt,
  failedBefore: none
})

/** One attempt under several circuits: admitted by all or none, settled by all at once. */
export const executingAll = <E, ER extends E, EP extends E>(options: PlanOfAll<E, ER, EP>) => {
  const owner = "CircuitBreaker.executeAll"
  InvalidOption.names(owner, options, planOfAllNames)
  const under = Under.all(owner, options.keys)
  const { limit, plan } = makePlan(owner, { ...options, key: under.key })
  return <A, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker> => {
    const limited = limit(self)
    return Effect.withFiberRuntime<A, E | AttemptTimeout | CircuitOpen, R | CircuitBreaker>((fiber) => {
      const startedAt = Monotonic.nowOf(fiber)
      const at = under.at(Context.unsafeGet(fiber.currentContext, CircuitBreaker), startedAt)
      const context = fiber.getFiberRef(CallContext.current)
      return context === undefined
        ? under.run(fiber, at, { plan, startedAt, failedBefore: none }, limited, alone)
        : under.run(fiber, at, within(context, at, plan, startedAt), limited, recording(context, at, startedAt, alone))
    })
  }
}

/** An attempt of a call. */
const within = <E>(
  context: CallContext.CallContext,
  { key }: Attempt.Seen,
  plan: Attempt.Judging<E>,
  startedAt: number
) => ({
  plan,
  startedAt,
  failedBefore: () => context.failed(key)
})

/** Records an attempt in its call, and goes on. */
const recording =
  <A, E, E3>(
    context: CallContext.CallContext,
    seen: Attempt.Seen,
    startedAt: number,
    next: Next<A, E, E3>
  ): Next<A, E, E3> =>
  (ended, restore) => {
    if (ended._tag !== "Rejected") {
      const error = ended._tag === "Failed" ? errorOf(ended.cause) : undefined
      Attempt.remember(context, seen, ended.settled, { begunAt: context.begun(startedAt), error })
    }
    return next(ended, restore)
  }
