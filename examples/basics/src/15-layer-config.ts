// Options from the environment, or any other `ConfigProvider`; what is wrong is named at start, not at the first call.
import assert from "node:assert/strict"
import { Classifier, Truce } from "@truce/effect3"
import { Cause, Config, ConfigProvider, Data, Effect, Layer } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const TruceLive = Truce.layerConfig({
  circuit: {
    openFor: Config.duration("OPEN_FOR").pipe(Config.withDefault("500 millis")),
    permits: Config.integer("PERMITS").pipe(Config.withDefault(1))
  },
  retry: { attempts: Config.integer("ATTEMPTS"), base: Config.duration("BACKOFF") }
})

const from = (settings: Readonly<Record<string, string>>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(settings))))

const program = (settings: Readonly<Record<string, string>>) =>
  Effect.fail(new Timeout()).pipe(
    Truce.protect({ key: "users-api", classify }),
    Effect.catchTags({
      RetryExhausted: (error) => Effect.succeed(`${error.attempts.length} attempts`),
      CircuitOpen: (error) => Effect.succeed(error.message)
    }),
    Effect.provide(Layer.provide(TruceLive, from(settings))),
    Effect.catchAllCause((cause) => Effect.succeed(Cause.pretty(cause)))
  )

const good = await Effect.runPromise(program({ ATTEMPTS: "4", BACKOFF: "1 millis" }))
const missing = await Effect.runPromise(program({ ATTEMPTS: "4" }))
const bad = await Effect.runPromise(program({ ATTEMPTS: "0", BACKOFF: "1 millis" }))
for (const said of [good, missing, bad]) console.log(said)

assert.equal(good, "4 attempts")
assert.match(missing, /BACKOFF/)
assert.match(
  bad,
  /attempts.*must be a whole number of at least 1, got 0|must be a whole number of at least 1, got 0.*attempts/s
)
