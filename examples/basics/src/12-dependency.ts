// One tag per dependency: its key, classifier and policies are fixed where it is defined, and the types say who needs it.
import assert from "node:assert/strict"
import { Classifier, CircuitBreaker, Dependency, Truce } from "@truce/effect3"
import { Data, Effect, Layer } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
class CardDeclined extends Data.TaggedError("CardDeclined")<{}> {}

class Payments extends Dependency.Tag("app/Payments")<Payments>()({
  key: "payments",
  classify: Classifier.tags<Timeout | CardDeclined>()({ Timeout: "retriable", CardDeclined: "permanent" }),
  slowAfter: "300 millis",
  circuit: { openFor: "2 seconds" },
  retry: { attempts: 2, base: "1 millis" }
}) {}

class Search extends Dependency.Tag("app/Search")<Search>()({
  key: "search",
  classify: Classifier.tags<Timeout>()({ Timeout: "retriable" }),
  retry: { attempts: 1 }
}) {}

const charge: Effect.Effect<string, Timeout | CardDeclined> = Effect.fail(new CardDeclined())
const suggest: Effect.Effect<ReadonlyArray<string>, Timeout> = Effect.succeed(["tea", "teapot"])

// Requires Payments | Search, and nothing else of Truce.
const checkout = Effect.gen(function* () {
  const suggestions = yield* suggest.pipe(
    Search.protect,
    Effect.orElseSucceed(() => [])
  )
  const payment = yield* charge.pipe(
    Payments.protect,
    Effect.catchTag("CardDeclined", () => Effect.succeed("card declined"))
  )
  return { payment, suggestions }
})

// Both share one Truce; a second policy on the key "payments" would be a PolicyConflict here, not a silent share.
const dependencies = Layer.mergeAll(Payments.layer, Search.layer).pipe(Layer.provideMerge(Truce.layer()))
const program = Effect.gen(function* () {
  const result = yield* checkout
  const conflict = yield* Effect.flip(CircuitBreaker.register("payments", { openFor: "1 second" }))
  return { ...result, conflict: conflict.message }
})

const { conflict, payment, suggestions } = await Effect.runPromise(Effect.provide(program, dependencies))
console.log(payment, suggestions)
console.log(conflict)

assert.equal(payment, "card declined")
assert.deepEqual(suggestions, ["tea", "teapot"])
assert.match(conflict, /^key payments already has a policy with openFor/)
