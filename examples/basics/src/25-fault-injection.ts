// Faults on purpose, in a test or in staging: the point is marked once, and does nothing until a layer says so.
import assert from "node:assert/strict"
import { Classifier, Faults, HealthScore, RetryBudget, Truce } from "@truce/effect3"
import { Cause, ConfigProvider, Data, Effect, Layer } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const fetchName: Effect.Effect<string, Timeout> = Effect.succeed("Ada")

const getName = fetchName.pipe(
  Faults.point("users-api", { error: () => new Timeout() }), // inside the protection: a fault is evidence, and is retried
  Truce.protect({ key: "users-api", classify, retry: { base: "1 millis", cap: "1 millis" } })
)

const served = (calls: number) =>
  Effect.map(Effect.replicateEffect(Effect.isSuccess(getName), calls), (results) => results.filter(Boolean).length)

const live = Truce.layer({ budget: RetryBudget.unlimited() })

// 1. In production no layer is provided: the point is the effect.
const production = await Effect.runPromise(Effect.provide(served(100), live))

// 2. Thirty percent of the attempts fail. The same seed gives the same faults, whatever happens at other points.
const brownout = Effect.gen(function* () {
  const answered = yield* served(100)
  const { errors = 0, executions = 0 } = (yield* Faults.counts)["users-api"] ?? {}
  const { strain } = yield* HealthScore.get("users-api")

  yield* Faults.setEnabled(false) // and off again, while the program runs
  const afterwards = yield* served(100)
  return { answered, errors, executions, strain, afterwards }
})
const faults = Faults.layer({ seed: 7, rules: { "users-*": { errorRate: 0.3 } } })
const first = await Effect.runPromise(Effect.provide(brownout, Layer.merge(live, faults)))
const second = await Effect.runPromise(Effect.provide(brownout, Layer.merge(live, faults)))

// 3. In staging the environment decides: off unless FAULTS_ENABLED says otherwise.
const environment = { FAULTS_ENABLED: "true", FAULTS_RULES: '{ "users-api": { "errorRate": 2 } }' }
const staging = Faults.layerConfig(Faults.config()).pipe(
  Layer.provide(
    Layer.setConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries(environment)), { pathDelim: "_", seqDelim: "," })
    )
  )
)
const fault = await Effect.runPromise(Effect.flip(Effect.provide(Faults.rules, staging)))
const refused = Cause.pretty(Cause.fail(fault))

console.log(`without faults ${production} of 100 calls are served`)
console.log(
  `with ${first.errors} of ${first.executions} attempts failed on purpose ${first.answered} are, at a strain of ${first.strain.toFixed(2)}`
)
console.log(refused)

assert.equal(production, 100)
assert.ok(first.errors > 30 && first.answered >= 95)
assert.deepEqual([second.errors, second.executions, second.answered], [first.errors, first.executions, first.answered])
assert.equal(first.afterwards, 100)
assert.match(refused, /errorRate must be between 0 and 1, got 2/)
