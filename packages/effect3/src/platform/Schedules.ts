import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"

/** A schedule that never fails. */
export type Of<Out, In = unknown, R = never> = Schedule.Schedule<Out, In, R>

export const provided = <Out, In, R>(schedule: Of<Out, In, R>, context: Context.Context<R>): Of<Out, In> =>
  Schedule.provideContext(schedule, context)

/** One without end, by its delays in milliseconds. */
export const delaying = <S>(
  initial: S,
  next: (at: S) => Effect.Effect<readonly [delayMillis: number, S]>
): Of<Duration.Duration> =>
  Schedule.makeWithState(initial, (now, _, at) =>
    Effect.map(next(at), ([delayMillis, after]) => [
      after,
      Duration.millis(delayMillis),
      ScheduleDecision.continueWith(ScheduleInterval.after(now + delayMillis))
    ])
  )

export const times = <Out, In>(schedule: Of<Out, In>, most: number): Of<unknown, In> =>
  Schedule.intersect(schedule, Schedule.recurs(most))

/** The delays one by one, each for what it is told; none where the schedule ends. */
export const delays = <In>(
  schedule: Of<unknown, In>
): Effect.Effect<(input: In) => Effect.Effect<Option.Option<Duration.Duration>>> =>
  Effect.map(
    // A driver sleeps by itself; here the delay must be known first, so the schedule tells it and waits for nothing.
    Schedule.driver(Schedule.modifyDelay(Schedule.delays(schedule), () => Duration.zero)),
    (driver) => (input) => Effect.option(driver.next(input))
  )

export const retryAfter: {
  <E>(
    wish: (error: E) => Duration.DurationInput | undefined
  ): <Out, R>(self: Schedule.Schedule<Out, E, R>) => Schedule.Schedule<Out, E, R>
  <Out, In, R, E extends In>(
    self: Schedule.Schedule<Out, In, R>,
    wish: (error: E) => Duration.DurationInput | undefined
  ): Schedule.Schedule<Out, E, R>
} = dual(2, <Out, E, R>(self: Schedule.Schedule<Out, E, R>, wish: (error: E) => Duration.DurationInput | undefined) =>
  Schedule.intersect(self, Schedule.identity<E>()).pipe(
    Schedule.modifyDelay(([, error], delay) => Duration.max(delay, wish(error) ?? Duration.zero)),
    Schedule.map(([out]) => out)
  )
)
