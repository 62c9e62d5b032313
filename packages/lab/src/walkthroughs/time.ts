/** Flaws of the seed's time: it sleeps in a thread, and reads a clock that can be set. */
import { HealthModel, RetryBudget } from "@truce/core"
import * as Classifier from "@truce/effect3/Classifier"
import * as CircuitBreaker from "@truce/effect3/CircuitBreaker"
import * as Truce from "@truce/effect3/Truce"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import * as SeedBreaker from "../designs/SeedBreaker.ts"
import type { Shown, Walkthrough } from "../Walkthrough.ts"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const threads = 10
const everyMillis = 100
/** Two sleeps of a second and of two, without their spread; the attempts fail at once. */
const heldMillis = 3_000

const waited = (millis: number): Shown["text"] =>
  `${threads} calls to a dead dependency wait for their retries; a call to a healthy one is answered after ${millis} ms`

export const blockingSleep: Walkthrough = {
  name: "blocking-sleep",
  title: "Calls that sleep hold the threads that healthy calls need",
  claim: "A retry sleeps in the thread of its caller: a pool is asleep long before five calls have failed.",
  truce: "A fiber that waits for its retry holds no thread and no permit.",
  seed: Effect.sync(() => {
    const breaker = SeedBreaker.make(false)
    const free = Array.from({ length: threads }, (_, call) => call * everyMillis + heldMillis)
    const now = threads * everyMillis
    const answeredAt = Math.max(now, Math.min(...free))
    const failed = free.filter((at) => at <= now).length
    for (let call = 0; call < failed; call++) SeedBreaker.onFailure(breaker, now)
    return {
      happens: answeredAt > now,
      text: waited(answeredAt - now),
      steps: [
        `from 0 ms on a call each ${everyMillis} ms, ${threads} threads; each call sleeps for ${heldMillis} ms in its thread`,
        `${now} ms: ${free.length - failed} threads asleep, ${failed} calls failed, ${breaker.state}`,
        `${now} ms: a call to a healthy dependency comes`,
        `${answeredAt} ms: the first thread is free and answers it`
      ]
    }
  }),
  sound: Effect.gen(function* () {
    const call = (key: string, answer: Effect.Effect<void, Timeout>) =>
      answer.pipe(
        Truce.protect({ key, classify, retry: { base: "1 second", jitter: "none" } }),
        Effect.zipRight(Clock.currentTimeMillis)
      )
    const calls: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    for (let count = 0; count < threads; count++) {
      calls.push(yield* Effect.fork(call("dead", Effect.fail(new Timeout()))))
      yield* TestClock.adjust(everyMillis)
    }
    const now = yield* Clock.currentTimeMillis
    const asleep = (yield* Effect.forEach(calls, Fiber.poll)).filter(({ _tag }) => _tag === "None").length
    const answeredAt = yield* call("healthy", Effect.void)
    yield* Fiber.interruptAll(calls)
    return {
      happens: answeredAt > now,
      text: waited(answeredAt - now),
      steps: [
        `from 0 ms on a call each ${everyMillis} ms, one thread`,
        `${now} ms: ${asleep} calls asleep`,
        `${now} ms: a call to a healthy dependency comes`,
        `${answeredAt} ms: it is answered`
      ]
    }
  }).pipe(
    Effect.orDie,
    // So patient that neither the circuit nor the budget ends a call that sleeps.
    Effect.provide(
      Truce.layer({ model: HealthModel.consecutive({ failures: 1_000 }), budget: RetryBudget.unlimited() })
    ),
    Effect.provide(TestContext.TestContext)
  )
}

const hour = 3_600_000
const openMillis = 30_000

/** What the steps ask: when it admits after the wall clock was set, by how much and how long after the opening. */
const judged = (admits: (passedMillis: number, setBy: number) => boolean): Shown => {
  const after = (setBy: number): number => {
    const asks = [1_000, openMillis - 1, openMillis + 1, hour, hour + openMillis + 1]
    return asks.find((passed) => admits(passed, setBy)) ?? Infinity
  }
  const [back, ahead] = [after(-hour), after(hour)]
  const told = (millis: number): string => `${millis / 1_000} s`
  const steps = [
    `opened for ${told(openMillis)}`,
    `the clock is set back by an hour: admits ${told(back)} after the opening`,
    `the clock is set forward by an hour: admits ${told(ahead)} after the opening`
  ]
  return {
    happens: back !== openMillis + 1 || ahead !== openMillis + 1,
    text: `an open time of ${told(openMillis)} lasts ${told(back)} when the clock is set back by an hour, ${told(ahead)} when it is set forward`,
    steps
  }
}

export const wallClock: Walkthrough = {
  name: "wall-clock",
  title: "Who sets the clock moves the circuit",
  claim: "The open time is measured by the time of day, which NTP or an operator may set.",
  truce: "Only the monotonic clock is read.",
  seed: Effect.sync(() =>
    judged((passed, setBy) => {
      const noon = 12 * hour
      const breaker = SeedBreaker.make(false)
      for (let failed = 0; failed < breaker.threshold; failed++) SeedBreaker.onFailure(breaker, noon)
      return SeedBreaker.passes(breaker, noon + setBy + passed)
    })
  ),
  sound: Effect.sync(() =>
    judged((passed, setBy) => {
      const time = { wall: 12 * hour, monotonic: 0 }
      const nanos = () => BigInt(time.monotonic) * 1_000_000n
      const clock: Clock.Clock = {
        [Clock.ClockTypeId]: Clock.ClockTypeId,
        unsafeCurrentTimeMillis: () => time.wall,
        currentTimeMillis: Effect.sync(() => time.wall),
        unsafeCurrentTimeNanos: nanos,
        currentTimeNanos: Effect.sync(nanos),
        sleep: () => Effect.void
      }
      const execute = CircuitBreaker.execute({ key: "api", classify })
      const program = Effect.gen(function* () {
        yield* Effect.repeatN(Effect.ignore(execute(Effect.fail(new Timeout()))), 4)
        time.wall += setBy + passed
        time.monotonic += passed
        return (yield* Effect.either(execute(Effect.void)))._tag === "Right"
      })
      const truce = Truce.layer({
        model: HealthModel.consecutive({ failures: 5 }),
        circuit: { openFor: openMillis, openJitter: 0 }
      })
      return Effect.runSync(program.pipe(Effect.provide(truce), Effect.withClock(clock)))
    })
  )
}
