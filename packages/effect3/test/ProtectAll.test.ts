import { CallContext, CircuitBreaker, RetryBudget, Truce } from "@truce/effect3"
import { type Duration, Effect, Exit, Fiber, TestClock } from "effect"
import { describe, expect } from "vitest"
import {
  type ApiError,
  NotFound,
  Timeout,
  answering,
  classify,
  failing,
  missing,
  on,
  peek,
  scripted,
  settled,
  statusOf,
  steady,
  trip
} from "./support.ts"

const it = on(() => steady())
const keys = ["host", "tenant"] as const
const both = Truce.protectAll({ keys, classify })
const tokensOf = (key: string) => RetryBudget.tokens(key)

/** A call with the clock moved on until it has ended. */
const atOnce = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

describe("protectAll", () => {
  it("gives the value of its last attempt, a permanent error under its own tag, and a defect", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted(failing, failing, answering)
      expect(yield* atOnce(both(effect))).toBe("hello")
      expect(runs()).toBe(3)
      expect(yield* Effect.flip(both(missing))).toEqual(new NotFound({ id: "1" }))
      expect(yield* Effect.exit(both(Effect.die("boom")))).toEqual(Exit.die("boom"))
    }))

  it("counts every attempt in every circuit, later ones of a call for less", () =>
    Effect.gen(function* () {
      const error = yield* atOnce(Effect.flip(both(failing)))
      expect(error).toMatchObject({ _tag: "RetryExhausted", key: "host + tenant", reason: "attempts" })
      for (const key of keys) {
        const { moves } = yield* CircuitBreaker.state(key)
        expect(moves.map(({ weight }) => weight)).toEqual([1, 0.5, 0.25])
      }
    }))

  it("tells the trail of the call around it of its attempts, under the name of all keys", () =>
    Effect.gen(function* () {
      const call = CallContext.open(Effect.zipRight(Effect.exit(both(failing)), CallContext.trail))
      expect((yield* atOnce(call)).map(({ key, number }) => `${key} ${number}`)).toEqual([
        "host + tenant 0",
        "host + tenant 1",
        "host + tenant 2"
      ])
    }))

  it("makes no attempt, and leaves the others as they were, where one circuit rejects", () =>
    Effect.gen(function* () {
      yield* trip("tenant")
      const { effect, runs } = scripted(answering)
      expect(yield* Effect.flip(both(effect))).toMatchObject({
        _tag: "CircuitOpen",
        key: "tenant",
        openedBy: "Timeout"
      })
      expect(runs()).toBe(0)
      expect(yield* statusOf("host")).toBe("Closed")
    }))

  it("pays for a retry with the tokens of each key", () =>
    Effect.gen(function* () {
      yield* atOnce(Effect.exit(both(scripted(failing, answering).effect)))
      expect([yield* tokensOf("host"), yield* tokensOf("tenant")]).toEqual([10, 10])
      yield* atOnce(Effect.exit(both(failing)))
      expect([yield* tokensOf("host"), yield* tokensOf("tenant")]).toEqual([9.8, 9.8])
    }))

  it("counts a key that is named twice once", () =>
    Effect.gen(function* () {
      const twice = Truce.protectAll({ keys: ["host", "host"], classify, retry: { attempts: 2 } })
      expect(yield* atOnce(Effect.flip(twice(failing)))).toMatchObject({ key: "host" })
      expect(yield* tokensOf("host")).toBe(9.9)
      expect((yield* CircuitBreaker.state("host")).moves).toHaveLength(2)
    }))

  it("ends a retry that sleeps when any of its circuits opens", () =>
    Effect.gen(function* () {
      const slow = Truce.protectAll({ keys, classify, retry: { base: "10 seconds", cap: "10 seconds" } })
      const fiber = yield* Effect.fork(Effect.flip(slow(failing)))
      yield* settled
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* trip("tenant")
      expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "circuit-open", lastError: new Timeout() })
      expect([yield* tokensOf("host"), yield* tokensOf("tenant")]).toEqual([10, 10])
    }))

  it("waits for one circuit after the other, inside its deadline", () =>
    Effect.gen(function* () {
      yield* trip("host")
      yield* TestClock.adjust("200 millis")
      yield* trip("tenant")
      const patient = (deadline: Duration.DurationInput) =>
        Truce.protectAll(answering, { keys, classify, retry: { whenOpen: "wait", deadline } })
      expect(yield* Effect.flip(patient("299 millis"))).toMatchObject({ key: "host" })
      const fiber = yield* Effect.fork(patient("5 seconds"))
      yield* TestClock.adjust("499 millis")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe("hello")
      expect([yield* statusOf("host"), yield* statusOf("tenant")]).toEqual(["HalfOpen", "HalfOpen"])
    }))

  it("passes its turn at one circuit on when another one rejects it", () =>
    Effect.gen(function* () {
      yield* trip("host")
      yield* CircuitBreaker.isolate("tenant", "unpaid")
      yield* TestClock.adjust("500 millis")
      const probe = yield* Effect.fork(Truce.protect(Effect.never, { key: "host", classify }))
      const retry = { whenOpen: "wait", deadline: "5 seconds" } as const
      const first = yield* Effect.fork(Effect.flip(Truce.protectAll(answering, { keys, classify, retry })))
      yield* settled
      const next = yield* Effect.fork(Truce.protect(answering, { key: "host", classify, retry }))
      yield* settled
      yield* Fiber.interrupt(probe)
      expect(yield* Fiber.join(first)).toMatchObject({ key: "tenant", state: "Isolated" })
      expect(yield* Fiber.join(next)).toBe("hello")
    }))

  it("interrupts an attempt that takes too long, and ends there where a timeout must not be sent twice", () =>
    Effect.gen(function* () {
      const { effect, runs } = scripted<string, never, never>(Effect.never)
      const insert = Truce.protectAll({ keys, classify, attemptTimeout: "1 second", retry: { retryTimeouts: false } })
      expect(yield* atOnce(Effect.flip(insert(effect)))).toMatchObject({ _tag: "AttemptTimeout", key: "host + tenant" })
      expect(runs()).toBe(1)
    }))
})

const attemptsOf = (error: unknown) => (error instanceof Object && "attempts" in error ? error.attempts : [])

on(() =>
  steady({
    limits: { attempts: 5 },
    overrides: { host: { retry: { attempts: 4 } }, tenant: { retry: { attempts: 6 }, limits: { attempts: 2 } } }
  })
)("takes options from the first key, and the strictest limits of all", () =>
  Effect.gen(function* () {
    const alone = yield* atOnce(Effect.flip(Truce.protectAll(failing, { keys: ["host", "other"], classify })))
    expect(attemptsOf(alone)).toHaveLength(4)
    expect(attemptsOf(yield* atOnce(Effect.flip(both(failing))))).toHaveLength(2)
  })
)

on(() => steady({ overrides: { tenant: { budget: RetryBudget.ratio({ capacity: 1, ratio: 0 }) } } }))(
  "sends no retry that one key cannot afford, and gives back what another has paid",
  () =>
    Effect.gen(function* () {
      const poor = () => Effect.flip(Truce.protectAll(failing, { keys, classify, retry: { attempts: 2 } }))
      expect(yield* atOnce(poor())).toMatchObject({ reason: "attempts" })
      const before = yield* tokensOf("host")
      expect(yield* atOnce(poor())).toMatchObject({ reason: "budget" })
      expect(yield* tokensOf("host")).toBe(before)
    })
)

on(() => steady())("gives every permit back however ten thousand callers end", () =>
  Effect.gen(function* () {
    yield* trip("host")
    yield* TestClock.adjust("500 millis")
    const ends: ReadonlyArray<Effect.Effect<string, ApiError>> = [
      answering,
      failing,
      Effect.die("boom"),
      Effect.interrupt,
      Effect.never
    ]
    const fibers = yield* Effect.forEach(Array.from({ length: 10_000 }), (_, index) =>
      Effect.fork(both(ends[index % ends.length] ?? answering))
    )
    yield* TestClock.adjust("1 minute")
    yield* Fiber.interruptAll(fibers)
    for (const key of keys) expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
  })
)
