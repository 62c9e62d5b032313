import * as Effect from "effect/Effect"
import * as Reference from "../../platform/Reference.ts"
import * as Monotonic from "../../platform/Monotonic.ts"

/** When retrying is over for all calls of a fiber and of those it forks, in ms on the monotonic clock; `undefined` for never. */
const current: Reference.Reference<number | undefined> = Reference.make<number | undefined>(
  "@truce/effect3/Deadline",
  () => undefined
)

/** Ends the retries of all calls inside after so long, or when one around it does. */
export const within = <A, E, R>(self: Effect.Effect<A, E, R>, millis: number): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) => {
    const outer = fiber.getFiberRef(current) ?? Infinity
    return Effect.locally(self, current, Math.min(outer, Monotonic.nowOf(fiber) + millis))
  })

/** The time from `begunAt` to the deadline in force, if there is one. */
export const asOf = (begunAt: number): Effect.Effect<number | undefined> =>
  Effect.withFiberRuntime((fiber) => {
    const deadline = fiber.getFiberRef(current)
    return Effect.succeed(deadline === undefined ? undefined : deadline - begunAt)
  })
