import { type Circuit, type EventLog, Outcome, Trail } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Attempt } from "../../Attempt.ts"
import type { CallContext } from "../../CallContext.ts"
import type { CircuitOpen } from "../../CircuitOpen.ts"
import type { Classifier } from "../../Classifier.ts"
import { failingBy } from "../../platform/Cause.ts"
import { isComposed, partOf } from "../../platform/Ref.ts"
import type { Entry } from "../keys/Entry.ts"
import { Lent, admitted, current } from "./Lent.ts"
import { nowOf } from "../../platform/Monotonic.ts"
import { remarked } from "./remark.ts"
import { errorOf, nameOf, worded } from "./trail.ts"

/** How attempts are judged. */
export interface Judging<E> {
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
export interface Plan<E, ER extends E, EP extends E> extends Judging<E> {
  readonly key: string
  readonly classify: Classifier<E, ER, EP> & Judge<E>
}

/** Nothing is asked of the time, but interruption is noticed. */
export const noticed: Times = { slowAfterMillis: Infinity, limitMillis: Infinity, abandonedAfterMillis: undefined }

/** One attempt that was made and judged. */
export interface Settled {
  readonly outcome: Outcome.Outcome
  readonly startedAt: number
  readonly endedAt: number
}

/** How an attempt ended. */
export type Ended<A, E> = Made<A, E> | { readonly _tag: "Rejected"; readonly error: CircuitOpen }

/** How one ended that was admitted. */
export type Made<A, E> = { readonly _tag: "Succeeded"; readonly value: A; readonly settled: Settled } | Failed<E>

export interface Failed<E> {
  readonly _tag: "Failed"
  readonly cause: Cause.Cause<E>
  readonly settled: Settled
}

/** One attempt that is asked for. */
export interface Asking<E> {
  readonly plan: Judging<E>
  /** Left out where nothing asks how long it took. */
  readonly startedAt: number | undefined
  /** The failed attempts of its call on the key, asked where it fails. */
  readonly failedBefore: () => number
  /** What is to be done once it is settled, whatever interrupts; `Effect.void` for nothing. */
  readonly afterwards?: ((settled: Settled, cause: Cause.Cause<E> | undefined) => Effect.Effect<void>) | undefined
}

/** Goes on from an attempt, in the region in which it was settled: `restore` leaves that. */
export type Next<A, E, B, E2, R2> = (ended: Ended<A, E>, restore: Restore) => Effect.Effect<B, E2, R2>

export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Admit, run, classify, settle: one attempt on one entry. */
export const run = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  entry: Entry,
  asking: Asking<E>,
  self: Effect.Effect<A, E, R>,
  next: Next<A, E, B, E2, R2>
): Effect.Effect<B, E2, R | R2> => {
  const composed = isComposed(fiber)
  const permit = composed ? undefined : entry.passing()
  if (permit !== undefined) {
    const attempt: Admitted<E> = { asking, entry, permit, composed, lent: undefined }
    // A passing attempt holds nothing: its interruption needs no notice, unless its time is of interest, it was paid for or is told of.
    return asking.plan.times === undefined && asking.afterwards === undefined && entry.log === undefined
      ? settling(fiber, attempt, self, next, same)
      : Effect.uninterruptibleMask((restore) => settling(fiber, attempt, restore(self), next, restore))
  }
  const askedAt = asking.startedAt ?? nowOf(fiber)
  const refused = (rejected: Circuit.Rejected, restore: Restore) =>
    next({ _tag: "Rejected", error: entry.refuse(rejected, askedAt) }, restore)
  const lent = Lent.of(fiber, entry)
  const known = composed || lent !== undefined ? undefined : entry.peek(askedAt)
  if (known !== undefined && known._tag === "Rejected") return refused(known, same)
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(admitted(entry, lent, askedAt), (decision) => {
      if (decision._tag === "Rejected") return refused(decision, restore)
      const { permit } = decision
      const attempt: Admitted<E> = { asking, entry, permit, composed, lent: undefined }
      if (permit.probe === 0) return settling(fiber, attempt, restore(self), next, restore)
      const probe = new Lent(entry, permit, fiber.getFiberRef(current))
      return settling(fiber, { ...attempt, lent: probe }, restore(Lent.around(probe, self)), next, restore)
    })
  )
}

const same: Restore = (effect) => effect

/** An attempt that may run. */
interface Admitted<E> {
  readonly asking: Asking<E>
  readonly entry: Entry
  readonly permit: Circuit.Permit
  readonly composed: boolean
  /** Of a probe: what it lends. */
  readonly lent: Lent | undefined
}

const settling = <A, E, R, B, E2, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  attempt: Admitted<E>,
  self: Effect.Effect<A, E, R>,
  next: Next<A, E, B, E2, R2>,
  restore: Restore
): Effect.Effect<B, E2, R | R2> => {
  const { entry, lent, permit } = attempt
  const { plan, startedAt } = attempt.asking
  const recorded = entry.log?.admitted(
    { key: entry.key, generation: permit.generation, probe: permit.probe > 0 },
    startedAt ?? nowOf(fiber)
  )
  return Effect.matchCauseEffect(self, {
    onSuccess: (value) => {
      const endedAt = nowOf(fiber)
      const judged = judgedSuccess(plan, value, startedAt ?? endedAt, endedAt)
      const ended = endedBy(said(judged, entry, lent), value)
      return settled(attempt, recorded, ended, () => next(ended, restore))
    },
    onFailure: (cause) => {
      const endedAt = nowOf(fiber)
      const ended = failedBy(said(judgedFailure(plan, [entry], cause, startedAt, endedAt), entry, lent), cause)
      return settled(attempt, recorded, ended, () => remarking(next(ended, restore)))
    }
  })
}

/** Settles the attempt and does what is to be done afterwards, before anything goes on. */
const settled = <E, B, E2, R2>(
  attempt: Admitted<E>,
  recorded: EventLog.Recorded | undefined,
  ended: Made<unknown, E>,
  next: () => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E2, R2> => {
  const { asking, entry, composed, permit } = attempt
  const { endedAt, outcome } = ended.settled
  const cause = ended._tag === "Failed" ? ended.cause : undefined
  const failedBefore = outcome._tag === "Failure" ? asking.failedBefore() : 0
  if (recorded !== undefined) {
    const error = cause === undefined ? undefined : nameOf(errorOf(cause))
    entry.log?.settled(recorded, outcome, { failedBefore, error }, endedAt)
  }
  const { startedAt } = asking
  const transaction = settle(attempt, { permit, outcome, failedBefore, startedAt }, endedAt)
  const afterwards = asking.afterwards?.(ended.settled, cause) ?? Effect.void
  const then =
    composed || (cause === undefined && permit.probe === 0)
      ? next
      : () => {
          entry.blame(permit, { outcome, error: () => (cause === undefined ? undefined : worded(errorOf(cause))) })
          return next()
        }
  // What takes no step is not waited for.
  if (afterwards === Effect.void) return transaction === undefined ? then() : Effect.flatMap(transaction, then)
  return Effect.flatMap(transaction === undefined ? afterwards : Effect.zipRight(transaction, afterwards), then)
}

// A probe whose permit another attempt took over has nothing to say, and nothing that ends while its layer closes has.
const said = (judged: Judged, entry: Entry, lent: Lent | undefined): Judged =>
  (lent === undefined || lent.end()) && !entry.isClosing ? judged : { ...judged, outcome: Outcome.ignored }

// In a transaction of the user's even what the mirror could note is part of it.
const settle = <E>(
  { entry, composed, lent }: Admitted<E>,
  settled: Circuit.Settled,
  at: number
): Effect.Effect<void> | undefined => {
  if (lent !== undefined && lent.isTaken) return undefined
  return composed ? partOf(entry.settleTx(settled, at), () => entry.announce()) : entry.settle(settled, at)
}

// Nothing is: all that failed becomes a defect.
const isNever = (error: unknown): error is never => error === isNever

/** The defect of a classifier, beside what it was to classify: neither is lost. */
const withDefect = (defect: unknown, cause: Cause.Cause<unknown>): Cause.Cause<never> =>
  Cause.sequential(Cause.die(defect), failingBy(cause, isNever))

/** How an attempt ended that was to succeed: what its classifier threw is a defect. */
export const endedBy = <A>(settled: Judged, value: A) =>
  settled.thrown === undefined
    ? ({ _tag: "Succeeded", value, settled } as const)
    : ({ _tag: "Failed", cause: Cause.die(settled.thrown.defect), settled } as const)

/** How an attempt ended that failed. */
export const failedBy = <E>(settled: Judged, cause: Cause.Cause<E>): Failed<E> => ({
  _tag: "Failed",
  cause: settled.thrown === undefined ? cause : withDefect(settled.thrown.defect, cause),
  settled
})

/** Logs what the classifier remarked before anything goes on. */
export const remarking = <A, E, R>(next: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const remark = remarked()
  return remark === undefined ? next : Effect.zipRight(remark, next)
}

/** One attempt that was made, with what the classifier threw. */
export interface Judged extends Settled {
  readonly thrown: { readonly defect: unknown } | undefined
}

/** What a value says. */
export const judgedSuccess = <E>(plan: Judging<E>, value: unknown, startedAt: number, endedAt: number): Judged =>
  judged(plan.times, startedAt, endedAt, () => plan.classify.success(value))

/** What a failed exit says; of an interruption the circuits it was under know more. */
export const judgedFailure = <E>(
  plan: Judging<E>,
  entries: ReadonlyArray<Pick<Entry, "interrupted">>,
  cause: Cause.Cause<E>,
  startedAt: number | undefined,
  endedAt: number
): Judged => {
  const begunAt = startedAt ?? endedAt
  const { times } = plan
  return judged(times, begunAt, endedAt, () => {
    if (!Cause.isInterruptedOnly(cause)) return plan.classify.failure(cause, endedAt - begunAt)
    if (times === undefined || Outcome.isStalled(endedAt - begunAt, times.limitMillis)) return Outcome.ignored
    const said = entries.map((entry) => entry.interrupted(startedAt, endedAt, times.abandonedAfterMillis))
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

/** What an attempt is of: its call, with the attempts before it, and what it failed with. */
interface Of<E> {
  readonly begunAt: number
  readonly error: E
  readonly trail?: ReadonlyArray<Remembered> | undefined
}

/** Adds an attempt to the trail of its call. */
export const remember = <E>(
  context: CallContext,
  seen: Seen,
  made: Settled,
  { begunAt, error, trail = context.trail() }: Of<E>
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
