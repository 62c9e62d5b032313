import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"

/** A schedule that never fails. */
export type Of<Out, In = unknown, R = never> = Schedule.Schedule<Out, In, never, R>

export const provided = <Out, In, R>(schedule: Of<Out, In, R>, context: Context.Context<R>): Of<Out, In> =>
  Schedule.fromStep(
    Effect.map(
      Effect.provideContext(Schedule.toStep(schedule), context),
      (step) => (now, input: In) => Effect.provideContext(step(now, input), context)
    )
  )

/** One without end, by its delays in milliseconds. */
export const delaying = <S>(
  initial: S,
  next: (at: S) => Effect.Effect<readonly [delayMillis: number, S]>
): Of<Duration.Duration> =>
  Schedule.fromStep(
    Effect.sync(() => {
      let at = initial
      return () =>
        Effect.map(
          Effect.suspend(() => next(at)),
          ([delayMillis, after]) => {
            at = after
            const delay = Duration.millis(delayMillis)
            return [delay, delay]
          }
        )
    })
  )

export const times = <Out, In>(schedule: Of<Out, In>, most: number): Of<unknown, In> =>
  Schedule.upTo(schedule, { times: most })

/** The delays one by one, each for what it is told; none where the schedule ends. */
export const delays = <In>(
  schedule: Of<unknown, In>
): Effect.Effect<(input: In) => Effect.Effect<Option.Option<Duration.Duration>>> =>
  Effect.map(
    Schedule.toStep(schedule),
    (step) => (input) =>
      Effect.flatMap(Clock.currentTimeMillis, (wall) =>
        Effect.option(Effect.map(step(wall, input), ([, delay]) => delay))
      )
  )

export const retryAfter: {
  <E>(
    wish: (error: E) => Duration.Input | undefined
  ): <Out, Error, R>(self: Schedule.Schedule<Out, E, Error, R>) => Schedule.Schedule<Out, E, Error, R>
  <Out, In, Error, R, E extends In>(
    self: Schedule.Schedule<Out, In, Error, R>,
    wish: (error: E) => Duration.Input | undefined
  ): Schedule.Schedule<Out, E, Error, R>
} = dual(
  2,
  <Out, E, Error, R>(
    self: Schedule.Schedule<Out, E, Error, R>,
    wish: (error: E) => Duration.Input | undefined
  ): Schedule.Schedule<Out, E, Error, R> =>
    Schedule.modifyDelay(self, ({ duration, input }) =>
      Effect.succeed(Duration.max(duration, Duration.fromInputUnsafe(wish(input) ?? 0)))
    )
)
