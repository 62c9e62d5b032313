// What only Effect 4 has: a clock with a monotonic time of its own.
import { Truce } from "@truce/effect4"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { answering, classify, failing, key, on, scripted, steady } from "../support.ts"
import { type Event, recording } from "./Spans.ts"

const it = on(() => steady({ retry: { jitter: "none" } }))

describe("a span around a call", () => {
  it("is told when its attempts were, on the clock of spans, which is not the monotonic one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      const clock = yield* Clock.Clock
      const uptime = 5_000_000_000n - clock.monotonicTimeNanosUnsafe()
      const apart = changed(clock, {
        monotonicTimeNanos: Effect.map(clock.monotonicTimeNanos, (nanos) => nanos + uptime),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe() + uptime
      })
      const events: Array<Event> = []
      const fiber = yield* Truce.protect(scripted(Effect.delay(failing, "50 millis"), answering).effect, {
        key,
        classify
      }).pipe(
        Effect.provideService(Clock.Clock, apart),
        Effect.withSpan("call"),
        Effect.withTracer(recording(events)),
        Effect.forkChild
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      expect(events.map(({ at }) => at)).toEqual([1_000_000, 1_000_150])
    }))
})

/** A clock that differs from another in part. */
const changed = (clock: Clock.Clock, parts: Partial<Clock.Clock>): Clock.Clock => ({
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  sleep: (duration) => clock.sleep(duration),
  ...parts
})
