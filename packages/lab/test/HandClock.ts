import { Clock, Duration, Effect } from "effect"

/** A clock moved by hand: as `TestClock`, but it wakes one sleeper after the other without waiting for real time. */
export interface HandClock extends Clock.Clock {
  /** Moves on to a time, and lets who is woken on the way run. */
  readonly moveTo: (millis: number) => Effect.Effect<void>
  /** Moves on for as long as anybody sleeps. */
  readonly toTheEnd: Effect.Effect<void>
}

/** Lets fibers that are ready run; a woken one takes a few steps before it sleeps again. */
const settled = Effect.repeatN(Effect.yieldNow(), 12)

export const make = (): HandClock => {
  let now = 0
  const sleepers = new Map<() => void, number>()
  const nanos = () => BigInt(Math.round(now * 1_000_000))
  const next = (until: number): readonly [() => void, number] | undefined => {
    let first: readonly [() => void, number] | undefined
    for (const sleeper of sleepers)
      if (sleeper[1] <= until && (first === undefined || sleeper[1] < first[1])) first = sleeper
    return first
  }
  const moveTo = (end: number) =>
    Effect.gen(function* () {
      while (true) {
        yield* settled
        const sleeper = next(end)
        if (sleeper === undefined) break
        now = Math.max(now, sleeper[1])
        sleepers.delete(sleeper[0])
        sleeper[0]()
      }
      if (end !== Infinity) now = end
    })
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    currentTimeMillis: Effect.sync(() => now),
    unsafeCurrentTimeNanos: nanos,
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const wake = () => resume(Effect.void)
        if (Duration.toMillis(duration) === 0) return wake()
        sleepers.set(wake, now + Duration.toMillis(duration))
        return Effect.sync(() => sleepers.delete(wake))
      }),
    moveTo,
    toTheEnd: moveTo(Infinity)
  }
}
