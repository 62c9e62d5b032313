// A dependency that falls over again under all of its traffic: slow start gives it a growing share instead.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, HealthModel, Truce } from "@truce/effect4"
import { Advance } from "@truce/effect4/testing"
import { Data, Effect, Exit, Layer } from "effect"
import { TestClock } from "effect/testing"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

let healthy = true
const dependency = Effect.suspend(() => (healthy ? Effect.succeed("Ada") : Effect.fail(new Timeout())))
const attempt = Effect.exit(dependency.pipe(CircuitBreaker.execute({ key: "users-api", classify })))
const admitted = Effect.map(
  Effect.all(Array.from({ length: 100 }, () => attempt)),
  (exits) => exits.filter((exit) => Exit.isSuccess(exit)).length
)

const tripAndRecover = Effect.gen(function* () {
  healthy = false
  yield* Effect.repeat(attempt, { times: 5 })
  healthy = true
  yield* Advance.untilAdmits("users-api")
  // Two good probes close the circuit.
  yield* Effect.repeat(attempt, { times: 1 })
  return yield* admitted
})

const program = Effect.gen(function* () {
  const first = yield* tripAndRecover
  // The second trip comes soon after the close.
  const second = yield* tripAndRecover
  const { cause } = yield* CircuitBreaker.explain("users-api")
  yield* TestClock.adjust("5 seconds")
  const later = yield* admitted
  yield* TestClock.adjust("5 seconds")
  return { first, second, cause, later, last: yield* admitted }
})

const truce = Truce.layer({
  model: HealthModel.consecutive({ failures: 5 }),
  circuit: { slowStart: { rampFor: "10 seconds", initialShare: 0.1 } }
})
const result = await Effect.runPromise(program.pipe(Effect.provide(Layer.merge(truce, TestClock.layer()))))
console.log(`of 100 attempts: ${result.first}, then ${result.second}, ${result.later}, ${result.last}; ${result.cause}`)

assert.deepEqual([result.first, result.last], [100, 100])
assert.ok(Math.abs(result.second - 10) <= 1)
assert.ok(Math.abs(result.later - 50) <= 1)
assert.equal(result.cause, "closed for 0 ms, in slow start: admits 10 % of the attempts, and all in 10 s")
