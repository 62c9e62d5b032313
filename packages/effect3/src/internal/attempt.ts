import { type Circuit, Outcome, Trail } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Attempt } from "../Attempt.ts"
import type { CallContext } from "../CallContext.ts"
import type { CircuitOpen } from "../CircuitOpen.ts"
import type { Classifier } from "../Classifier.ts"
import { failingBy } from "../platform/Cause.ts"
import { isComposed, partOf } from "../platform/Ref.ts"
import type { Cell } from "./Cell.ts"
import { Lent, admitted, current } from "./Lent.ts"
import { nowOf } from "./monotonic.ts"
import { remarked } from "./remark.ts"
import { errorOf, worded } from "./trail.ts"

/** How attempts are judged. */
export interface Rules<E> {
  readonly classify: Judge<E>
  /** Left out where nothing is asked of the time that attempts take: they are not timed then, and nobody notices their interruption. */
  readonly times?: Times | undefined
}

/** What an exit says; of a failure also by how long it took, in ms. */
export interface Judge<E> {
  readonly failure: (cause: Cause.Cause<E>, durationMillis: number) => Outcome.Outcome
  readonly success: (value: unknown) => Outcome.Outcome
}

/** What is asked of the time an attempt takes, in ms; Infinity for nothing. */
export interface Times {
  readonly slowAfterMillis: number
  readonly limitMillis: number
  /** After so long an interrupted attempt was a timeout; left out, that is for the slowest recent success to say. */
  readonly abandonedAfterMillis: number | undefined
}

/** What is fixed about the attempts of one protected effect. */
export interface Plan<E, ER extends E, EP extends E> extends Rules<E> {
  readonly key: string
  readonly classify: Classifier<E, ER, EP> & Judge<E>
}

/** Nothing is asked of the time, but interruption is noticed. */
export const noticed: Times = { slowAfterMillis: Infinity, limitMillis: Infinity, abandonedAfterMillis: undefined }

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
    const admitted: Admitted<E> = { cell, plan, permit, composed, startedAt, lent: undefined }
    // A passing attempt holds nothing: its interruption needs no notice, unless its time is of interest, it was paid for or is told of.
    return plan.times === undefined && then.interrupted === undefined && cell.log === undefined
      ? settling(fiber, admitted, self, then, same)
      : Effect.uninterruptibleMask((restore) => settling(fiber, admitted, restore(self), then, restore))
  }
  const askedAt = startedAt ?? nowOf(fiber)
  const lent = Lent.of(fiber, cell)
  const known = composed || lent !== undefined ? undefined : cell.peek(askedAt)
  if (known !== undefined && known._tag === "Rejected") return then.rejected(cell.refuse(known, askedAt))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(admitted(cell, lent, askedAt), (decision) => {
      if (decision._tag === "Rejected") return restore(then.rejected(cell.refuse(decision, askedAt)))
      const { permit } = decision
      if (permit.probe === 0) {
        const admitted: Admitted<E> = { cell, plan, permit, composed, startedAt, lent: undefined }
        return settling(fiber, admitted, restore(self), then, restore)
      }
      const probe = new Lent(cell, permit, fiber.getFiberRef(current))
      const admitted: Admitted<E> = { cell, plan, permit, composed, startedAt, lent: probe }
      return settling(fiber, admitted, restore(Lent.around(probe, self)), then, restore)
    })
  )
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const same: Restore = (effect) => effect

/** An attempt that may run. */
interface Admitted<E> {
  readonly cell: Cell
  readonly plan: Rules<E>
  readonly permit: Circuit.Permit
  readonly composed: boolean
  readonly startedAt: number | undefined
  /** Of a probe: what it lends. */
  readonly lent: Lent | undefined
}

const settling = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  admitted: Admitted<E>,
  self: Effect.Effect<A, E, R>,
  then: Then<A, E, B, E2, R2>,
  restore: Restore
): Effect.Effect<B, E2, R | R2> => {
  const { cell, composed, lent, permit, plan, startedAt } = admitted
  const { log } = cell
  const told = log?.admitted(
    { key: cell.key, generation: permit.generation, probe: permit.probe > 0 },
    startedAt ?? nowOf(fiber)
  )
  return Effect.matchCauseEffect(self, {
    onSuccess: (value) => {
      const endedAt = nowOf(fiber)
      const made = said(judgedSuccess(plan, value, startedAt ?? endedAt, endedAt), cell, lent)
      if (told !== undefined) {
        log?.settled(told, made.outcome, { cause: undefined, failedBefore: 0 }, endedAt)
      }
      const transaction = settle(admitted, { permit, outcome: made.outcome, failedBefore: 0, startedAt }, endedAt)
      if (permit.probe > 0 && !composed) cell.blame(permit, { outcome: made.outcome, error: () => undefined })
      // What comes next sees the circuit as settled.
      return transaction === undefined
        ? restore(afterSuccess(value, made, then))
        : Effect.flatMap(transaction, () => restore(afterSuccess(value, made, then)))
    },
    onFailure: (cause) => {
      const endedAt = nowOf(fiber)
      const made = said(judgedFailure(plan, [cell], cause, startedAt, endedAt), cell, lent)
      const failedBefore = made.outcome._tag === "Failure" ? then.failedBefore() : 0
      if (told !== undefined) {
        log?.settled(told, made.outcome, { cause, failedBefore }, endedAt)
      }
      const transaction = settle(admitted, { permit, outcome: made.outcome, failedBefore, startedAt }, endedAt)
      const next = () => {
        if (!composed) cell.blame(permit, { outcome: made.outcome, error: () => worded(errorOf(cause)) })
        return afterFailure(cause, made, then, restore)
      }
      return transaction === undefined ? next() : Effect.flatMap(transaction, next)
    }
  })
}

// A probe whose permit another attempt took over has nothing to say, and nothing that ends while its layer closes has.
const said = (made: Judged, cell: Cell, lent: Lent | undefined): Judged =>
  (lent === undefined || lent.end()) && !cell.isClosing ? made : { ...made, outcome: Outcome.ignored }

// In a transaction of the user's even what the mirror could note is part of it.
const settle = <E>(
  { cell, composed, lent }: Admitted<E>,
  settled: Circuit.Settled,
  at: number
): Effect.Effect<void> | undefined => {
  if (lent !== undefined && lent.isTaken) return undefined
  return composed ? partOf(cell.settleTx(settled, at), () => cell.announce()) : cell.settle(settled, at)
}

// Nothing is: all that failed becomes a defect.
const isNever = (error: unknown): error is never => error === isNever

/** The defect of a classifier, beside what it was to classify: neither is lost. */
const withDefect = (defect: unknown, cause: Cause.Cause<unknown>): Cause.Cause<never> =>
  Cause.sequential(Cause.die(defect), failingBy(cause, isNever))

/** What comes after an attempt that succeeded and was settled. */
export const afterSuccess = <A, E, B, E2, R2>(
  value: A,
  made: Judged,
  then: Then<A, E, B, E2, R2>
): Effect.Effect<B, E2, R2> =>
  made.thrown === undefined ? then.succeeded(value, made) : Effect.die(made.thrown.defect)

/** What comes after one that failed and was settled. */
export const afterFailure = <A, E, B, E2, R2>(
  cause: Cause.Cause<E>,
  made: Judged,
  then: Then<A, E, B, E2, R2>,
  restore: Restore
): Effect.Effect<B, E2, R2> => {
  const failed = restore(
    made.thrown === undefined ? then.failed(cause, made) : Effect.failCause(withDefect(made.thrown.defect, cause))
  )
  const remark = remarked()
  const rest = remark === undefined ? failed : Effect.zipRight(remark, failed)
  return then.interrupted !== undefined && Cause.isInterruptedOnly(cause)
    ? Effect.zipRight(then.interrupted(made), rest)
    : rest
}

/** One attempt that was made, with what the classifier threw. */
export interface Judged extends Made {
  readonly thrown: { readonly defect: unknown } | undefined
}

/** What a value says. */
export const judgedSuccess = <E>(plan: Rules<E>, value: unknown, startedAt: number, endedAt: number): Judged =>
  judged(plan.times, startedAt, endedAt, () => plan.classify.success(value))

/** What a failed exit says; of an interruption the circuits it was under know more. */
export const judgedFailure = <E>(
  plan: Rules<E>,
  cells: ReadonlyArray<Pick<Cell, "interrupted">>,
  cause: Cause.Cause<E>,
  startedAt: number | undefined,
  endedAt: number
): Judged => {
  const begunAt = startedAt ?? endedAt
  const { times } = plan
  return judged(times, begunAt, endedAt, () => {
    if (!Cause.isInterruptedOnly(cause)) return plan.classify.failure(cause, endedAt - begunAt)
    if (times === undefined || Outcome.isStalled(endedAt - begunAt, times.limitMillis)) return Outcome.ignored
    const said = cells.map((cell) => cell.interrupted(startedAt, endedAt, times.abandonedAfterMillis))
    return said.find(({ _tag }) => _tag === "Failure") ?? Outcome.ignored
  })
}

// A classifier that throws must not keep the permit: the attempt says nothing, and the defect goes on.
const judged = (
  times: Times | undefined,
  startedAt: number,
  endedAt: number,
  outcome: () => Outcome.Outcome
): Judged => {
  try {
    return { outcome: timed(times, outcome(), endedAt - startedAt), startedAt, endedAt, thrown: undefined }
  } catch (defect) {
    return { outcome: Outcome.ignored, startedAt, endedAt, thrown: { defect } }
  }
}

// Of an attempt that outlived its time limit because the process had stalled, nobody knows how long it took.
const timed = (times: Times | undefined, outcome: Outcome.Outcome, durationMillis: number): Outcome.Outcome =>
  times === undefined || Outcome.isStalled(durationMillis, times.limitMillis)
    ? outcome
    : Outcome.timed(outcome, durationMillis, times.slowAfterMillis)

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
  const last = trail.at(-1)
  const place = Trail.place(
    {
      count: trail.length,
      last: last && { startMillis: Duration.toMillis(last.start), durationMillis: Duration.toMillis(last.duration) }
    },
    begunAt,
    made
  )
  const attempt: Attempt<E> = {
    key: seen.key,
    number: place.number,
    start: Duration.millis(place.startMillis),
    duration: Duration.millis(place.durationMillis),
    delay: Duration.millis(place.delayMillis),
    outcome: made.outcome._tag,
    error,
    state: view.status,
    score: view.score
  }
  context.record(attempt)
  return attempt
}
