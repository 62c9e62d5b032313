import { Effect } from "effect"
import { TestClock } from "effect/testing"

/** Runs on a test clock of its own, which takes no real time. */
export const onTestClock = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provide(self, TestClock.layer())
