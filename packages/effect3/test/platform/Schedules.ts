import { type Duration, Effect, Schedule } from "effect"

export const dyingInAStep = (defect: unknown): Schedule.Schedule<unknown> =>
  Schedule.mapEffect(Schedule.forever, () => Effect.die(defect))

/** So many times, after delays that are asked for one by one. */
export const delayedBy = (count: number, delay: () => Duration.Duration): Schedule.Schedule<unknown> =>
  Schedule.intersect(Schedule.addDelay(Schedule.forever, delay), Schedule.recurs(count))

/** A schedule that ends after a total time. */
export const within = <A, In, R>(
  self: Schedule.Schedule<A, In, R>,
  total: Duration.DurationInput
): Schedule.Schedule<A, In, R> => Schedule.upTo(self, total)

/** A schedule that goes on while its inputs are met by a predicate. */
export const whileInput = <A, In, R, R2>(
  self: Schedule.Schedule<A, unknown, R>,
  predicate: (input: In) => Effect.Effect<boolean, never, R2>
): Schedule.Schedule<A, In, R | R2> => Schedule.whileInputEffect(self, predicate)

/** A schedule that tells of each of its inputs. */
export const tapInput = <A, In, R>(
  self: Schedule.Schedule<A, unknown, R>,
  tell: (input: In) => Effect.Effect<unknown>
): Schedule.Schedule<A, In, R> => Schedule.tapInput(self, tell)

/** The first outputs of a schedule, without waiting. */
export const outputs = <A, R>(
  self: Schedule.Schedule<A, unknown, R>,
  count: number
): Effect.Effect<ReadonlyArray<A>, never, R> =>
  Effect.map(Schedule.run(self, 0, Array.from({ length: count })), (all) => [...all])
