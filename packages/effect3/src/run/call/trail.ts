import { Printable } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Attempt } from "../../Attempt.ts"
import type { CallContext } from "../../CallContext.ts"
import { httpNameOf } from "../../platform/HttpErrors.ts"
import * as Monotonic from "../../platform/Monotonic.ts"

/** Tells what a call has behind it: to the call around it, and, if it had to try again, to the current span. */
export const tellCall = (
  begunAt: number,
  attempts: ReadonlyArray<Attempt>,
  outer: CallContext | undefined,
  hasSpan = false
): Effect.Effect<void> => {
  if (outer !== undefined) for (const attempt of attempts) outer.record(attempt)
  // A call that is a span of its own tells of its attempts there.
  return attempts.length > 1 && !hasSpan
    ? Effect.withFiberRuntime((fiber) =>
        Effect.match(Effect.currentSpan, {
          onFailure: () => undefined,
          onSuccess: (span) => tellSpan(span, Monotonic.spanTimeOf(fiber), begunAt, attempts)
        })
      )
    : Effect.void
}

/** Adds one event per attempt to a span. */
export const tellSpan = (
  span: Tracer.Span,
  spanTime: (at: number) => bigint,
  begunAt: number,
  attempts: ReadonlyArray<Attempt>
): void => {
  for (const attempt of attempts) {
    const start = spanTime(begunAt + Duration.toMillis(attempt.start))
    // The first one is begun just before the span of its own call.
    span.event("truce.attempt", start < span.status.startTime ? span.status.startTime : start, {
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

/** A short name of an error: what an HTTP client says of it, its tag, its class, or itself. */
export const nameOf = (error: unknown): string => {
  const http = httpNameOf(error)
  if (http !== undefined) return http
  if (typeof error === "object" && error !== null && "_tag" in error) return String(error._tag)
  if (error instanceof Error) return error.name
  return typeof error === "object" && error !== null ? classOf(error) : String(error)
}

const classOf = (error: object): string => {
  const { constructor } = error
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "Object"
}

/** No text of an error is longer in ours. */
const longest = 200

/** An error in few words, in one line: its name, and what it says. */
export const worded = (error: unknown): string => {
  const http = httpNameOf(error)
  if (http !== undefined) return http
  const name = nameOf(error)
  const said = saidBy(error)
  const text = Printable.shown(
    said === "" || said === name || said.startsWith(`${name}:`) ? said || name : `${name}: ${said}`
  )
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

const saidBy = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return String(error)
  const isTagged = "_tag" in error
  if ("message" in error && typeof error.message === "string") {
    // What Effect makes of an error of a schema that has no message: its data.
    return isTagged && error.message.startsWith("{") ? "" : error.message
  }
  if (isTagged) return ""
  try {
    // Circular, or with a number that JSON has not.
    return JSON.stringify(error) ?? ""
  } catch {
    return ""
  }
}

/** The error of a failed attempt, or the defect or interruption it ended by. */
export const errorOf = <E>(cause: Cause.Cause<E>): unknown =>
  Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause))
