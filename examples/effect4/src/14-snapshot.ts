// Circuits as plain JSON: a deployment, or a serverless function, goes on where the one before it stopped.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect4"
import { Data, type Duration, Effect } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const attempt = Effect.fail(new Timeout()).pipe(CircuitBreaker.execute({ key: "users-api", classify }))

const before = Effect.gen(function* () {
  yield* Effect.repeat(Effect.ignore(attempt), { times: 5 })
  return JSON.stringify(yield* CircuitBreaker.snapshot)
}).pipe(Effect.provide(Truce.layer({ circuit: { openFor: "2 seconds" } })))

const after = Effect.fnUntraced(
  function* (saved: unknown, elapsed: Duration.Input) {
    // Monotonic clocks differ between processes: `elapsed` is how old the snapshot is by any clock you trust.
    yield* CircuitBreaker.restore(saved, { elapsed })
    return (yield* Effect.flip(attempt))._tag
  },
  Effect.catchTag("InvalidSnapshot", (error) => Effect.succeed(error.message)),
  Effect.provide(Truce.layer({ circuit: { openFor: "2 seconds" } }))
)

const saved: unknown = JSON.parse(await Effect.runPromise(before))
const soon = await Effect.runPromise(after(saved, "100 millis"))
const later = await Effect.runPromise(after(saved, "5 seconds"))
const wrong = await Effect.runPromise(after({ version: 2 }, 0))
console.log(`100 ms later: ${soon}; 5 s later: ${later}, from the probe; ${wrong}`)

assert.deepEqual([soon, later], ["CircuitOpen", "Timeout"])
assert.equal(wrong, "snapshot: version must be 1, got 2")
