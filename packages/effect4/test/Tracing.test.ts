import { RetryPolicy, Truce } from "@truce/effect4"
import { Clock, type Context, Effect, Fiber, Layer, type Option, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { type ApiError, answering, classify, failing, key, missing, on, scripted, steady } from "./support.ts"

const it = on(() => Layer.merge(steady(), RetryPolicy.layer({ jitter: "none" })))

describe("a span around a call", () => {
  it("gets an event for each attempt, with what is known of it", () =>
    Effect.gen(function* () {
      const { effect } = scripted(Effect.delay(failing, "50 millis"), answering)
      const events = yield* traced(Truce.protect(effect, { key, classify }))
      const common = { "truce.key": key, "truce.circuit.state": "Closed" }
      expect(events).toMatchObject([
        {
          name: "truce.attempt",
          at: 0,
          attributes: {
            ...common,
            "truce.attempt.number": 0,
            "truce.attempt.outcome": "Failure",
            "truce.attempt.duration_ms": 50,
            "truce.attempt.delay_ms": 0,
            "error.type": "Timeout"
          }
        },
        {
          name: "truce.attempt",
          at: 150,
          attributes: { ...common, "truce.attempt.outcome": "Success", "truce.attempt.delay_ms": 100 }
        }
      ])
    }))

  it("gets none for a call that succeeds at once", () =>
    Effect.gen(function* () {
      expect(yield* traced(Truce.protect(answering, { key, classify }))).toEqual([])
    }))

  it("gets one for the permanent error that ended a call", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, missing)
      const events = yield* traced(Effect.exit(Truce.protect(effect, { key, classify })))
      expect(events.map(({ attributes }) => attributes["error.type"])).toEqual(["Timeout", "NotFound"])
    }))

  it("gets the same from a retry alone", () =>
    Effect.gen(function* () {
      const { effect } = scripted(failing, missing)
      const events = yield* traced(Effect.exit(RetryPolicy.retry(effect, { key, classify })))
      expect(events.map(({ at, attributes }) => [at, attributes["error.type"]])).toEqual([
        [0, "Timeout"],
        [100, "NotFound"]
      ])
    }))

  it("gets the attempts of a call that was interrupted in its sleep", () =>
    Effect.gen(function* () {
      const { effect } = scripted<string, ApiError, never>(failing, failing, Effect.never)
      const call = Effect.timeoutOption(Truce.protect(effect, { key, classify }), "200 millis")
      const events = yield* traced(call)
      expect(events.map(({ at }) => at)).toEqual([0, 100])
    }))

  it("is told when its attempts were, on the clock of spans, which is not the monotonic one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      const clock = yield* Clock.Clock
      const uptime = 5_000_000_000n - clock.monotonicTimeNanosUnsafe()
      const apart: Clock.Clock = {
        currentTimeMillis: clock.currentTimeMillis,
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
        currentTimeNanos: clock.currentTimeNanos,
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
        monotonicTimeNanos: Effect.map(clock.monotonicTimeNanos, (nanos) => nanos + uptime),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe() + uptime,
        sleep: (duration) => clock.sleep(duration)
      }
      const call = Truce.protect(scripted(Effect.delay(failing, "50 millis"), answering).effect, { key, classify })
      const times = (self: typeof call) =>
        Effect.map(traced(Effect.provideService(self, Clock.Clock, apart)), (events) => events.map(({ at }) => at))
      expect(yield* times(call)).toEqual([1_000_000, 1_000_150])
    }))
})

interface Event {
  readonly name: string
  readonly at: number
  readonly attributes: { readonly [name: string]: unknown }
}

/** The events of the span around an effect; the clock goes on while it runs. */
const traced = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const events: Array<Event> = []
    const tracer = Tracer.make({ span: (options) => new Recorded(options, events) })
    const fiber = yield* Effect.forkChild(Effect.withTracer(Effect.withSpan(self, "call"), tracer))
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(fiber)
    return events
  })

class Recorded implements Tracer.Span {
  readonly _tag = "Span"
  readonly spanId = "1"
  readonly traceId = "1"
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly status: Tracer.SpanStatus
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: ReadonlyArray<Tracer.SpanLink>
  readonly kind: Tracer.SpanKind
  readonly name: string
  private readonly events: Array<Event>

  constructor(start: Parameters<Tracer.Tracer["span"]>[0], events: Array<Event>) {
    this.name = start.name
    this.parent = start.parent
    this.annotations = start.annotations
    this.links = start.links
    this.kind = start.kind
    this.status = { _tag: "Started", startTime: start.startTime }
    this.events = events
  }

  end(): void {}
  attribute(): void {}
  addLinks(): void {}
  event(name: string, startTime: bigint, attributes: { readonly [name: string]: unknown } = {}): void {
    this.events.push({ name, at: Number(startTime) / 1_000_000, attributes })
  }
}
