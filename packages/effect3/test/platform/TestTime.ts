import { Chunk, Clock, Duration, Effect, type TestClock } from "effect"

interface Sleep {
  readonly at: number
  readonly wake: () => void
}

/** All that is ready has run: microtasks come before it. */
const ready = Effect.repeatN(
  Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void))),
  1
)

/** `TestClock` of Effect 3, but for the milliseconds of real time that it waits before each step. */
const stepping = (): TestClock.TestClock => {
  let now = 0
  let sleeps: ReadonlyArray<Sleep> = []
  const nanos = () => BigInt(Math.floor(now * 1e6))
  const until = (end: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const next = Math.min(...sleeps.map(({ at }) => at))
      if (next > end) {
        now = end
        return Effect.void
      }
      now = Math.max(now, next)
      const due = sleeps.filter(({ at }) => at <= now)
      sleeps = sleeps.filter(({ at }) => at > now)
      for (const { wake } of due) wake()
      return Effect.zipRight(ready, until(end))
    })
  const passed = (end: () => number) =>
    Effect.zipRight(
      ready,
      Effect.suspend(() => until(end()))
    )
  const adjust = (duration: Duration.DurationInput) => passed(() => now + Duration.toMillis(duration))
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async((resume) => {
        const millis = Duration.toMillis(duration)
        const sleep = { at: now + millis, wake: () => resume(Effect.void) }
        if (!(millis > 0)) return sleep.wake()
        sleeps = [...sleeps, sleep]
        return Effect.sync(() => {
          sleeps = sleeps.filter((other) => other !== sleep)
        })
      }),
    adjust,
    adjustWith: (duration) => (self) => Effect.zipLeft(self, adjust(duration), { concurrent: true }),
    setTime: (millis) => passed(() => millis),
    save: Effect.sync(() => {
      const saved = { now, sleeps }
      return Effect.sync(() => {
        now = saved.now
        sleeps = saved.sleeps
      })
    }),
    sleeps: Effect.sync(() => Chunk.fromIterable(sleeps.map(({ at }) => at)))
  }
}

/** Runs an effect on a clock that starts at 0, with how to let time pass on it: all that is ready at each moment runs. */
export const passing = <A, E, R>(
  use: (passed: (millis: number) => Effect.Effect<void>, clock: Clock.Clock) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const clock = stepping()
    return Effect.withClock(
      use((millis) => clock.adjust(millis), clock),
      clock
    )
  })

/** Runs on a test clock of its own, which takes no real time. */
export const onTestClock = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.withClock(self, stepping()))
