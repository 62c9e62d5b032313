import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Attempt } from "../Attempt.ts"
import type { CallContext } from "../CallContext.ts"

/** Tells what a call has behind it: to the call around it, and, if it had to try again, to the current span. */
export const tellCall = (
  begunAt: number,
  attempts: ReadonlyArray<Attempt>,
  outer: CallContext | undefined
): Effect.Effect<void> => {
  if (outer !== undefined) for (const attempt of attempts) outer.record(attempt)
  return attempts.length > 1 ? tellSpan(begunAt, attempts) : Effect.void
}

/** Adds one event per attempt to the current span, if there is one. */
const tellSpan = (begunAt: number, attempts: ReadonlyArray<Attempt>): Effect.Effect<void> =>
  Effect.match(Effect.currentSpan, {
    onFailure: () => undefined,
    onSuccess: (span) => {
      for (const attempt of attempts) {
        const start = begunAt + Duration.toMillis(attempt.start)
        span.event("truce.attempt", BigInt(Math.round(start * 1_000_000)), {
          "truce.key": attempt.key,
          "truce.attempt.number": attempt.number,
          "truce.attempt.outcome": attempt.outcome,
          "truce.attempt.duration_ms": Duration.toMillis(attempt.duration),
          "truce.attempt.delay_ms": Duration.toMillis(attempt.delay),
          "truce.circuit.state": attempt.state,
          "truce.health.score": attempt.score,
          ...(attempt.error === undefined ? {} : { "error.type": nameOf(attempt.error) })
        })
      }
    }
  })

/** A short name of an error: its tag, its class, or itself. */
export const nameOf = (error: unknown): string => {
  if (typeof error === "object" && error !== null && "_tag" in error) return String(error._tag)
  if (error instanceof Error) return error.name
  // An object without a prototype has no text of its own.
  return typeof error === "object" && error !== null ? Object.prototype.toString.call(error) : String(error)
}

/** The error of a failed attempt, or the defect or interruption it ended by. */
export const errorOf = <E>(cause: Cause.Cause<E>): unknown =>
  Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause))
