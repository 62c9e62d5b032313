import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const millis = (): number => Date.now()
const nanos = (): bigint => BigInt(Math.round(Date.now())) * 1_000_000n
const live = Clock.make()

/** A clock all of whose times are the date's, looked up at each reading: that of a test runner where it is faked. */
export const layer: Layer.Layer<never> = Layer.setClock({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: millis,
  currentTimeMillis: Effect.sync(millis),
  unsafeCurrentTimeNanos: nanos,
  currentTimeNanos: Effect.sync(nanos),
  sleep: (duration) => live.sleep(duration)
})
