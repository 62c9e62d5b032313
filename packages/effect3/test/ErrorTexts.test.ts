import { Printable } from "@truce/core"
import { AttemptTimeout, CircuitBreaker, CircuitOpen, Classifier, Logging, RetryExhausted, Truce } from "@truce/effect3"
import { Data, Duration, Effect, Layer, TestClock } from "effect"
import { describe, expect, it as test } from "vitest"
import { defectsOf } from "./platform/Exits.ts"
import { telling } from "./platform/Logs.ts"
import { type ApiError, Unsendable, answering, attempt, classify, failing, key, on, steady, trip } from "./support.ts"

class Db extends Data.TaggedError("Db")<{ readonly message: string }> {}
const classifyDb = Classifier.tags<Db>()({ Db: "retriable" })
const denied = Effect.fail(new Db({ message: "password authentication failed" }))

const it = on(() => steady())

const exhausted = (errors: ReadonlyArray<unknown>) => {
  const [head, ...tail] = errors.map((error, number) => ({
    key,
    number,
    start: Duration.zero,
    duration: Duration.zero,
    delay: Duration.zero,
    outcome: "Failure" as const,
    error,
    state: "Closed" as const,
    score: 1
  }))
  if (head === undefined) throw new Error("no attempt")
  return new RetryExhausted.RetryExhausted({ key, reason: "attempts", attempts: [head, ...tail] })
}

const open = CircuitOpen.make({ key, state: "Open", retryAfter: Duration.seconds(1), health: 0, generation: 1 })
const timeout = new AttemptTimeout.AttemptTimeout({ key, after: Duration.seconds(1) })

describe("a call that failed", () => {
  it("says why: in its message, and as its cause", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Truce.protect(denied, { key, classify: classifyDb, retry: { attempts: 2, base: "0 millis" } })
      )
      expect(error.message).toBe(
        "call to users-api ended after 2 attempts (attempts): Db: password authentication failed, Db: password authentication failed"
      )
      expect(error.cause).toBe(RetryExhausted.isRetryExhausted(error) ? error.lastError : undefined)
      expect(Object.keys(error)).not.toContain("cause")
    }))

  test("is told in few words, however many its attempts and whatever they failed with", () => {
    expect(exhausted(Array.from({ length: 92 }, (_, n) => n)).message).toBe(
      "call to users-api ended after 92 attempts (attempts), the last 10: 82, 83, 84, 85, 86, 87, 88, 89, 90, 91"
    )
    const circular: { self?: unknown } = {}
    circular.self = circular
    class Odd {
      readonly code = 7
    }
    expect(
      exhausted([{ status: 503 }, circular, new Odd(), null, "text", 1n])
        .message.split(": ")
        .slice(1)
        .join(": ")
    ).toBe('Object: {"status":503}, Object, Odd: {"code":7}, null, text, 1')
    expect(exhausted([new Db({ message: "x".repeat(9_000) })]).message.length).toBeLessThan(300)
  })

  it("holds the defect of a classifier beside the error that it was to classify", () =>
    Effect.gen(function* () {
      const broken = Classifier.make<Db>(() => true, {
        outcome: () => {
          throw new Error("boom")
        }
      })
      for (const exit of [
        yield* Effect.exit(Truce.protect(denied, { key, classify: broken })),
        yield* Effect.exit(CircuitBreaker.execute(denied, { key, classify: broken })),
        yield* Effect.exit(CircuitBreaker.executeAll({ keys: [key, "b"], classify: broken })(denied))
      ]) {
        expect(defectsOf(exit).map(String)).toEqual(["Error: boom", "Db: password authentication failed"])
      }
      expect((yield* CircuitBreaker.state(key)).score).toBe(1)
    }))
})

describe("a wait that is no duration", () => {
  const lines: Array<string> = []
  const logged = on(() =>
    Layer.merge(
      steady(),
      telling(({ level, message }) => void lines.push(`${level} ${message}`))
    )
  )

  for (const wish of [NaN, null, "Wed, 21 Oct 2026 07:28:00 GMT", "NaN seconds", {}, true]) {
    logged(`is left out, told of once, and the error lives: ${JSON.stringify(wish)}`, () =>
      Effect.gen(function* () {
        lines.length = 0
        // As from JavaScript, or from a header.
        const given: unknown = wish
        const rule = { retryAfter: () => given as Duration.DurationInput }
        const own = Classifier.tags<Db>()({ Db: Classifier.retriable(rule) })
        const options = { key, classify: own, retry: { attempts: 2, base: "0 millis" } } as const
        for (let call = 0; call < 2; call++) {
          const error = yield* Effect.flip(Truce.protect(denied, options))
          expect(RetryExhausted.isRetryExhausted(error) && error.attempts.length).toBe(2)
        }
        expect(lines.length).toBe(1)
        expect(lines[0]).toContain("WARN Classifier: retryAfter must give a duration or undefined, and gave ")
        expect((yield* CircuitBreaker.state(key)).score).toBeLessThan(1)
      })
    )
  }
})

describe("a circuit that is open", () => {
  it("names the failure that opened it, to who is rejected and to who asks", () =>
    Effect.gen(function* () {
      const execute = CircuitBreaker.execute(denied, { key, classify: classifyDb })
      yield* Effect.repeatN(Effect.exit(execute), 5)
      const error = yield* Effect.flip(execute)
      expect(error.message).toBe("circuit users-api is open (Db: password authentication failed), retry after 500 ms")
      expect(CircuitOpen.isCircuitOpen(error) && error.openedBy).toBe("Db: password authentication failed")
      const { openedBy, text } = yield* CircuitBreaker.explain(key)
      expect(openedBy).toBe("Db: password authentication failed")
      expect(text).toContain("because the score fell to 0.000 (Db: password authentication failed)")
    }))

  it("tells what its last probes came to, and forgets it when it closes", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* TestClock.adjust("500 millis")
      yield* Effect.repeatN(attempt(Effect.fail<ApiError>(new Unsendable())), 39)
      yield* attempt(answering)
      const { probed, text } = yield* CircuitBreaker.explain(key)
      expect(probed).toEqual({ "ignored Unsendable": 40, succeeded: 1 })
      expect(text).toContain("they came to: ignored Unsendable 40 times, succeeded")
      yield* attempt(answering)
      expect(yield* CircuitBreaker.explain(key)).toMatchObject({ status: "Closed", openedBy: undefined, probed: {} })
    }))
})

describe("two copies of the package in one program", () => {
  // Another copy knows the classes by their brand alone.
  const ofAnother = <A extends object>(error: A): unknown =>
    Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error))
  test("agree on what is whose", () => {
    expect([open, timeout, exhausted([1])].map((error) => CircuitOpen.isCircuitOpen(error))).toEqual([
      true,
      false,
      false
    ])
    expect([open, timeout, exhausted([1])].map((error) => AttemptTimeout.isAttemptTimeout(error))).toEqual([
      false,
      true,
      false
    ])
    expect([open, timeout, exhausted([1])].map((error) => RetryExhausted.isRetryExhausted(error))).toEqual([
      false,
      false,
      true
    ])
    expect(CircuitOpen.isCircuitOpen(ofAnother(open))).toBe(true)
    for (const other of [null, undefined, "CircuitOpen", { _tag: "CircuitOpen" }]) {
      expect(CircuitOpen.isCircuitOpen(other)).toBe(false)
    }
  })

  test("a second copy takes a rejection of the first for one", async () => {
    const first = "../src/CircuitOpen.ts"
    const second: typeof CircuitOpen = await import(/* @vite-ignore */ `${first}?copy`)
    expect(second.CircuitOpen).not.toBe(CircuitOpen.CircuitOpen)
    expect([second.isCircuitOpen(open), open instanceof second.CircuitOpen]).toEqual([true, false])
  })
})

test("a structured clone keeps the messages", () => {
  for (const error of [open, timeout, exhausted(["no"])]) {
    expect(error.message.length).toBeGreaterThan(10)
    expect(structuredClone<Error>(error).message).toBe(error.message)
  }
})

describe("a key or a reason with control characters", () => {
  const evil = "users\n2026 level=ERROR fake\u001b[2J\r\u202e"
  const unseen = /[\p{Cc}\p{Bidi_Control}]/u
  const lines: Array<string> = []
  const logged = on(() =>
    Layer.mergeAll(
      Logging.layer.pipe(
        Layer.provideMerge(steady()),
        Layer.provide(telling(({ message }) => void lines.push(message)))
      ),
      Layer.empty
    )
  )

  logged("writes no line of its own, in a log, an error or an explanation", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(evil, "maintenance\nlevel=FATAL injected ")
      const { mode } = yield* CircuitBreaker.state(evil)
      expect(mode.reason).toBe("maintenance level=FATAL injected")
      const rejected = yield* Effect.flip(CircuitBreaker.execute(answering, { key: evil, classify }))
      const { cause, text } = yield* CircuitBreaker.explain(evil)
      for (const line of [...lines, rejected.message, cause, ...text.split("\n")]) expect(line).not.toMatch(unseen)
      expect(text.split("\n")[0]).toContain("users\\u{a}2026 level=ERROR fake\\u{1b}[2J\\u{d}\\u{202e}: forced open")
      expect(lines.length).toBe(1)
      yield* CircuitBreaker.reset(evil, "")
      const failed = yield* Effect.flip(Truce.protect(failing, { key: evil, classify, retry: { attempts: 1 } }))
      expect(failed.message).not.toMatch(unseen)
    })
  )

  test("is shown as it is where it has none", () => {
    expect([Printable.shown("Zürich → 東京 ✓"), Printable.plain("  a b ")]).toEqual(["Zürich → 東京 ✓", "a b"])
  })
})
