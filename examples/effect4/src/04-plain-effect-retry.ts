// No breaker, no service, no layer: a classifier and a schedule in a plain `Effect.retry`.
import assert from "node:assert/strict"
import { Classifier, RetryPolicy } from "@truce/effect4"
import { Data, Duration, Effect, Schedule } from "effect"

class Refused extends Data.TaggedError("Refused")<{ readonly retryAfter: Duration.Duration }> {}
class Invalid extends Data.TaggedError("Invalid")<{}> {}
const classify = Classifier.tags<Refused | Invalid>()({
  Refused: Classifier.retriable({ retryAfter: (error) => error.retryAfter }),
  Invalid: "permanent"
})

// Exponential with cap and jitter, four retries, and never sooner than the server asks.
const backoff = RetryPolicy.exponential({ base: "1 millis", cap: "20 millis", jitter: "full" })
const schedule = RetryPolicy.retryAfter(Schedule.upTo(backoff, { times: 4 }), (error: Refused | Invalid) =>
  error._tag === "Refused" ? error.retryAfter : undefined
)

let attempts = 0
const answers: ReadonlyArray<Effect.Effect<string, Refused | Invalid>> = [
  Effect.fail(new Refused({ retryAfter: Duration.millis(30) })),
  Effect.succeed("welcome")
]
const request = Effect.suspend(() => answers[attempts++] ?? Effect.fail(new Invalid()))
const retried = request.pipe(Effect.retry({ schedule, while: classify.isRetriable }))

const [waited, said] = await Effect.runPromise(Effect.timed(retried))
console.log(`${said} after ${attempts} attempts and ${Math.round(Duration.toMillis(waited))} ms`)
assert.equal(said, "welcome")
assert.ok(Duration.toMillis(waited) >= 29)

// A permanent error ends it at once.
const error = await Effect.runPromise(Effect.flip(retried))
console.log(`${error._tag} after ${attempts - 2} attempt`)
assert.equal(attempts, 3)

// The same with an error that carries a status instead of a tag.
const byStatus = Classifier.status({ status: (response: { readonly status: number }) => response.status })
assert.deepEqual(
  [400, 404, 429, 500, 503].filter((status) => byStatus.isRetriable({ status })),
  [429, 500, 503]
)
