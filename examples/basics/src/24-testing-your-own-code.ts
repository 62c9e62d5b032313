// Testing a service of your own that Truce protects: no mock of Truce, no sleeping, no test runner needed.
import assert from "node:assert/strict"
import { Classifier, Truce } from "@truce/effect3"
import { Advance, Forced, Recorder, Script } from "@truce/effect3/testing"
import { Context, Data, Effect, Fiber, Layer, TestContext } from "effect"

// The code under test: a client behind a service, and a handler that degrades.

class Timeout extends Data.TaggedError("Timeout")<{}> {}
class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}

type FetchName = (id: string) => Effect.Effect<string, Timeout | NotFound>
class UsersApi extends Context.Tag("app/UsersApi")<UsersApi, FetchName>() {}

const classify = Classifier.tags<Timeout | NotFound>()({ Timeout: "retriable", NotFound: "permanent" })

const handler = (id: string) =>
  Effect.flatMap(UsersApi, (fetchName) => fetchName(id)).pipe(
    Truce.protect({ key: "users-api", classify }),
    Effect.map((name) => ({ status: 200, body: name })),
    Effect.catchTags({
      NotFound: () => Effect.succeed({ status: 404, body: "" }),
      CircuitOpen: () => Effect.succeed({ status: 503, body: "from the cache" }),
      RetryExhausted: () => Effect.succeed({ status: 502, body: "" })
    })
  )

// The tests. The dependency does as it is told, and remembers what it was asked.

const UsersDown = Script.makeFor<FetchName>()([
  Script.fails(new Timeout(), 2),
  Script.succeeds("Ada"),
  Script.forever(Script.answers((id) => Effect.fail(new NotFound({ id }))))
])

/** A slow dependency costs the test no time: the clock moves until the call has ended. */
const ended = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(call)
    yield* Advance.until(Effect.sync(() => Boolean(fiber.unsafePoll())))
    return yield* Fiber.join(fiber)
  })

const rescuesACall = Effect.gen(function* () {
  const api = yield* UsersDown
  const record = yield* Recorder.make
  const test = Effect.provideService(UsersApi, api)

  assert.deepEqual(yield* ended(test(handler("7"))), { status: 200, body: "Ada" })
  assert.deepEqual(yield* ended(test(handler("8"))), { status: 404, body: "" })

  yield* record.expect("users-api", {
    attempts: ["failure Timeout", "failure Timeout", "success", "answered NotFound"],
    calls: ["success after 3 attempts", "permanent after 1 attempt"],
    transitions: []
  })
  assert.deepEqual(
    (yield* api.requests).map(({ args: [id] }) => id),
    ["7", "7", "7", "8"]
  )
})

const degradesWhileOpen = Effect.gen(function* () {
  const api = yield* Script.make([Script.forever(Script.succeeds("Ada"))])
  const record = yield* Recorder.make
  const test = Effect.provideService(UsersApi, api)

  assert.equal((yield* test(handler("7"))).status, 503)
  assert.equal(yield* api.attempts, 0)

  yield* Advance.untilAdmits("users-api") // however long it is open
  assert.equal((yield* test(handler("7"))).status, 200)
  assert.equal((yield* test(handler("7"))).status, 200)
  yield* record.expect("users-api", { rejections: ["Open"], transitions: ["Open -> HalfOpen", "HalfOpen -> Closed"] })

  // An expectation that is not met says what was expected, what happened, and the whole story.
  return yield* Effect.flip(record.expect("users-api", { attempts: 3 }))
}).pipe(Effect.provide(Forced.layer({ "users-api": "Open" })))

const fresh = <A, E>(test: Effect.Effect<A, E, Effect.Effect.Context<typeof degradesWhileOpen>>) =>
  Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(Layer.merge(Truce.layer(), TestContext.TestContext))))

await fresh(rescuesACall)
const failed = await fresh(degradesWhileOpen)
console.log(failed.message)

assert.equal(failed.message.split("\n")[0], "users-api: expected attempts 3, got 2: success, success")
