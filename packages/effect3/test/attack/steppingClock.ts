import { Clock, Duration, Effect } from "effect"
import { settled } from "../support.ts"

interface Sleep {
  readonly at: number
  readonly wake: () => void
}

/**
 * A clock that stops at each sleep that ends on its way. `TestClock` of Effect 3 jumps to the end, and waits of real time before that: what
 * needs a thousand histories has no time for it.
 */
export const make = () => {
  let now = 0
  let sleeps: ReadonlyArray<Sleep> = []
  const nanos = () => BigInt(Math.round(now * 1e6))
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async((resume) => {
        const sleep = { at: now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        sleeps = [...sleeps, sleep]
        return Effect.sync(() => {
          sleeps = sleeps.filter((other) => other !== sleep)
        })
      })
  }
  const until = (end: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const next = Math.min(...sleeps.map(({ at }) => at))
      now = Math.min(end, next)
      if (next > end) return Effect.void
      const due = sleeps.filter(({ at }) => at <= now)
      sleeps = sleeps.filter(({ at }) => at > now)
      for (const { wake } of due) wake()
      return Effect.zipRight(Effect.repeatN(settled, 2), until(end))
    })
  return {
    clock,
    /** Lets time pass, and runs all that is ready at each moment. */
    passed: (millis: number): Effect.Effect<void> =>
      Effect.zipRight(
        Effect.repeatN(settled, 2),
        Effect.suspend(() => until(now + millis))
      )
  }
}
