// One flaky call, protected: two attempts fail, the third answers.
import assert from "node:assert/strict"
import { Classifier, HealthScore, Truce } from "@truce/effect4"
import { Data, Effect } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

let attempts = 0
const flaky = Effect.suspend(() => (++attempts < 3 ? Effect.fail(new Timeout()) : Effect.succeed("Ada")))

const program = Effect.gen(function* () {
  const name = yield* flaky.pipe(Truce.protect({ key: "users-api", classify }))
  const { score, strain } = yield* HealthScore.get("users-api")
  return `${name} after ${attempts} attempts, score ${score.toFixed(2)}, strain ${strain.toFixed(2)}`
})

const said = await Effect.runPromise(program.pipe(Effect.provide(Truce.layer())))
console.log(said)

// The caller got its answer and the score is whole again; the strain remembers what it took.
assert.equal(said, "Ada after 3 attempts, score 1.00, strain 0.25")
