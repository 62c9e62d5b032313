import { HttpClientRequest } from "@effect/platform"
import { CircuitBreaker, Dependency, Policy, RetryBudget, RetryExhausted, RetryPolicy, Truce } from "@truce/effect3"
import { withTruce } from "@truce/effect3/HttpClient"
import { Config, Duration, Effect, Fiber, Layer, Schedule, TestClock } from "effect"
import { describe, expect } from "vitest"
import { scriptedClient } from "./httpSupport.ts"
import { environment, faultsOf } from "./platform/ConfigProviders.ts"
import { answering, classify, failing, key, on, scripted, settled, steady } from "./support.ts"

/** What a call came to, with how many attempts. */
const attemptsOf = <E, R>(call: Effect.Effect<unknown, E, R>) =>
  Effect.map(Effect.flip(call), (error) =>
    RetryExhausted.isRetryExhausted(error) ? [error.reason, error.attempts.length] : error
  )

/** With all the time it wants. */
const atOnce = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* settled
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const none = RetryBudget.unlimited()
const quick = { base: "1 millis", jitter: "none" } as const

describe("options of a retry", () => {
  const layered = on(() =>
    steady({ budget: none, retry: { ...quick, attempts: 4 }, overrides: { "special-*": { retry: { attempts: 2 } } } })
  )
  const protect = (of: string, retry?: RetryPolicy.Options) => Truce.protect(failing, { key: of, classify, retry })

  layered("are merged field by field, the nearest to the code first", () =>
    Effect.gen(function* () {
      expect(yield* atOnce(attemptsOf(protect("plain")))).toEqual(["attempts", 4])
      expect(yield* atOnce(attemptsOf(protect("plain", { deadline: "1 minute" })))).toEqual(["attempts", 4])
      expect(yield* atOnce(attemptsOf(protect("special-1", { deadline: "1 minute" })))).toEqual(["attempts", 2])
      expect(yield* atOnce(attemptsOf(protect("special-2", { attempts: 3 })))).toEqual(["attempts", 3])
      const schedule = Schedule.recurs(5)
      expect(yield* atOnce(attemptsOf(protect("special-3", { schedule })))).toEqual(["attempts", 6])
    })
  )

  layered("are merged so for a client and for a dependency", () =>
    Effect.gen(function* () {
      const { client } = scriptedClient(503)
      const users = client.pipe(withTruce({ key: "special-4", retry: { deadline: "1 minute" } }))
      expect(yield* atOnce(attemptsOf(users.get("http://users")))).toEqual(["attempts", 2])
      class Users extends Dependency.Tag("Users")<Users>()({
        key: "special-5",
        classify,
        retry: { deadline: "1 minute" }
      }) {}
      expect(yield* atOnce(attemptsOf(Effect.provide(Users.protect(failing), Users.layer)))).toEqual(["attempts", 2])
    })
  )

  layered("that need a deadline may have it from beneath", () =>
    Effect.gen(function* () {
      yield* Truce.reload({ retry: { ...quick, deadline: "1 second" } })
      expect(yield* atOnce(attemptsOf(protect("plain", { whenOpen: "wait" })))).toEqual(["attempts", 3])
    })
  )
})

describe("limits", () => {
  const wild = { ...quick, attempts: 9, deadline: "1 hour", maxRetryAfter: "1 hour" } as const
  const limited = (limits: RetryPolicy.Limits, overrides: Truce.Options["overrides"] = {}) =>
    on(() => steady({ budget: none, retry: wild, limits, overrides }))

  limited({ attempts: 1 })("stop all retries, whatever the code asks for", () =>
    Effect.gen(function* () {
      const calls = [
        attemptsOf(Truce.protect(failing, { key, classify })),
        attemptsOf(Truce.protect(failing, { key, classify, retry: { attempts: 7 } })),
        attemptsOf(Truce.protect(failing, { key, classify, retry: { schedule: Schedule.recurs(5) } }))
      ]
      for (const call of calls) expect(yield* atOnce(call)).toEqual(["attempts", 1])
      expect(yield* atOnce(attemptsOf(RetryPolicy.retry(failing, { key, classify })))).toEqual(["attempts", 1])
      const { client } = scriptedClient(503)
      const users = client.pipe(withTruce({ key: "http", retry: wild }))
      expect(yield* atOnce(attemptsOf(users.get("http://users")))).toEqual(["attempts", 1])
    })
  )

  limited({}, { "payments-*": { limits: { attempts: 2 } } })("can be those of some keys", () =>
    Effect.gen(function* () {
      const of = (name: string) => atOnce(attemptsOf(Truce.protect(failing, { key: name, classify, retry: wild })))
      expect([yield* of("payments-1"), yield* of("users")]).toEqual([
        ["attempts", 2],
        ["attempts", 9]
      ])
    })
  )

  limited({ deadline: "50 millis", maxRetryAfter: "1 second" })("cap the time as well", () =>
    Effect.gen(function* () {
      const slow = Truce.protect(failing, { key, classify, retry: { ...wild, base: "40 millis" } })
      expect(yield* atOnce(attemptsOf(slow))).toEqual(["deadline", 2])
    })
  )

  limited({})("reach a call that is asleep before its retry, by a reload", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing)
      const retry = { attempts: 9, base: "10 seconds", cap: "10 seconds" } as const
      const fiber = yield* Effect.fork(attemptsOf(Truce.protect(effect, { key, classify, retry })))
      yield* TestClock.adjust("15 seconds")
      expect(runs()).toBe(2)
      yield* Truce.reload({ limits: { attempts: 1 } })
      yield* TestClock.adjust("1 hour")
      expect([yield* Fiber.join(fiber), runs()]).toEqual([["attempts", 2], 2])
    })
  )

  limited({})("come from the environment, with everything else", () =>
    Effect.gen(function* () {
      const live = (attempts: string) =>
        Policy.layerConfig(Config.nested(Policy.config, "TRUCE")).pipe(
          Layer.provide(Layer.setConfigProvider(environment({ TRUCE_LIMITS_ATTEMPTS: attempts })))
        )
      const seen = atOnce(attemptsOf(Truce.protect(failing, { key, classify, retry: wild })))
      expect(yield* Effect.provide(seen, live("1"))).toEqual(["attempts", 1])
      const wrong = yield* Effect.flip(Effect.scoped(Layer.build(live("0"))))
      expect(faultsOf(wrong).join()).toContain("LIMITS_ATTEMPTS")
    })
  )
})

const it = on(() => steady({ budget: none, retry: quick }))

describe("a deadline per call", () => {
  const call = (retry: RetryPolicy.Options) =>
    Truce.protect(failing, { key, classify, retry: { attempts: 99, base: "100 millis", factor: 1, ...retry } })

  it("is what is left of the time around it, and the shortest counts", () =>
    Effect.gen(function* () {
      expect(yield* atOnce(attemptsOf(Truce.withDeadline(call({}), "250 millis")))).toEqual(["deadline", 3])
      yield* CircuitBreaker.reset(key, "again")
      const nested = call({}).pipe(Truce.withDeadline("1 hour"), Truce.withDeadline("150 millis"))
      expect(yield* atOnce(attemptsOf(nested))).toEqual(["deadline", 2])
      yield* CircuitBreaker.reset(key, "again")
      const own = Truce.withDeadline(call({ deadline: "50 millis" }), "1 hour")
      expect(yield* atOnce(attemptsOf(own))).toEqual(["deadline", 1])
    }))

  it("counts from where it is entered, and reaches forks", () =>
    Effect.gen(function* () {
      const later = Effect.zipRight(Effect.sleep("200 millis"), attemptsOf(call({})))
      const forked = Effect.flatMap(Effect.fork(later), Fiber.join)
      expect(yield* atOnce(Truce.withDeadline(forked, "250 millis"))).toEqual(["deadline", 1])
    }))

  it("must be a duration that lasts", () =>
    Effect.sync(() => {
      expect(() => Truce.withDeadline(answering, 0)).toThrow("Truce.withDeadline: deadline must be greater than 0")
    }))
})

describe("a timeout of what must not be sent twice", () => {
  it("ends the call, as itself, and is a saturated failure all the same", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted<string, never, never>(Effect.never)
      const insert = Truce.protect(effect, {
        key,
        classify,
        attemptTimeout: "1 second",
        retry: { retryTimeouts: false }
      })
      expect(yield* atOnce(Effect.flip(insert))).toMatchObject({ _tag: "AttemptTimeout", key })
      expect(runs()).toBe(1)
      expect((yield* CircuitBreaker.state(key)).moves).toMatchObject([{ outcome: "Failure", weight: 1 }])
    }))
})

describe("what cannot be sent again", () => {
  it("ends with a reason of its own", () =>
    Effect.gen(function* () {
      const { client, sent } = scriptedClient(503)
      const users = client.pipe(withTruce({ key, retry: { attempts: 5 } }))
      const post = users.execute(HttpClientRequest.post("http://users"))
      expect(yield* atOnce(attemptsOf(post))).toEqual(["not-repeatable", 1])
      expect(sent.length).toBe(1)
    }))
})

describe("executeAll", () => {
  it("has an attemptTimeout: of all its circuits one failure", () =>
    Effect.gen(function* () {
      const both = CircuitBreaker.executeAll({ keys: [key, "b"], classify, attemptTimeout: "1 second" })
      const error = yield* atOnce(Effect.flip(both(Effect.never)))
      expect(error).toMatchObject({ _tag: "AttemptTimeout", after: Duration.seconds(1) })
      for (const of of [key, "b"]) expect((yield* CircuitBreaker.state(of)).moves).toMatchObject([{ weight: 1 }])
    }))
})
