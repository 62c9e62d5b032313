// Would another setting have been better? It runs beside the one in force, decides nothing, and reports.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, EventLog, Policy, Shadow, Truce } from "@truce/effect3"
import { Data, Effect, Layer } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const candidate = Policy.toOptions({ model: { type: "consecutive", failures: 3 }, circuit: { openFor: "1 minute" } })

// A brownout: three answers in a row fail, then one succeeds.
let sent = 0
const request = Effect.suspend(() => (sent++ % 4 < 3 ? Effect.fail(new Timeout()) : Effect.succeed("hello")))

const program = Effect.gen(function* () {
  const record: Array<EventLog.Event> = []
  yield* EventLog.subscribe((event) => record.push(event))
  const call = request.pipe(CircuitBreaker.execute({ key: "users-api", classify }), Effect.ignore)
  yield* Effect.repeatN(call, 7)
  return { live: yield* Shadow.report, record }
})

const layer = Layer.provideMerge(Shadow.layer(candidate), Truce.layer())
const { live, record } = await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
console.log(live.text)

assert.deepEqual(
  live.keys.map(({ attempts, lost, openings, openingsInForce, spared }) => ({
    attempts,
    lost,
    openings,
    openingsInForce,
    spared
  })),
  [{ attempts: 8, lost: 2, openings: 1, openingsInForce: 0, spared: 3 }]
)

// The record tells the same: last night's events can be asked about any policy.
assert.equal(Shadow.replay(record, candidate).keys[0]?.spared, 3)
