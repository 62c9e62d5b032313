import type { Circuit } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Attempt } from "../Attempt.ts"
import { type CircuitOpen, isCircuitOpen } from "../CircuitOpen.ts"
import type { Called } from "../EventLog.ts"
import { isRetryExhausted } from "../RetryExhausted.ts"
import { inSpan } from "../platform/Spans.ts"
import type { Seen } from "./attempt.ts"
import type { Log } from "./Log.ts"
import * as Monotonic from "./monotonic.ts"
import { errorOf, nameOf, tellSpan } from "./trail.ts"

/** The attempts of a call that is told of. */
export interface Tally {
  attempts: number
  /** What its span will tell; `undefined` where it has none. */
  readonly trail: Array<Attempt> | undefined
}

/** A call that begins, while somebody listens. */
export const begun = (log: Log): Tally => ({ attempts: 1, trail: log.isTraced ? [] : undefined })

interface Call {
  readonly log: Log
  readonly seen: Seen
  readonly startedAt: number
  readonly tally: Tally
}

/** Tells how a call ended: who observes, and its span if calls have one. */
export const told = <A, E, R>(self: Effect.Effect<A, E, R>, call: Call): Effect.Effect<A, E, R> => {
  const { trail } = call.tally
  return trail === undefined
    ? Effect.onExit(self, (exit) => telling(exit, call))
    : inSpan(self, { name: "truce.call", attributes: { "truce.key": call.seen.key } }, (span, exit) =>
        telling(exit, call, (called, spanTime) => {
          tellSpan(span, spanTime, call.startedAt, trail)
          describe(span, called, exit, call.seen.view(called.at))
        })
      )
}

const telling = (
  exit: Exit.Exit<unknown, unknown>,
  { seen: { key }, log, startedAt, tally }: Call,
  then?: (called: typeof Called.Type, spanTime: (at: number) => bigint) => void
): Effect.Effect<void> =>
  Effect.withFiberRuntime((fiber) => {
    const at = Monotonic.nowOf(fiber)
    const called = { _tag: "Called", key, at, startedAt, attempts: tally.attempts, ...ended(exit) } as const
    log.tell(called)
    then?.(called, Monotonic.spanTimeOf(fiber))
    return Effect.void
  })

const describe = (
  span: Tracer.Span,
  { attempts, reason, result }: typeof Called.Type,
  exit: Exit.Exit<unknown, unknown>,
  circuit: Pick<Circuit.View, "status" | "score">
): void => {
  span.attribute("truce.call.result", result)
  if (reason !== undefined) span.attribute("truce.call.reason", reason)
  span.attribute("truce.call.attempts", attempts)
  span.attribute("truce.circuit.state", circuit.status)
  span.attribute("truce.health.score", circuit.score)
  if (Exit.isSuccess(exit) || result === "interrupted") return
  const error = errorOf(exit.cause)
  // That retries ended is the result; what they ended on is the error.
  span.attribute("error.type", nameOf(isRetryExhausted(error) ? error.lastError : error))
  if (isCircuitOpen(error)) describeRejection(span, error)
}

const describeRejection = (span: Tracer.Span, { retryAfter }: CircuitOpen): void => {
  const millis = Duration.toMillis(retryAfter)
  if (millis < Infinity) span.attribute("truce.circuit.retry_after_ms", millis)
}

const ended = (exit: Exit.Exit<unknown, unknown>): Pick<typeof Called.Type, "result" | "reason"> => {
  if (Exit.isSuccess(exit)) return { result: "success" }
  const { cause } = exit
  if (Cause.isDie(cause)) return { result: "defect" }
  const found = Cause.failureOption(cause)
  if (Option.isNone(found)) return { result: "interrupted" }
  const { value: error } = found
  if (isRetryExhausted(error)) return { result: "exhausted", reason: error.reason }
  if (isCircuitOpen(error)) return { result: "rejected" }
  return { result: "permanent" }
}
