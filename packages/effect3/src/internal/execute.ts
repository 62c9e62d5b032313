import { InvalidOption } from "@truce/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { AttemptTimeout } from "../AttemptTimeout.ts"
import * as CallContext from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import * as Attempt from "./attempt.ts"
import { CircuitBreaker, guard } from "./breaker.ts"
import type { Guarded } from "./guarded.ts"
import * as Monotonic from "./monotonic.ts"
import { type PlanOfAll, type PlanOptions, makePlan, planNames, planOfAllNames } from "./plan.ts"
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
      const lone: Then<A, E | AttemptTimeout> = alone
      const then = context === undefined ? lone : within(context, at, startedAt, lone.rejected)
      return under.run(fiber, at, plan, startedAt, limited, then)
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
