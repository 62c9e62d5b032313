import { type Event, Outcome } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import { isComposed } from "../../platform/Ref.ts"
import * as Attempt from "./attempt.ts"
import { type Service, internals } from "../services/CircuitBreaker.ts"
import type { Entry } from "../keys/Entry.ts"
import * as Lent from "./Lent.ts"
import * as Monotonic from "../../platform/Monotonic.ts"
import { errorOf, nameOf, worded } from "./trail.ts"

/** Several circuits that admit and settle as one. */
export interface Together extends Attempt.Seen {
  readonly breaker: Service
  readonly entries: ReadonlyArray<Entry>
}

/** Of keys that differ. A trail tells of the first. */
export const make = (breaker: Service, keys: Arr.NonEmptyReadonlyArray<string>, now: number): Together => ({
  key: keys.join(" + "),
  breaker,
  entries: keys.map((key) => breaker[internals].entry(key, now)),
  view: (at) => breaker[internals].entry(keys[0], at).view(at)
})

/** One attempt under several circuits: admitted by all or none, settled by all at once. */
export const run = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  { breaker, entries }: Together,
  asking: Attempt.Asking<E> & { readonly startedAt: number },
  self: Effect.Effect<A, E, R>,
  next: Attempt.Next<A, E, B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const { log } = breaker[internals]
  const { plan, startedAt } = asking
  const admit = (keys: Arr.NonEmptyReadonlyArray<string>) => breaker.commit(breaker.admitSTM(keys, startedAt))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Lent.admittedByAll(fiber, entries, startedAt, admit), (admission) => {
      if (admission._tag === "Rejected") {
        if (log.isOn) log.tell(rejection(admission.error, startedAt))
        return next({ _tag: "Rejected", error: admission.error }, restore)
      }
      const { permits } = admission
      const lents = Lent.lentBy(fiber, permits)
      const innermost = [...lents.values()].at(-1)
      const recorded = log.isOn ? permits.map((permit) => log.admitted(permit, startedAt)) : []
      const judging = (judge: (endedAt: number) => Attempt.Judged) => {
        const judged = judge(Monotonic.nowOf(fiber))
        const own = permits.filter((permit) => lents.get(permit)?.end() !== false)
        const isSilent = own.length === 0 || entries.some(({ isClosing }) => isClosing)
        return { own, judged: isSilent ? { ...judged, outcome: Outcome.ignored } : judged }
      }
      const settled = (own: typeof permits, ended: Attempt.Made<A, E>) => {
        const { endedAt, outcome } = ended.settled
        const cause = ended._tag === "Failed" ? ended.cause : undefined
        const failedBefore = outcome._tag === "Failure" ? asking.failedBefore() : 0
        const error = cause === undefined ? undefined : nameOf(errorOf(cause))
        for (const attempt of recorded) log.settled(attempt, outcome, { failedBefore, error }, endedAt)
        const settling = breaker.commit(breaker.settleSTM(own, outcome, endedAt, failedBefore, startedAt))
        return Effect.flatMap(
          Effect.zipRight(settling, asking.afterwards?.(ended.settled, cause) ?? Effect.void),
          () => {
            const error = () => (cause === undefined ? undefined : worded(errorOf(cause)))
            if (!isComposed(fiber)) Lent.blame(own, { outcome, error })
            return cause === undefined ? next(ended, restore) : Attempt.remarking(next(ended, restore))
          }
        )
      }
      return Effect.matchCauseEffect(restore(innermost === undefined ? self : Lent.Lent.around(innermost, self)), {
        onSuccess: (value) => {
          const { judged, own } = judging((endedAt) => Attempt.judgedSuccess(plan, value, startedAt, endedAt))
          return settled(own, Attempt.endedBy(judged, value))
        },
        onFailure: (cause) => {
          const { judged, own } = judging((endedAt) => Attempt.judgedFailure(plan, entries, cause, startedAt, endedAt))
          return settled(own, Attempt.failedBy(judged, cause))
        }
      })
    })
  )
}

const rejection = ({ generation, health, key, retryAfter, state }: CircuitOpen, at: number): Event.Rejected => {
  const until = at + Duration.toMillis(retryAfter)
  return { _tag: "Rejected", key, at, state, until, score: health, generation }
}
