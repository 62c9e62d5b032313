import { CircuitBreaker, HealthModel, Truce } from "@truce/effect3"
import { FakeTimers } from "@truce/effect3/testing"
import { Effect, Exit, Layer, ManagedRuntime } from "effect"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { answering, classify, failing, key } from "../support.ts"

// Fibers go on by immediates and microtasks: those must not stand still.
beforeEach(
  () => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] })
)
afterEach(() => void vi.useRealTimers())

const opened = async <R>(layer: Layer.Layer<Truce.Services | R>) => {
  const runtime = ManagedRuntime.make(layer)
  await runtime.runPromise(Effect.exit(CircuitBreaker.execute(failing, { key, classify })))
  expect((await runtime.runPromise(CircuitBreaker.state(key))).status).toBe("Open")
  return runtime
}

const truce = Truce.layer({
  several: true,
  model: HealthModel.consecutive({ failures: 1 }),
  circuit: { openTimes: ["30 seconds"], openJitter: 0 }
})

describe("under the fake timers of a runner", () => {
  it("an open time ends, and a call that waits for it goes on", async () => {
    const runtime = await opened(Layer.provideMerge(truce, FakeTimers.layer))
    const waiting = runtime.runPromiseExit(
      Truce.protect(answering, { key, classify, retry: { whenOpen: "wait", deadline: "1 minute" } })
    )
    await vi.advanceTimersByTimeAsync(29_000)
    expect((await runtime.runPromise(CircuitBreaker.state(key))).status).toBe("Open")
    await vi.advanceTimersByTimeAsync(1_000)
    expect(Exit.isSuccess(await waiting)).toBe(true)
    expect((await runtime.runPromise(CircuitBreaker.state(key))).status).toBe("HalfOpen")
    await runtime.dispose()
  })
})
