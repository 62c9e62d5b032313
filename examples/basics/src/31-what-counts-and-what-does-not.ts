// After an outage: answers close a circuit, pages that fetch their next page share one probe, and nobody is blamed for what was never sent.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, HealthScore, Truce } from "@truce/effect3"
import { Forced } from "@truce/effect3/testing"
import { Data, Effect } from "effect"

class Unavailable extends Data.TaggedError("Unavailable")<{}> {}
class NotFound extends Data.TaggedError("NotFound")<{}> {}
class Unencodable extends Data.TaggedError("Unencodable")<{}> {}
const key = "users-api"
const classify = Classifier.tags<Unavailable | NotFound | Unencodable>()({
  Unavailable: "retriable",
  // An answer, and it is no: says nothing while the circuit is closed, and that the dependency is alive when it was open.
  NotFound: "permanent",
  // Of this process: the dependency was never asked.
  Unencodable: "local"
})
const protect = Truce.protect({ key, classify })
const statusOf = Effect.map(CircuitBreaker.state(key), ({ status }) => status)
const scoreOf = Effect.map(HealthScore.get(key), ({ score }) => score)

const missing: Effect.Effect<string, NotFound> = Effect.fail(new NotFound())
const unencodable: Effect.Effect<string, Unencodable> = Effect.fail(new Unencodable())

/** Each page asks for the one after it, inside its own attempt: all run under one permit. */
const pages = (n: number): Effect.Effect<number, never, Truce.Truce> =>
  Effect.orDie(protect(n === 0 ? Effect.succeed(1) : Effect.map(pages(n - 1), (count) => count + 1)))

const program = Effect.gen(function* () {
  yield* Forced.set(key, { state: "HalfOpen", probes: 0 })
  for (let lookup = 0; lookup < 2; lookup++) yield* Effect.ignore(protect(missing))
  const answered = yield* statusOf
  yield* Forced.set(key, { state: "HalfOpen", probes: 0 })
  const fetched = yield* pages(3)
  const before = yield* scoreOf
  yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => Effect.ignore(protect(unencodable)))
  return { answered, fetched, before, after: yield* scoreOf }
})

const { after, answered, before, fetched } = await Effect.runPromise(Effect.provide(program, Truce.layer()))
console.log(`two lookups of what is not there   ${answered}`)
console.log(`four pages, each inside the other  ${fetched} fetched through one probe`)
console.log(`six requests that were never sent  score ${before.toFixed(1)}, then ${after.toFixed(1)}`)

assert.deepEqual([answered, fetched], ["Closed", 4])
assert.equal(after.toFixed(6), before.toFixed(6))
