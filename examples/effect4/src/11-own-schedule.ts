// A schedule of your own, with a service of its own: any `Schedule` works as a retry policy.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, HealthScore, RetryBudget, RetryPolicy, Truce } from "@truce/effect4"
import { Context, Data, Duration, Effect, Layer, Option, Schedule } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

class Settings extends Context.Service<Settings, { readonly patience: Duration.Duration }>()("app/Settings") {}

// The schedule is told the key, the last error, how many attempts failed and what the dependency asked for.
const schedule = Schedule.forever.pipe(
  Schedule.setInputType<RetryPolicy.Input>(),
  Schedule.while(({ input: { failed, retryAfter } }) => failed < 4 && Option.isNone(retryAfter)),
  Schedule.addDelay(({ input }) => Effect.map(Settings, ({ patience }) => Duration.times(patience, input.failed)))
)

const delaysOf = (key: string) =>
  Effect.fail(new Timeout()).pipe(
    Truce.protect({ key, classify }),
    Effect.catchTag("CircuitOpen", Effect.die),
    Effect.flip,
    Effect.map((error) => error.attempts.map((attempt) => Duration.toMillis(attempt.delay)))
  )

const SettingsLive = Layer.succeed(Settings, { patience: Duration.millis(2) })
const TruceLive = Truce.layer({ retry: { schedule, deadline: "1 second" } }).pipe(Layer.provide(SettingsLive))

const delays = await Effect.runPromise(delaysOf("users-api").pipe(Effect.provide(TruceLive)))
console.log(`waited ${delays.map(Math.round).join(", ")} ms before the attempts`)
assert.equal(delays.length, 4)
assert.ok(
  [0, 2, 4, 6].every((planned, number) => (delays[number] ?? 0) > planned - 1),
  "2, 4 and 6 ms were asked for"
)

// `Truce.layer` is these five; with `layerServices` any of them may be your own, such as this policy.
const OwnPolicy = Layer.effect(
  RetryPolicy.RetryPolicy,
  Effect.map(RetryPolicy.make({ schedule }), (policy) => ({ ...policy, deadline: Duration.millis(4) }))
)
const OwnTruce = Truce.layerServices.pipe(
  Layer.provide(CircuitBreaker.layer()),
  Layer.provide(HealthScore.layer()),
  Layer.provide(RetryBudget.layer({ rule: RetryBudget.unlimited() })),
  Layer.provide(OwnPolicy),
  Layer.provide(SettingsLive)
)
const shortened = await Effect.runPromise(delaysOf("users-api").pipe(Effect.provide(OwnTruce)))
console.log(`with a deadline of 4 ms: ${shortened.length} attempts`)
assert.ok(shortened.length < 4)
