// Who dominates: by default a rejection ends the call; a batch job may wait for the next admission instead.
import assert from "node:assert/strict"
import { Classifier, Truce } from "@truce/effect4"
import { Forced } from "@truce/effect4/testing"
import { Data, Duration, Effect } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

let healthy = false
const dependency = Effect.suspend(() => (healthy ? Effect.succeed("Ada") : Effect.fail(new Timeout())))

const stops = dependency.pipe(Truce.protect({ key: "users-api", classify }))
const waits = dependency.pipe(
  Truce.protect({ key: "users-api", classify, retry: { whenOpen: "wait", deadline: "1 second", base: "1 millis" } })
)
const hasNoTime = dependency.pipe(
  Truce.protect({ key: "users-api", classify, retry: { whenOpen: "wait", deadline: "100 millis" } })
)

const program = Effect.gen(function* () {
  yield* Forced.set("users-api", { state: "Open", admitsIn: "300 millis" })
  const stopped = yield* Effect.flip(stops)
  // An open time that outlasts the deadline is a stop, not a wait.
  const [spent, rejected] = yield* Effect.timed(Effect.flip(hasNoTime))
  healthy = true
  const answer = yield* waits
  return { stopped: stopped._tag, rejected: rejected._tag, spent, answer }
})

const { answer, rejected, spent, stopped } = await Effect.runPromise(program.pipe(Effect.provide(Truce.layer())))
console.log(`stop: ${stopped}; wait with too little time: ${rejected}; wait: ${answer}`)

assert.deepEqual([stopped, rejected, answer], ["CircuitOpen", "CircuitOpen", "Ada"])
assert.ok(Duration.toMillis(spent) < 100)
