/**
 * Records `events.ndjson`, two minutes of two dependencies, in simulated time: `node samples/record.ts > samples/events.ndjson`.
 *
 * "users-api" has a brownout of half a minute and is healthy again; "payments" refuses everything for twenty seconds.
 */
import { Classifier, EventLog, Truce } from "@truce/effect3"
import { Data, Effect, Random, Schema, TestClock, TestContext } from "effect"

class Unavailable extends Data.TaggedError("Unavailable")<{}> {}

const classify = Classifier.tags<Unavailable>()({ Unavailable: "retriable" })

/** Fails with a probability; the answer takes 20 ms. */
const dependency = (share: number) =>
  Random.next.pipe(
    Effect.delay("20 millis"),
    Effect.filterOrFail(
      (draw) => draw >= share,
      () => new Unavailable()
    )
  )

const brownout = (second: number): number => (second >= 30 && second < 60 ? 0.3 : 0)
const outage = (second: number): number => (second >= 70 && second < 90 ? 1 : 0)

const told: Array<string> = []
const encode = Schema.encodeSync(EventLog.Event)

const program = Effect.gen(function* () {
  yield* EventLog.subscribe((event) => told.push(JSON.stringify(encode(event))))
  const call = (key: string, share: number) =>
    dependency(share).pipe(Truce.protect({ key, classify }), Effect.ignore, Effect.fork)
  for (let second = 0; second < 120; second++) {
    yield* call("users-api", brownout(second))
    yield* TestClock.adjust("500 millis")
    yield* call("payments", outage(second))
    yield* TestClock.adjust("500 millis")
  }
})

await program.pipe(
  Effect.scoped,
  Effect.provide(Truce.layer()),
  Effect.withRandom(Random.make("last night")),
  Effect.provide(TestContext.TestContext),
  Effect.runPromise
)
process.stdout.write(`${told.join("\n")}\n`)
