import {
  AttemptTimeout,
  CircuitBreaker,
  CircuitOpen,
  InvalidSnapshot,
  PolicyConflict,
  RetryExhausted,
  Truce
} from "@truce/effect3"
import * as FleetStore from "@truce/effect3/FleetStore"
import { SnapshotNotSaved } from "../src/SnapshotNotSaved.ts"
import { Duration, Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { type Codec, json } from "./platform/Schemas.ts"
import { answering, classify, key, on, statusOf, steady, trip } from "./support.ts"

class Timeout extends Schema.TaggedError<Timeout>()("Timeout", { after: Schema.Duration }) {}

const open = {
  key,
  state: "Open",
  retryAfter: Duration.millis(4_200),
  health: 0.08,
  generation: 3
} as const

const first = {
  key,
  number: 0,
  start: Duration.zero,
  duration: Duration.millis(5),
  delay: Duration.zero,
  outcome: "Failure",
  error: new Timeout({ after: Duration.millis(5) }),
  state: "Closed",
  score: 0.8
} as const
const second = {
  ...first,
  number: 1,
  delay: Duration.millis(100),
  start: Duration.millis(105),
  state: "Open",
  score: 0
} as const

const exhausted = new RetryExhausted.RetryExhausted({ key, reason: "circuit-open", attempts: [first, second] })

describe("messages hold their data", () => {
  it.each([
    [CircuitOpen.make(open), "circuit users-api is open, retry after 4.2 s"],
    [CircuitOpen.make({ ...open, state: "HalfOpen" }), "circuit users-api is half-open, retry after 4.2 s"],
    [CircuitOpen.make({ ...open, state: "Isolated", retryAfter: Duration.infinity }), "circuit users-api is isolated"],
    [exhausted, "call to users-api ended after 2 attempts (circuit-open): Timeout, Timeout"],
    [
      new RetryExhausted.RetryExhausted({
        key,
        reason: "budget",
        attempts: [{ ...first, error: new TypeError("no") }]
      }),
      "call to users-api ended after 1 attempt (budget): TypeError: no"
    ],
    [
      new RetryExhausted.RetryExhausted({ key, reason: "deadline", attempts: [{ ...first, error: "refused" }] }),
      "call to users-api ended after 1 attempt (deadline): refused"
    ],
    [new AttemptTimeout.AttemptTimeout({ key, after: Duration.seconds(2) }), "attempt on users-api timed out after 2s"],
    [
      new PolicyConflict.PolicyConflict({ key, field: "permits", existing: 1, requested: 2 }),
      "key users-api already has a policy with permits = 1, requested 2"
    ],
    [new InvalidSnapshot.InvalidSnapshot({ field: "version", rule: "1, got 2" }), "snapshot: version must be 1, got 2"],
    [
      new InvalidSnapshot.InvalidSnapshot({ key, field: "state", rule: "a state" }),
      "snapshot of users-api: state must be a state"
    ],
    [
      new FleetStore.FleetStoreFailed({ reason: "down", isInDoubt: false, detail: "refused" }),
      "the store is down: refused"
    ],
    [
      new SnapshotNotSaved({ key, reason: "store", detail: "disk full" }),
      "circuits were not saved to users-api: disk full"
    ]
  ])("%s", (error, message) => {
    expect(error.message).toBe(message)
    expect(error.name).toBe(error._tag)
    expect(error).toBeInstanceOf(Error)
  })

  it("lists the error of the last attempt", () => {
    expect(exhausted.lastError).toBe(second.error)
  })
})

describe("errors cross a wire as JSON", () => {
  const crosses = <A extends Error, I>(name: string, schema: Codec<A, I>, error: A) =>
    it(name, () => {
      const sent = JSON.stringify(Schema.encodeSync(json(schema))(error))
      const received = Schema.decodeUnknownSync(json(schema))(JSON.parse(sent))
      expect(received).toEqual(error)
      expect(received.constructor).toBe(error.constructor)
      expect(received.message).toBe(error.message)
    })
  const isolated = { ...open, state: "Isolated", retryAfter: Duration.infinity } as const
  const conflict = { key, field: "permits", existing: 1, requested: 2 }
  const timeout = { key, after: Duration.seconds(2) }
  crosses("CircuitOpen", CircuitOpen.CircuitOpen, CircuitOpen.make(open))
  crosses("CircuitOpen without end", CircuitOpen.CircuitOpen, CircuitOpen.make(isolated))
  const fraction = CircuitOpen.make({ ...open, retryAfter: Duration.millis(0.25) })
  crosses("CircuitOpen for a fraction of a millisecond", CircuitOpen.CircuitOpen, fraction)
  crosses("AttemptTimeout", AttemptTimeout.AttemptTimeout, new AttemptTimeout.AttemptTimeout(timeout))
  crosses("PolicyConflict", PolicyConflict.PolicyConflict, new PolicyConflict.PolicyConflict(conflict))
  for (const fields of [
    { field: "version", rule: "1" },
    { key, field: "state", rule: "a state" }
  ]) {
    const error = new InvalidSnapshot.InvalidSnapshot(fields)
    crosses(`InvalidSnapshot of ${fields.field}`, InvalidSnapshot.InvalidSnapshot, error)
  }
  crosses("RetryExhausted", RetryExhausted.schema(Timeout), exhausted)

  it("is refused where an attempt is missing or its error is another", () => {
    const decode = Schema.decodeUnknownOption(RetryExhausted.schema(Timeout))
    const sent = Schema.encodeSync(RetryExhausted.schema(Timeout))(exhausted)
    expect(decode(sent)._tag).toBe("Some")
    expect(decode({ ...sent, attempts: [] })._tag).toBe("None")
    expect(decode({ ...sent, reason: "boredom" })._tag).toBe("None")
    expect(decode({ ...sent, attempts: [{ ...sent.attempts[0], error: { _tag: "Other" } }] })._tag).toBe("None")
  })

  it("is refused for encoding where its attempts hold other errors", () => {
    const other = new RetryExhausted.RetryExhausted({
      key,
      reason: "budget",
      attempts: [{ ...first, error: "refused" }]
    })
    expect(Schema.is(Schema.typeSchema(RetryExhausted.schema(Timeout)))(other)).toBe(false)
    expect(Schema.is(Schema.typeSchema(RetryExhausted.schema(Timeout)))(exhausted)).toBe(true)
  })
})

describe("guards", () => {
  it("tell the errors apart from anything else", () => {
    for (const other of [undefined, null, "CircuitOpen", new Error(), { _tag: "CircuitOpen" }, exhausted]) {
      expect(CircuitOpen.isCircuitOpen(other)).toBe(false)
    }
    expect(CircuitOpen.isCircuitOpen(CircuitOpen.make(open))).toBe(true)
    expect(RetryExhausted.isRetryExhausted(exhausted)).toBe(true)
    expect(RetryExhausted.isRetryExhausted(CircuitOpen.make(open))).toBe(false)
  })
})

describe("a rejection is cheap", () => {
  it("captures no stack trace and leaves the limit as it was", () => {
    const limit = Error.stackTraceLimit
    expect(CircuitOpen.make(open).stack ?? "").not.toContain("\n    at ")
    expect(Error.stackTraceLimit).toBe(limit)
  })

  on(() => steady())("captures none in execute, executeAll and protect", () =>
    Effect.gen(function* () {
      yield* trip()
      const errors = [
        yield* Effect.flip(CircuitBreaker.execute(answering, { key, classify })),
        yield* Effect.flip(CircuitBreaker.executeAll(answering, { keys: [key], classify })),
        yield* Effect.flip(Truce.protect(answering, { key, classify }))
      ]
      expect(yield* statusOf()).toBe("Open")
      for (const error of errors) {
        expect(error._tag).toBe("CircuitOpen")
        expect(error.stack ?? "").not.toContain("\n    at ")
      }
    })
  )
})
