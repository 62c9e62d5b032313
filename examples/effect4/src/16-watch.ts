// Watching: transitions for logs and alerts, changes of the score for graphs, explain for the reader of either.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, HealthScore, Truce } from "@truce/effect4"
import { Data, Effect, Fiber, Stream } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

let healthy = false
const dependency = Effect.suspend(() => (healthy ? Effect.succeed("Ada") : Effect.fail(new Timeout())))
const attempt = dependency.pipe(CircuitBreaker.execute({ key: "users-api", classify }), Effect.ignore)

// A stream hears what happens after it has started: these are started at once, not when this fiber gives way.
const forkNow = Effect.forkChild({ startImmediately: true })

const program = Effect.gen(function* () {
  const transitions = yield* CircuitBreaker.transitions.pipe(Stream.take(3), Stream.runCollect, forkNow)
  const changes = yield* HealthScore.changes.pipe(Stream.take(8), Stream.runCollect, forkNow)

  yield* Effect.repeat(attempt, { times: 5 })
  const why = yield* HealthScore.explain("users-api")
  healthy = true
  // Sends no probe itself: it waits for the calls that do.
  const closed = yield* Effect.forkChild(CircuitBreaker.awaitClosed("users-api"))
  yield* Effect.sleep("140 millis")
  yield* Effect.repeat(attempt, { times: 1 })
  yield* Fiber.join(closed)
  return { transitions: yield* Fiber.join(transitions), changes: yield* Fiber.join(changes), why }
})

const { changes, transitions, why } = await Effect.runPromise(
  program.pipe(Effect.provide(Truce.layer({ circuit: { openFor: "100 millis" } })))
)
console.log(why.text)
for (const { from, key, score, to } of transitions) console.log(`${key}: ${from} -> ${to} at ${score.toFixed(2)}`)

assert.deepEqual(
  transitions.map(({ from, to }) => `${from} -> ${to}`),
  ["Closed -> Open", "Open -> HalfOpen", "HalfOpen -> Closed"]
)
assert.deepEqual(
  changes.map(({ outcome }) => outcome),
  ["Failure", "Failure", "Failure", "Failure", "Failure", "Failure", "Success", "Success"]
)
