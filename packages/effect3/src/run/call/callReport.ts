import type { Circuit, Event, EventLog } from "@truce/core"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Attempt } from "../../Attempt.ts"
import { type CircuitOpen, isCircuitOpen } from "../../CircuitOpen.ts"
import { isRetryExhausted } from "../../RetryExhausted.ts"
import { inSpan } from "../../platform/Spans.ts"
import type { Seen } from "./attempt.ts"
import * as Monotonic from "../../platform/Monotonic.ts"
import { errorOf, nameOf, tellSpan } from "./trail.ts"

/** A call that is told of: to who observes, and to its span if calls have one. */
export class CallReport {
  attempts = 1
  /** What its span will tell; `undefined` where it has none. */
  readonly trail: Array<Attempt> | undefined
  private readonly log: EventLog.EventLog
  private readonly seen: Seen
  private readonly startedAt: number
  private isOver = false

  constructor(log: EventLog.EventLog, seen: Seen, startedAt: number) {
    this.log = log
    this.seen = seen
    this.startedAt = startedAt
    this.trail = log.isTraced ? [] : undefined
  }

  /** The whole call: in a span of its own, where calls have one. */
  around<A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const { seen, startedAt, trail } = this
    if (trail === undefined) return self
    return inSpan(self, { name: "truce.call", attributes: { "truce.key": seen.key } }, (span, exit) =>
      Effect.withFiberRuntime((fiber) => {
        const called = this.told(ended(exit), Monotonic.nowOf(fiber))
        tellSpan(span, Monotonic.spanTimeOf(fiber), startedAt, trail)
        describe(span, called, exit, seen.view(called.at))
        return Effect.void
      })
    )
  }

  /** What of the call is left: told of when it ends. */
  rest<A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.trail === undefined
      ? Effect.onExit(self, (exit) => Effect.map(Monotonic.now, (at) => this.over(ended(exit), at)))
      : self
  }

  /** It is over, as its end can be told without an exit. */
  over(how: How, at: number): void {
    if (this.trail === undefined && !this.isOver) this.told(how, at)
    this.isOver = true
  }

  private told(how: How, at: number): Event.Called {
    const { attempts, log, seen, startedAt } = this
    const called = { _tag: "Called", key: seen.key, at, startedAt, attempts, ...how } as const
    log.tell(called)
    return called
  }
}

type How = Pick<Event.Called, "result" | "reason">

const describe = (
  span: Tracer.Span,
  { attempts, reason, result }: Event.Called,
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

const ended = (exit: Exit.Exit<unknown, unknown>): Pick<Event.Called, "result" | "reason"> => {
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
