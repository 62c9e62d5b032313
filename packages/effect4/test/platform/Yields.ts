import { Effect, Scheduler } from "effect"

/** Runs fibers that yield before an operation where `isTime` says so, and nowhere else. */
export const yieldingWhen =
  (isTime: () => boolean) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    class Yielding extends Scheduler.MixedScheduler {
      override shouldYield(): boolean {
        return isTime()
      }
    }
    return Effect.provideService(self, Scheduler.Scheduler, new Yielding())
  }
