// Every option of `Truce.protect` and of `Truce.layer`, with its default.
import assert from "node:assert/strict"
import { Classifier, HealthModel, RetryBudget, Truce } from "@truce/effect3"
import { Data, Effect } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: Classifier.retriable({ saturated: true }) })

const TruceLive = Truce.layer({
  model: HealthModel.ledger(), // the default
  maxKeys: 10_000, // the default: keys kept, by the score and by the budget
  ttl: "10 minutes", // the default: a key idle for this long may be dropped
  circuit: {
    openFor: "500 millis", // the default: the first open time ...
    openFactor: 2, // the default: ... doubles with each opening in a row ...
    maxOpenFor: "5 seconds", // the default: ... up to this ...
    openJitter: 0.2, // the default: ... and is spread by +-20 %
    maxRetryAfter: "1 minute", // the default: the longest open time that a dependency's `retryAfter` can ask for
    permits: 1, // the default: probes at once in HalfOpen
    lease: "10 seconds", // the default: how long a probe may hold its permit
    closeAt: 0.5, // the default: the score at which HalfOpen closes, two net successes
    reopenOn: "failure", // the default: one failed probe reopens; "score" waits for a score below the trip
    slowWeight: 0 // the default: a slow success is a success; the budget prices slowness
  },
  retry: {
    attempts: 3, // the default: attempts in all
    base: "100 millis", // the default: the delay before the first retry
    factor: 2, // the default
    cap: "2 seconds", // the default: the longest delay before jitter
    jitter: { min: 0.5, max: 1.5 }, // the default; or "none", "full", "equal", "decorrelated"
    deadline: undefined, // the default: none; no retry starts later than this after the call began
    maxRetryAfter: "30 seconds", // the default: a longer `retryAfter` ends the call
    whenOpen: "stop" // the default; "wait" waits for the next admission, inside the deadline
    // schedule: a Schedule of your own, instead of attempts, base, factor, cap and jitter
  },
  budget: RetryBudget.saturation() // the default; or ratio, grpc, aws, unlimited
})

const hangs: Effect.Effect<string, Timeout> = Effect.never

const program = hangs.pipe(
  Truce.protect({
    key: "users-api", // one circuit, one score, one budget
    classify, // which errors are worth another attempt
    attemptTimeout: "20 millis", // default: none; adds AttemptTimeout to what RetryExhausted holds
    slowAfter: "10 millis", // default: half of attemptTimeout, else no such rule
    retry: { attempts: 2, base: "1 millis" } // default: the layer's policy
  }),
  Effect.catchTags({
    CircuitOpen: (error) => Effect.succeed(error.message),
    RetryExhausted: (error) => Effect.succeed(error.message)
  }),
  Effect.provide(TruceLive)
)

const said = await Effect.runPromise(program)
console.log(said)
assert.equal(
  said,
  "call to users-api ended after 2 attempts (attempts): AttemptTimeout: attempt on users-api timed out after 20ms, AttemptTimeout: attempt on users-api timed out after 20ms"
)
