import { type Duration, Effect, Schedule } from "effect"

export const dyingInAStep = (defect: unknown): Schedule.Schedule<unknown> =>
  Schedule.mapEffect(Schedule.forever, () => Effect.die(defect))

/** So many times, after delays that are asked for one by one. */
export const delayedBy = (count: number, delay: () => Duration.Duration): Schedule.Schedule<unknown> =>
  Schedule.intersect(Schedule.addDelay(Schedule.forever, delay), Schedule.recurs(count))
