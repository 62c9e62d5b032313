// The breaker inside a retry of your own: `Truce.call` tells the breaker which attempts belong to one caller.
import assert from "node:assert/strict"
import { CallContext, CircuitBreaker, Classifier, HealthScore, RetryPolicy, Truce } from "@truce/effect4"
import { Data, Effect, Schedule } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const down: Effect.Effect<string, Timeout> = Effect.fail(new Timeout())
const schedule = RetryPolicy.exponential({ base: "1 millis" }).pipe(Schedule.upTo({ times: 2 }))

const retried = (key: string) =>
  down.pipe(CircuitBreaker.execute({ key, classify }), Effect.retry({ schedule, while: classify.isRetriable }))

const program = Effect.gen(function* () {
  // With the call opened, the attempts weigh 1, 1/2, 1/4: they are one caller's.
  const numbers = yield* retried("one-caller").pipe(
    Effect.ignore,
    Effect.andThen(CallContext.trail),
    Effect.map((trail) => trail.map((attempt) => attempt.number)),
    Truce.call
  )
  // Without it each counts in full, as if three callers had failed.
  yield* Effect.ignore(retried("three-callers"))
  const one = yield* HealthScore.get("one-caller")
  const three = yield* HealthScore.get("three-callers")
  return { numbers, one: one.score, three: three.score }
})

const { numbers, one, three } = await Effect.runPromise(program.pipe(Effect.provide(Truce.layer())))
console.log(`attempts ${numbers.join(", ")}: score ${one.toFixed(2)} as one call, ${three.toFixed(2)} without`)

assert.deepEqual(numbers, [0, 1, 2])
assert.ok(one > 0.6 && three < 0.5)
