// A retry without a breaker: only retriable errors reach the schedule, and the error at the end holds the trail.
import assert from "node:assert/strict"
import { Classifier, RetryPolicy } from "@truce/effect4"
import { Data, Duration, Effect } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{ readonly n: number }> {}
class Invalid extends Data.TaggedError("Invalid")<{}> {}
const classify = Classifier.tags<Timeout | Invalid>()({ Timeout: "retriable", Invalid: "permanent" })
const retried = RetryPolicy.retry({ key: "users-api", classify })

let attempts = 0
const slow: Effect.Effect<string, Timeout | Invalid> = Effect.suspend(() => Effect.fail(new Timeout({ n: attempts++ })))
const invalid: Effect.Effect<string, Timeout | Invalid> = Effect.fail(new Invalid())

const program = Effect.gen(function* () {
  const exhausted = yield* retried(slow).pipe(
    Effect.catchTag("Invalid", (error) => Effect.die(error)),
    Effect.flip
  )
  const permanent = yield* retried(invalid).pipe(Effect.catchTag("RetryExhausted", Effect.die), Effect.flip)
  return { exhausted, permanent }
})

const layer = RetryPolicy.layer({ attempts: 4, base: "2 millis", jitter: "none", deadline: "1 second" })
const { exhausted, permanent } = await Effect.runPromise(Effect.provide(program, layer))
console.log(exhausted.message)
for (const { delay, error, number } of exhausted.attempts) {
  console.log(`  attempt ${number} after ${Math.round(Duration.toMillis(delay))} ms: Timeout ${error.n}`)
}

assert.equal(exhausted.lastError.n, 3)
const delays = exhausted.attempts.map((attempt) => Duration.toMillis(attempt.delay))
assert.ok(
  [0, 2, 4, 8].every((planned, number) => (delays[number] ?? 0) > planned - 1),
  "waited 2, 4 and 8 ms"
)
assert.equal(permanent._tag, "Invalid")

// A deadline ends a call before a wait that would end past it.
const impatient = retried(slow).pipe(
  Effect.provide(RetryPolicy.layer({ base: "1 minute", cap: "1 minute", deadline: "100 millis" })),
  Effect.catchTag("RetryExhausted", (error) => Effect.succeed(`${error.reason} after ${error.attempts.length} attempt`))
)
const said = await Effect.runPromise(impatient)
console.log(said)
assert.equal(said, "deadline after 1 attempt")
