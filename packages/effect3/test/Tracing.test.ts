import { RetryPolicy, Truce } from "@truce/effect3"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { type Event, recording } from "./platform/Spans.ts"
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
})

/** The events of the span around an effect; the clock goes on while it runs. */
const traced = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const events: Array<Event> = []
    const fiber = yield* Effect.fork(Effect.withTracer(Effect.withSpan(self, "call"), recording(events)))
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(fiber)
    return events
  })
