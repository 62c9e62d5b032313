import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const millis = (): number => Date.now()
const nanos = (): bigint => BigInt(Math.round(Date.now())) * 1_000_000n
const live = Clock.Clock.defaultValue()

/** A clock all of whose times are the date's, looked up at each reading: that of a test runner where it is faked. */
export const layer: Layer.Layer<never> = Layer.succeed(Clock.Clock, {
  currentTimeMillisUnsafe: millis,
  currentTimeMillis: Effect.sync(millis),
  currentTimeNanosUnsafe: nanos,
  currentTimeNanos: Effect.sync(nanos),
  monotonicTimeNanosUnsafe: nanos,
  monotonicTimeNanos: Effect.sync(nanos),
  sleep: (duration) => live.sleep(duration)
})
