// An operator's hand: isolate, disable, observe, reset, each with a reason that the transition carries.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect4"
import { Data, Effect } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const key = "users-api"
const failing = Effect.fail(new Timeout()).pipe(CircuitBreaker.execute({ key, classify }))
const tagsOf = (n: number) =>
  Effect.replicateEffect(
    Effect.map(Effect.flip(failing), (error) => error._tag),
    n
  )

const program = Effect.gen(function* () {
  yield* CircuitBreaker.isolate(key, "database migration")
  const isolated = yield* tagsOf(1)
  const { mode } = yield* CircuitBreaker.state(key)

  yield* CircuitBreaker.disable(key, "incident 4711: let everything through")
  const disabled = yield* tagsOf(20)

  yield* CircuitBreaker.reset(key, "incident closed")
  yield* CircuitBreaker.observe(key, "trying Truce without trusting it")
  const observed = yield* tagsOf(20)
  const { status } = yield* CircuitBreaker.state(key)

  yield* CircuitBreaker.reset(key, "done")
  const last = yield* CircuitBreaker.state(key)
  return { isolated, mode, disabled, observed, status, last }
})

const { disabled, isolated, last, mode, observed, status } = await Effect.runPromise(
  program.pipe(Effect.provide(Truce.layer()))
)
console.log(`${mode._tag} for "${mode.reason}": ${isolated.join()}`)
console.log(`Disabled: ${disabled.length} failures let through`)
console.log(`Observing: the rules say ${status}, ${observed.filter((tag) => tag === "CircuitOpen").length} rejected`)

assert.deepEqual(isolated, ["CircuitOpen"])
assert.ok(disabled.every((tag) => tag === "Timeout"))
assert.ok(observed.every((tag) => tag === "Timeout"))
assert.equal(status, "Open")
assert.deepEqual([last.status, last.mode._tag, last.score], ["Closed", "Automatic", 1])
