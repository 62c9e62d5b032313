// The order that most breakers recommend, for comparison: the breaker sees one outcome where the dependency saw three requests.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, HealthModel, RetryPolicy, Truce } from "@truce/effect3"
import { Data, Effect, Schedule } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const key = "users-api"
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
const schedule = RetryPolicy.exponential({ base: "1 millis" }).pipe(Schedule.intersect(Schedule.recurs(2)))

let sent = 0
const down = Effect.suspend(() => {
  sent++
  return Effect.fail(new Timeout())
})

const around = down.pipe(
  Effect.retry({ schedule, while: classify.isRetriable }),
  CircuitBreaker.execute({ key, classify })
)
const inside = Truce.protect(down, { key, classify, retry: { base: "1 millis" } })

/** Requests until the circuit opens: it is to open at 5 failures. */
const absorbed = <E>(call: Effect.Effect<never, E, Truce.Services>) =>
  Effect.gen(function* () {
    sent = 0
    while ((yield* CircuitBreaker.state(key)).status === "Closed") yield* Effect.ignore(call)
    return sent
  }).pipe(Effect.provide(Truce.layer({ model: HealthModel.consecutive({ failures: 5 }) })))

const [fused, each] = await Effect.runPromise(Effect.all([absorbed(around), absorbed(inside)]))
console.log(`breaker around retry   ${fused} requests until it opens`)
console.log(`retry around breaker   ${each}`)

assert.deepEqual([fused, each], [15, 5])
