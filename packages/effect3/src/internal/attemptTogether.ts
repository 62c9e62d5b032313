import { Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { isComposed } from "../platform/Ref.ts"
import * as Attempt from "./attempt.ts"
import { type Service, guard } from "./breaker.ts"
import type { Cell } from "./Cell.ts"
import * as Lent from "./Lent.ts"
import * as Monotonic from "./monotonic.ts"
import { errorOf, worded } from "./trail.ts"

/** Several circuits that admit and settle as one. */
export interface Together extends Attempt.Seen {
  readonly breaker: Service
  readonly cells: ReadonlyArray<Cell>
}

/** Of keys that differ. A trail tells of the first. */
export const make = (breaker: Service, keys: Arr.NonEmptyReadonlyArray<string>, now: number): Together => ({
  key: keys.join(" + "),
  breaker,
  cells: keys.map((key) => breaker[guard].cell(key, now)),
  view: (at) => breaker[guard].cell(keys[0], at).view(at)
})

/** One attempt under several circuits: admitted by all or none, settled by all at once. */
export const run = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  { breaker, cells }: Together,
  plan: Attempt.Rules<E>,
  startedAt: number,
  self: Effect.Effect<A, E, R>,
  then: Attempt.Then<A, E, B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const { log } = breaker[guard]
  const admit = (keys: Arr.NonEmptyReadonlyArray<string>) => breaker.commit(breaker.admitSTM(keys, startedAt))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Lent.admittedByAll(fiber, cells, startedAt, admit), (admission) => {
      if (admission._tag === "Rejected") {
        if (log.isOn) log.rejected(admission.error, startedAt)
        return restore(then.rejected(admission.error))
      }
      const { permits } = admission
      const lents = Lent.lentBy(fiber, permits)
      const innermost = [...lents.values()].at(-1)
      const told = log.isOn ? permits.map((permit) => log.admitted(permit, startedAt)) : []
      const settled = (
        judged: (endedAt: number) => Attempt.Judged,
        cause: Cause.Cause<E> | undefined,
        next: (made: Attempt.Judged) => Effect.Effect<B, E2, R2>
      ) => {
        const endedAt = Monotonic.nowOf(fiber)
        const own = permits.filter((permit) => lents.get(permit)?.end() !== false)
        const isSilent = own.length === 0 || cells.some(({ isClosing }) => isClosing)
        const made = isSilent ? { ...judged(endedAt), outcome: Outcome.ignored } : judged(endedAt)
        const failedBefore = made.outcome._tag === "Failure" ? then.failedBefore() : 0
        for (const attempt of told) log.settled(attempt, made.outcome, { cause, failedBefore }, endedAt)
        return Effect.flatMap(
          breaker.commit(breaker.settleSTM(own, made.outcome, endedAt, failedBefore, startedAt)),
          () => {
            const error = () => (cause === undefined ? undefined : worded(errorOf(cause)))
            if (!isComposed(fiber)) Lent.blame(own, { outcome: made.outcome, error })
            return next(made)
          }
        )
      }
      return Effect.matchCauseEffect(restore(innermost === undefined ? self : Lent.Lent.around(innermost, self)), {
        onSuccess: (value) =>
          settled(
            (endedAt) => Attempt.judgedSuccess(plan, value, startedAt, endedAt),
            undefined,
            (made) => restore(Attempt.afterSuccess(value, made, then))
          ),
        onFailure: (cause) =>
          settled(
            (endedAt) => Attempt.judgedFailure(plan, cells, cause, startedAt, endedAt),
            cause,
            (made) => Attempt.afterFailure(cause, made, then, restore)
          )
      })
    })
  )
}
