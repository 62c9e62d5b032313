import { CircuitBreaker, HealthScore, Outcome, Truce } from "@truce/effect3"
import { Advance, Forced, Recorder, Script } from "@truce/effect3/testing"
import { Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import { describe, expect } from "vitest"
import { NotFound, Timeout, answering, classify, failing, key, missing, on, peek, settled, steady } from "../support.ts"

const test = on(() => steady({ circuit: { openFor: "700 millis" } }))

const protect = Truce.protect({ key, classify, slowAfter: "1 second" })

/** Runs a call to its end, however long it takes. */
const ended = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.exit(self))
    yield* Advance.until(Effect.map(peek(fiber), Option.isSome))
    return yield* Fiber.join(fiber)
  })

describe("a record", () => {
  test("tells each attempt in words", () =>
    Effect.gen(function* () {
      const record = yield* Recorder.make
      const fetchName = yield* Script.make([
        Script.fails(new Timeout()),
        Script.after("2 seconds", Script.succeeds("Ada")),
        Script.fails(new NotFound({ id: "1" })),
        Script.dies(new RangeError("bug")),
        Script.succeeds("Ada"),
        Script.hangs()
      ])
      for (let n = 0; n < 4; n++) yield* ended(protect(fetchName()))
      const hanging = yield* Effect.fork(protect(fetchName()))
      yield* settled
      expect(record.attempts(key)).toEqual([
        "failure Timeout",
        "slow success",
        "answered NotFound",
        "failure RangeError",
        "success",
        "running"
      ])
      yield* Fiber.interrupt(hanging)
      expect(record.attempts(key).at(-1)).toMatch(/^ignored/)
    }))

  test("tells each call by how it ended and after how many attempts", () =>
    Effect.gen(function* () {
      const record = yield* Recorder.make
      yield* ended(protect(answering))
      yield* ended(protect(missing))
      yield* ended(protect(failing))
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* ended(protect(answering))
      expect(record.calls(key)).toEqual([
        "success after 1 attempt",
        "permanent after 1 attempt",
        "exhausted after 3 attempts (attempts)",
        "rejected after 0 attempts"
      ])
    }))

  test("tells rejections by the state, and retries by what was paid", () =>
    Effect.gen(function* () {
      const record = yield* Recorder.make
      yield* ended(protect(failing))
      yield* Forced.set(key, "HalfOpen")
      yield* ended(protect(answering))
      yield* Forced.set(key, "Isolated")
      yield* ended(protect(answering))
      expect(record.rejections(key)).toEqual(["HalfOpen", "Isolated"])
      expect(record.retries(key)).toEqual(["paid 1, 9 left", "paid 1, 8.9 left"])
    }))

  test("tells transitions, forced ones and their consequences", () =>
    Effect.gen(function* () {
      const record = yield* Recorder.make
      yield* Forced.set(key, "Open")
      yield* Advance.untilAdmits(key)
      yield* protect(answering)
      yield* protect(answering)
      expect(record.transitions(key)).toEqual(["Closed -> Open", "Open -> HalfOpen", "HalfOpen -> Closed"])
      expect(record.attempts(key)).toEqual(["success", "success"])
    }))

  test("keeps keys apart", () =>
    Effect.gen(function* () {
      const record = yield* Recorder.make
      yield* protect(answering)
      yield* CircuitBreaker.isolate("billing", "maintenance")
      expect(record.attempts("billing")).toEqual([])
      expect(record.transitions(key)).toEqual([])
      expect(record.events(key).map(({ _tag }) => _tag)).toEqual(["Admitted", "Settled", "Called"])
      expect(record.events().map((event) => event.key)).toEqual([key, key, key, "billing"])
    }))

  test("begins where it is made, can be cleared, and ends with its scope", () =>
    Effect.gen(function* () {
      yield* protect(answering)
      const scope = yield* Scope.make()
      const record = yield* Scope.extend(Recorder.make, scope)
      yield* protect(answering)
      const events = record.events()
      yield* record.clear
      expect(events).toHaveLength(3)
      expect(record.events()).toEqual([])
      yield* protect(answering)
      yield* Scope.close(scope, Exit.void)
      yield* protect(answering)
      expect(record.attempts(key)).toHaveLength(1)
    }))

  test("has a timeline of everything, with the time since it began", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      const record = yield* Recorder.make
      yield* ended(protect((yield* Script.make([Script.fails(new Timeout()), Script.succeeds("Ada")]))()))
      yield* HealthScore.record(key, Outcome.failure())
      yield* CircuitBreaker.isolate(key, "maintenance")
      yield* ended(protect(answering))
      expect(record.timeline(key)).toEqual([
        "     0 ms  attempt 1 admitted",
        "     0 ms  attempt 1: failure Timeout",
        "   100 ms  attempt 2 admitted",
        "   100 ms  retry, paid 1, 9 left",
        "   100 ms  attempt 2: success",
        "   100 ms  call: success after 2 attempts",
        "   100 ms  evidence from outside: failure",
        "   100 ms  Closed -> Isolated, score 0.82, maintenance",
        "   100 ms  rejected, Isolated",
        "   100 ms  call: rejected after 0 attempts"
      ])
      expect(record.timeline()[0]).toBe("     0 ms  users-api: attempt 1 admitted")
    }))
})

describe("an expectation", () => {
  const recorded = Effect.gen(function* () {
    const record = yield* Recorder.make
    yield* ended(protect(failing))
    yield* Forced.set(key, "Open")
    return record
  })

  test("is met by the number or by the very words", () =>
    Effect.gen(function* () {
      const record = yield* recorded
      yield* record.expect(key, {})
      yield* record.expect(key, { attempts: 3, calls: 1, rejections: 0, retries: 2, transitions: 2 })
      yield* record.expect(key, {
        attempts: ["failure Timeout", "failure Timeout", "failure Timeout"],
        calls: ["exhausted after 3 attempts (attempts)"],
        rejections: [],
        retries: ["paid 1, 9 left", "paid 1, 8.9 left"],
        transitions: ["Closed -> Closed", "Closed -> Open"]
      })
      yield* record.expect("billing", { attempts: 0, transitions: [] })
    }))

  for (const of of ["attempts", "calls", "rejections", "retries", "transitions"] as const) {
    for (const expected of [7, ["other"]]) {
      test(`of ${of} fails where ${JSON.stringify(expected)} was not recorded`, () =>
        Effect.gen(function* () {
          const record = yield* recorded
          const error = yield* Effect.flip(record.expect(key, { [of]: expected }))
          expect(error.mismatches).toEqual([{ of, expected, actual: record[of](key) }])
        }))
    }
  }

  test("minds the order", () =>
    Effect.gen(function* () {
      const record = yield* recorded
      const error = yield* Effect.flip(record.expect(key, { transitions: ["Closed -> Open", "Closed -> Closed"] }))
      expect(error._tag).toBe("ExpectationFailed")
    }))

  test("fails with every difference and the timeline", () =>
    Effect.gen(function* () {
      const record = yield* Recorder.make
      yield* protect(answering)
      const error = yield* Effect.flip(
        record.expect(key, { attempts: ["failure Timeout", "success"], calls: 1, transitions: ["Closed -> Open"] })
      )
      expect(error.message).toBe(
        [
          "users-api: expected attempts 2: failure Timeout, success, got 1: success",
          "users-api: expected transitions 1: Closed -> Open, got none",
          "what happened to users-api:",
          "       0 ms  attempt 1 admitted",
          "       0 ms  attempt 1: success",
          "       0 ms  call: success after 1 attempt"
        ].join("\n")
      )
      const unknown = yield* Effect.flip(record.expect("billing", { attempts: 1 }))
      expect(unknown.message).toBe("billing: expected attempts 1, got none\nwhat happened to billing:\n  nothing")
    }))
})
