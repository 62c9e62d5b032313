import { type Circuit, Outcome } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Attempt } from "../Attempt.ts"
import type { CallContext } from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import type { Classifier } from "../Classifier.ts"
import { isComposed, partOf } from "../platform/Ref.ts"
import type { Cell } from "./Cell.ts"
import { nowOf } from "./monotonic.ts"

/** How attempts are judged. */
export interface Rules<E> {
  readonly classify: Pick<Classifier<E>, "failure" | "success">
  /** An attempt that takes longer is slow, or saturated; Infinity for no such rule. */
  readonly slowAfterMillis: number
}

/** What is fixed about the attempts of one protected effect. */
export interface Plan<E, ER extends E, EP extends E> extends Rules<E> {
  readonly key: string
  readonly classify: Classifier<E, ER, EP>
}

/** One attempt that was made. */
export interface Made {
  readonly outcome: Outcome.Outcome
  readonly startedAt: number
  readonly endedAt: number
}

/** What comes after the attempt, outside any uninterruptible region of it but for `interrupted`. */
export interface Then<A, E, B, E2, R2> {
  readonly failedBefore: () => number
  readonly succeeded: (value: A, made: Made) => Effect.Effect<B, E2, R2>
  readonly failed: (cause: Cause.Cause<E>, made: Made) => Effect.Effect<B, E2, R2>
  readonly rejected: (error: CircuitOpen) => Effect.Effect<B, E2, R2>
  /** What must be done even where the attempt was interrupted. */
  readonly interrupted?: ((made: Made) => Effect.Effect<void>) | undefined
}

/** Admit, run, classify, settle: one attempt on one cell. `startedAt` is left out where nothing asks how long it took. */
export const run = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  cell: Cell,
  plan: Rules<E>,
  startedAt: number | undefined,
  self: Effect.Effect<A, E, R>,
  then: Then<A, E, B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const composed = isComposed(fiber)
  const permit = composed ? undefined : cell.passing()
  if (permit !== undefined) {
    // A passing attempt holds nothing: without a rule for slow attempts its interruption needs no notice, unless it was paid for or is told of.
    return plan.slowAfterMillis === Infinity && then.interrupted === undefined && cell.log === undefined
      ? settling(fiber, cell, plan, permit, composed, startedAt, self, then, same)
      : Effect.uninterruptibleMask((restore) =>
          settling(fiber, cell, plan, permit, composed, startedAt, restore(self), then, restore)
        )
  }
  const askedAt = startedAt ?? nowOf(fiber)
  const known = composed ? undefined : cell.peek(askedAt)
  if (known !== undefined && known._tag === "Rejected") return then.rejected(cell.refuse(known, askedAt))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(cell.admit(askedAt), (decision) =>
      decision._tag === "Rejected"
        ? restore(then.rejected(cell.refuse(decision, askedAt)))
        : settling(fiber, cell, plan, decision.permit, composed, startedAt, restore(self), then, restore)
    )
  )
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const same: Restore = (effect) => effect

const settling = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  cell: Cell,
  plan: Rules<E>,
  permit: Circuit.Permit,
  composed: boolean,
  startedAt: number | undefined,
  self: Effect.Effect<A, E, R>,
  then: Then<A, E, B, E2, R2>,
  restore: Restore
): Effect.Effect<B, E2, R | R2> => {
  const { log } = cell
  const told = log?.admitted(
    { key: cell.key, generation: permit.generation, probe: permit.probe > 0 },
    startedAt ?? nowOf(fiber)
  )
  return Effect.matchCauseEffect(self, {
    onSuccess: (value) => {
      const endedAt = nowOf(fiber)
      const made = judged(plan.classify.success, value, startedAt ?? endedAt, endedAt, plan.slowAfterMillis)
      if (told !== undefined) {
        log?.settled(told, made.outcome, { cause: undefined, failedBefore: 0 }, endedAt)
      }
      const transaction = settle(cell, { permit, outcome: made.outcome, failedBefore: 0 }, endedAt, composed)
      // What comes next sees the circuit as settled.
      return transaction === undefined
        ? restore(afterSuccess(value, made, then))
        : Effect.flatMap(transaction, () => restore(afterSuccess(value, made, then)))
    },
    onFailure: (cause) => {
      const endedAt = nowOf(fiber)
      const begunAt = startedAt ?? endedAt
      const read = (cause: Cause.Cause<E>) => failure(plan, cause, endedAt - begunAt)
      const made = judged(read, cause, begunAt, endedAt, plan.slowAfterMillis)
      const failedBefore = made.outcome._tag === "Failure" ? then.failedBefore() : 0
      if (told !== undefined) {
        log?.settled(told, made.outcome, { cause, failedBefore }, endedAt)
      }
      const transaction = settle(cell, { permit, outcome: made.outcome, failedBefore }, endedAt, composed)
      const next = () => {
        const rest = restore(made.thrown === undefined ? then.failed(cause, made) : Effect.die(made.thrown.defect))
        return then.interrupted !== undefined && Cause.isInterruptedOnly(cause)
          ? Effect.zipRight(then.interrupted(made), rest)
          : rest
      }
      return transaction === undefined ? next() : Effect.flatMap(transaction, next)
    }
  })
}

// In a transaction of the user's even what the mirror could note is part of it.
const settle = (cell: Cell, settled: Circuit.Settled, at: number, composed: boolean): Effect.Effect<void> | undefined =>
  composed ? partOf(cell.settleTx(settled, at), () => cell.announce()) : cell.settle(settled, at)

const afterSuccess = <A, E, B, E2, R2>(value: A, made: Judged, then: Then<A, E, B, E2, R2>): Effect.Effect<B, E2, R2> =>
  made.thrown === undefined ? then.succeeded(value, made) : Effect.die(made.thrown.defect)

const abandoned = Outcome.failure({ saturated: true })

// A caller who gives up on a slow attempt from outside interrupts it: that is a timeout by another name.
export const failure = <E>(plan: Rules<E>, cause: Cause.Cause<E>, durationMillis: number): Outcome.Outcome =>
  durationMillis > plan.slowAfterMillis && Cause.isInterruptedOnly(cause) ? abandoned : plan.classify.failure(cause)

/** One attempt that was made, with what the classifier threw. */
interface Judged extends Made {
  readonly thrown: { readonly defect: unknown } | undefined
}

// A classifier that throws must not keep the permit: the attempt says nothing, and the defect goes on.
export const judged = <Exit>(
  classify: (exit: Exit) => Outcome.Outcome,
  exit: Exit,
  startedAt: number,
  endedAt: number,
  slowAfterMillis: number
): Judged => {
  try {
    const outcome = Outcome.timed(classify(exit), endedAt - startedAt, slowAfterMillis)
    return { outcome, startedAt, endedAt, thrown: undefined }
  } catch (defect) {
    return { outcome: Outcome.ignored, startedAt, endedAt, thrown: { defect } }
  }
}

/** Where an attempt was made: a circuit, or nothing that judges. */
export interface Seen {
  readonly key: string
  readonly view: (now: number) => Pick<Circuit.View, "status" | "score">
}

/** What the next attempt of a call must know of those before it. */
export type Remembered = Pick<Attempt, "start" | "duration">

/** Adds an attempt to the trail of its call; `trail` holds those before it. */
export const remember = <E>(
  context: CallContext,
  seen: Seen,
  made: Made,
  begunAt: number,
  error: E,
  trail: ReadonlyArray<Remembered> = context.trail()
): Attempt<E> => {
  const view = seen.view(made.endedAt)
  const previous = trail.at(-1)
  const startMillis = made.startedAt - begunAt
  const ended = previous === undefined ? 0 : Duration.toMillis(Duration.sum(previous.start, previous.duration))
  const attempt: Attempt<E> = {
    key: seen.key,
    number: trail.length,
    start: Duration.millis(startMillis),
    duration: Duration.millis(made.endedAt - made.startedAt),
    delay: Duration.millis(Math.max(0, startMillis - ended)),
    outcome: made.outcome._tag,
    error,
    state: view.status,
    score: view.score
  }
  context.record(attempt)
  return attempt
}
