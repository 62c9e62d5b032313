/**
 * Circuits under the fake timers of a test runner (`vi.useFakeTimers`, `jest.useFakeTimers`, `@sinonjs/fake-timers`).
 *
 * Those move `setTimeout` and `Date`, and so Effect's sleeps and wall clock. A circuit lives by the monotonic clock, which they do not
 * reach: without this an open time never ends, however far the runner's time is moved. Where a test can, Effect's own `TestClock` and
 * `Advance` are better.
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import * as DateClock from "../platform/DateClock.ts"

/**
 * Provides a clock that goes by the runner's faked `Date`, to put under `Truce.layer` and the program. Leave `setImmediate` and
 * `queueMicrotask` out of what is faked (`vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })`): fibers go on by them.
 *
 * Its time jumps where the runner sets the date back or forth: a date set back is a monotonic clock that goes back.
 *
 * **Example** (An open time that the runner's time ends)
 *
 * ```ts
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import { FakeTimers, Forced } from "@truce/effect3/testing"
 * import { Effect, Layer, ManagedRuntime } from "effect"
 *
 * const runtime = ManagedRuntime.make(Truce.layer().pipe(Layer.provideMerge(FakeTimers.layer)))
 * await runtime.runPromise(Forced.set("users-api", { state: "Open", admitsIn: "30 seconds" }))
 * // await vi.advanceTimersByTimeAsync(30_000)
 * const state = await runtime.runPromise(CircuitBreaker.state("users-api"))
 * state.status // => "Open"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = DateClock.layer
