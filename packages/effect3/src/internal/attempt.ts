import { type Circuit, Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Attempt } from "../Attempt.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import type { Classifier } from "../Classifier.ts"
import { type Cell, toError } from "./Cell.ts"
import { nowOf } from "./monotonic.ts"

/** What is fixed about the attempts of one protected effect. */
export interface Plan<E, ER extends E, EP extends E> {
  readonly key: string
  readonly classify: Classifier<E, ER, EP>
  /** An attempt that takes longer is slow, or saturated; Infinity for no such rule. */
  readonly slowAfterMillis: number
}

/** One attempt that was made. */
export interface Made {
  readonly outcome: Outcome.Outcome
  readonly startedAt: number
  readonly endedAt: number
}

/** What comes after the attempt, outside any uninterruptible region of it. */
export interface Then<A, E, B, E2, R2> {
  readonly failedBefore: () => number
  readonly succeeded: (value: A, made: Made) => Effect.Effect<B, E2, R2>
  readonly failed: (cause: Cause.Cause<E>, made: Made) => Effect.Effect<B, E2, R2>
  readonly rejected: (error: CircuitOpen) => Effect.Effect<B, E2, R2>
}

/** Admit, run, classify, settle: one attempt on one cell. */
export const run = <A, E, ER extends E, EP extends E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  cell: Cell,
  plan: Plan<E, ER, EP>,
  startedAt: number,
  self: Effect.Effect<A, E, R>,
  then: Then<A, E, B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const permit = cell.passing()
  if (permit !== undefined) {
    // A passing attempt holds nothing: without a rule for slow attempts its interruption needs no notice.
    return plan.slowAfterMillis === Infinity
      ? settling(fiber, cell, plan, permit, startedAt, self, then, same)
      : Effect.uninterruptibleMask((restore) =>
          settling(fiber, cell, plan, permit, startedAt, restore(self), then, restore)
        )
  }
  const known = cell.peek(startedAt)
  if (known !== undefined && known._tag === "Rejected") return then.rejected(toError(cell.key, known, startedAt))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(cell.admit(startedAt), (decision) =>
      decision._tag === "Rejected"
        ? restore(then.rejected(toError(cell.key, decision, startedAt)))
        : settling(fiber, cell, plan, decision.permit, startedAt, restore(self), then, restore)
    )
  )
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const same: Restore = (effect) => effect

const settling = <A, E, ER extends E, EP extends E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  cell: Cell,
  plan: Plan<E, ER, EP>,
  permit: Circuit.Permit,
  startedAt: number,
  self: Effect.Effect<A, E, R>,
  then: Then<A, E, B, E2, R2>,
  restore: Restore
): Effect.Effect<B, E2, R | R2> =>
  Effect.matchCauseEffect(self, {
    onSuccess: (value) => {
      const endedAt = nowOf(fiber)
      const read = judged(() => plan.classify.success(value), endedAt - startedAt, plan.slowAfterMillis)
      const made = { outcome: read.outcome, startedAt, endedAt }
      const transaction = cell.settle({ permit, outcome: read.outcome, failedBefore: 0 }, endedAt)
      const next = read.defect === undefined ? then.succeeded(value, made) : Effect.die(read.defect.value)
      return transaction === undefined ? restore(next) : Effect.zipRight(transaction, restore(next))
    },
    onFailure: (cause) => {
      const endedAt = nowOf(fiber)
      const read = judged(() => failure(plan, cause, endedAt - startedAt), endedAt - startedAt, plan.slowAfterMillis)
      const made = { outcome: read.outcome, startedAt, endedAt }
      const failedBefore = read.outcome._tag === "Failure" ? then.failedBefore() : 0
      const transaction = cell.settle({ permit, outcome: read.outcome, failedBefore }, endedAt)
      const next = read.defect === undefined ? then.failed(cause, made) : Effect.die(read.defect.value)
      return transaction === undefined ? restore(next) : Effect.zipRight(transaction, restore(next))
    }
  })

const abandoned = Outcome.failure({ saturated: true })

// A caller who gives up on a slow attempt from outside interrupts it: that is a timeout by another name.
export const failure = <E, ER extends E, EP extends E>(
  plan: Plan<E, ER, EP>,
  cause: Cause.Cause<E>,
  durationMillis: number
): Outcome.Outcome =>
  durationMillis > plan.slowAfterMillis && Cause.isInterruptedOnly(cause) ? abandoned : plan.classify.failure(cause)

// A classifier that throws must not keep the permit: the attempt says nothing, and the defect goes on.
export const judged = (
  classify: () => Outcome.Outcome,
  durationMillis: number,
  slowAfterMillis: number
): { readonly outcome: Outcome.Outcome; readonly defect?: { readonly value: unknown } } => {
  try {
    return { outcome: Outcome.timed(classify(), durationMillis, slowAfterMillis) }
  } catch (value) {
    return { outcome: Outcome.ignored, defect: { value } }
  }
}

/** The attempt as the trail remembers it. */
export const toAttempt = <E>(
  cell: Pick<Cell, "key" | "view">,
  made: Made,
  at: { readonly number: number; readonly begunAt: number; readonly delayMillis: number },
  error: E
): Attempt<E> => {
  const view = cell.view(made.endedAt)
  return {
    key: cell.key,
    number: at.number,
    start: Duration.millis(made.startedAt - at.begunAt),
    duration: Duration.millis(made.endedAt - made.startedAt),
    delay: Duration.millis(at.delayMillis),
    outcome: made.outcome._tag,
    error,
    state: view.status,
    score: view.score
  }
}

/** The error of a failed attempt, or the defect or interruption it ended by. */
export const errorOf = <E>(cause: Cause.Cause<E>): unknown =>
  Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause))
