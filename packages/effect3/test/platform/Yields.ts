import { Effect, Scheduler } from "effect"

const scheduler = new Scheduler.MixedScheduler(2_048)

/** Runs fibers that yield before an operation where `isTime` says so, and nowhere else. */
export const yieldingWhen =
  (isTime: () => boolean) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withScheduler(
      self,
      Scheduler.make(
        (task, priority, fiber) => scheduler.scheduleTask(task, priority, fiber),
        () => (isTime() ? 0 : false)
      )
    )
