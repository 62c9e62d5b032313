// The health score alone, fed by an active check: no call is guarded, nothing is rejected.
import assert from "node:assert/strict"
import { HealthScore, Outcome } from "@truce/effect3"
import { Effect, Schedule } from "effect"

const answers = [200, 200, 503, 503, 429, 503, 200]
let asked = 0
const check = Effect.sync(() => answers[asked++ % answers.length])

const checkOnce = Effect.flatMap(check, (status) =>
  HealthScore.record(
    "users-api",
    status === 200 ? Outcome.success : Outcome.failure({ weight: status === 429 ? Outcome.throttleWeight : 1 })
  )
)

const program = Effect.gen(function* () {
  yield* Effect.repeat(checkOnce, Schedule.intersect(Schedule.spaced("1 millis"), Schedule.recurs(answers.length - 2)))
  const worst = yield* HealthScore.get("users-api")
  yield* checkOnce
  const after = yield* HealthScore.get("users-api")
  return { worst, after, why: yield* HealthScore.explain("users-api") }
})

const { after, why, worst } = await Effect.runPromise(Effect.provide(program, HealthScore.layer()))
console.log(why.text)

assert.ok(worst.score < 0.5 && worst.score > worst.openBelow)
assert.ok(after.score > worst.score, "a success raises the score")
assert.ok(after.strain > 0.2, "and does not erase the failures behind the strain")
assert.equal(why.moves.length, 5)

// A readiness probe of your own, from the service as a value.
const ready = Effect.scoped(
  Effect.gen(function* () {
    const score = yield* HealthScore.make()
    yield* Effect.repeatN(score.record("users-api", Outcome.failure()), 2)
    return (yield* score.get("users-api")).score >= 0.5
  })
)
assert.equal(await Effect.runPromise(ready), false)
