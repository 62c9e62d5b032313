// A circuit breaker without a retry: what one needs in front of a queue consumer or another retry library.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, HealthModel, HealthScore } from "@truce/effect4"
import { Data, Effect, Layer } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
const guarded = CircuitBreaker.execute({ key: "users-api", classify })

let reached = 0
let healthy = false
const dependency = Effect.suspend(() => {
  reached++
  return healthy ? Effect.succeed("Ada") : Effect.fail(new Timeout())
})

const program = Effect.gen(function* () {
  while ((yield* CircuitBreaker.state("users-api")).status === "Closed") yield* Effect.ignore(guarded(dependency))
  console.log(`opened after ${reached} attempts`)

  const rejected = yield* Effect.flip(guarded(dependency))
  console.log(rejected.message)

  healthy = true
  yield* Effect.sleep("260 millis")
  yield* guarded(dependency)
  const between = yield* CircuitBreaker.state("users-api")
  yield* guarded(dependency)
  const after = yield* CircuitBreaker.state("users-api")
  return { rejected: rejected._tag, statuses: [between.status, after.status], score: after.score }
})

// The breaker needs a score; which model it uses decides when the circuit opens.
const layer = CircuitBreaker.layer({ openFor: "200 millis" }).pipe(Layer.provide(HealthScore.layer()))
const result = await Effect.runPromise(Effect.provide(program, layer))
console.log(`after two good probes: ${result.statuses.join(", then ")}, score ${result.score.toFixed(2)}`)

assert.equal(reached, 8)
assert.deepEqual(result.statuses, ["HalfOpen", "Closed"])
assert.equal(result.rejected, "CircuitOpen")

// The same service as a value, here on another model.
const opened = Effect.gen(function* () {
  const breaker = yield* CircuitBreaker.make({ permits: 2 })
  const failing = guarded(Effect.fail(new Timeout())).pipe(
    Effect.provideService(CircuitBreaker.CircuitBreaker, breaker),
    Effect.ignore
  )
  yield* Effect.repeat(failing, { times: 1 })
  return (yield* breaker.state("users-api")).status
}).pipe(Effect.provide(HealthScore.layer({ model: HealthModel.consecutive({ failures: 2 }) })))
assert.equal(await Effect.runPromise(opened), "Open")
