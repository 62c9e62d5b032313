import { type Duration, Effect, Schedule } from "effect"

export const dyingInAStep = (defect: unknown): Schedule.Schedule<unknown> =>
  Schedule.map(Schedule.forever, () => Effect.die(defect))

/** So many times, after delays that are asked for one by one. */
export const delayedBy = (count: number, delay: () => Duration.Duration): Schedule.Schedule<unknown> =>
  Schedule.upTo(
    Schedule.addDelay(Schedule.forever, () => Effect.sync(delay)),
    { times: count }
  )

/** A schedule that ends after a total time. */
export const within = <A, In, E, R>(
  self: Schedule.Schedule<A, In, E, R>,
  total: Duration.Input
): Schedule.Schedule<A, In, E, R> => Schedule.upTo(self, { duration: total })

/** A schedule that goes on while its inputs are met by a predicate. */
export const whileInput = <A, In, E, R, R2>(
  self: Schedule.Schedule<A, unknown, E, R>,
  predicate: (input: In) => Effect.Effect<boolean, never, R2>
): Schedule.Schedule<A, In, E, R | R2> =>
  self.pipe(
    Schedule.setInputType<In>(),
    Schedule.while(({ input }) => predicate(input))
  )

/** A schedule that tells of each of its inputs. */
export const tapInput = <A, In, E, R>(
  self: Schedule.Schedule<A, unknown, E, R>,
  tell: (input: In) => Effect.Effect<unknown>
): Schedule.Schedule<A, In, E, R> =>
  self.pipe(
    Schedule.setInputType<In>(),
    Schedule.tap(({ input }) => tell(input))
  )

/** The first outputs of a schedule, without waiting. */
export const outputs = <A, R>(self: Schedule.Schedule<A, unknown, never, R>, count: number) =>
  Effect.gen(function* () {
    const step = yield* Schedule.toStep(self)
    return yield* Effect.replicateEffect(
      Effect.map(step(0, undefined), ([output]) => output),
      count
    )
  })
