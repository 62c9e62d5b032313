import { Backoff, Call, CallPolicy, Caller, Limits, Outcome, RetryBudget, Trail } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { failure, timeout } from "./support.ts"

const budget = RetryBudget.saturation()
const plain = CallPolicy.make({ backoff: { jitter: "none" }, deadlineMillis: 1_000 })
const after = (retryAfterMillis: number) => Outcome.failure({ retryAfterMillis })
type Input = Call.Input<string, number, string, string>
type Next = Caller.Next<string, string, string>
const failed = (outcome: Outcome.Outcome = failure): Input => ({ _tag: "Failed", attempt: "failed", outcome })

const means = (policy: CallPolicy.CallPolicy): Caller.Means => ({ policy, budget, random: () => 0.5 })

/** What a call does that has failed so often before, all at once. */
const following = (
  inputs: ReadonlyArray<readonly [at: number, input: Input]>,
  policy: CallPolicy.CallPolicy = plain,
  tokens = 10
) => {
  let caller: Caller.Caller<string> = { call: Call.make(0), tokens: { tokens, at: 0 } }
  let next: Next = { _tag: "Ask" }
  for (const [at, input] of inputs) {
    const [then, does]: readonly [typeof caller, Next] = Caller.step(means(policy), caller, input, at)
    caller = then
    next = does
  }
  return { next, caller }
}

const after1 = (outcome: Outcome.Outcome, at = 10, tokens = 10, policy = plain) =>
  following([[at, failed(outcome)]], policy, tokens)

describe("a call that failed", () => {
  it.each([
    ["the backoff", failure, 10, 100],
    ["a longer wish of the dependency", after(700), 10, 700],
    ["the backoff, and not a shorter wish", after(30), 10, 100],
    ["what just meets the deadline", failure, 900, 100]
  ])("pays, and then sleeps for %s", (_, outcome, at, delayMillis) => {
    const { caller, next } = after1(outcome, at)
    expect(next).toEqual({ _tag: "Sleep", delayMillis })
    expect(caller.tokens.tokens).toBe(9)
    expect(Call.owed(caller.call)).toBe(1)
  })

  it.each([
    ["the delay would end after the deadline", after1(failure, 901), "deadline"],
    ["the deadline is over", after1(failure, 5_000), "deadline"],
    ["the wish is past the deadline", after1(after(991)), "deadline"],
    ["the wish is longer than is waited for", after1(after(5_001), 0, 10, CallPolicy.make()), "deadline"],
    ["the budget cannot afford it", after1(failure, 10, 0.5), "budget"],
    ["its attempts are used up", after1(failure, 10, 10, CallPolicy.make({ attempts: 1 })), "attempts"],
    [
      "its attempts are used up and the budget too",
      after1(failure, 10, 0, CallPolicy.make({ attempts: 1 })),
      "attempts"
    ],
    ["it cannot be sent again", after1(failure, 10, 10, { ...plain, isRepeatable: false }), "not-repeatable"]
  ] as const)("stops where %s", (_, { caller, next }, reason) => {
    expect(next).toMatchObject({ _tag: "Stop", reason })
    expect(Call.owed(caller.call)).toBe(undefined)
  })

  it("counts what it keeps of an attempt, whatever that is", () => {
    const policy = CallPolicy.make({ attempts: 1 })
    const input = { _tag: "Failed", attempt: undefined, outcome: failure } as const
    expect(Call.step(policy, Call.make<undefined, number>(0), input, 10)[1]).toMatchObject({ trail: [undefined] })
  })

  it("stops where its schedule has ended", () => {
    const [planned] = Call.step(plain, Call.make<string, number>(0), failed(), 10)
    const [, next] = Call.step(plain, planned, { _tag: "Planned", delayMillis: undefined }, 10)
    expect(next).toEqual({ _tag: "Stop", reason: "attempts", trail: ["failed"] })
  })

  it("goes on with its backoff, by the delay before where the jitter is decorrelated", () => {
    const twice = [
      [10, failed()],
      [150, failed()]
    ] as const
    expect(following(twice).next).toEqual({ _tag: "Sleep", delayMillis: 200 })
    const decorrelated = CallPolicy.make({ attempts: 9, backoff: { jitter: "decorrelated" } })
    expect(
      following(
        [
          [0, failed(after(400))],
          [0, failed()]
        ],
        decorrelated
      ).next
    ).toMatchObject({ delayMillis: 650 })
  })

  it("returns what is final, whatever is left", () => {
    const final = { _tag: "Finished", result: "no such user" } as const
    const returned = { _tag: "Return", result: "no such user" }
    expect(following([[10, final]]).next).toEqual(returned)
    expect(
      following([
        [10, failed()],
        [120, final]
      ]).next
    ).toEqual(returned)
  })
})

describe("a call that sleeps", () => {
  const asleep = [[10, failed()]] as const
  const woken = (by: "time" | "opening" | "admission", at = 110) => [...asleep, [at, { _tag: "Woken", by }]] as const

  it("asks when its time has come", () => {
    expect(following(woken("time")).next).toEqual({ _tag: "Ask" })
  })

  it("stops at an opening, and gets back what it paid", () => {
    const { caller, next } = following(woken("opening"))
    expect(next).toMatchObject({ _tag: "Stop", reason: "circuit-open" })
    expect(caller.tokens.tokens).toBe(10)
  })

  it("stops where limits were set meanwhile", () => {
    const { caller } = following(asleep)
    const stopped = (limits: Partial<Limits.Limits>, at: number) =>
      Call.step(
        Limits.within(plain, { ...Limits.unlimited, ...limits }),
        caller.call,
        { _tag: "Woken", by: "time" },
        at
      )
    expect(stopped({ attempts: 1 }, 110)[1]).toMatchObject({ _tag: "Stop", reason: "attempts" })
    expect(stopped({ deadlineMillis: 100 }, 110)[1]).toMatchObject({ _tag: "Stop", reason: "deadline" })
    expect(stopped({ deadlineMillis: 110 }, 110)[1]).toEqual({ _tag: "Ask" })
    expect(Call.owed(stopped({ attempts: 1 }, 110)[0])).toBe(1)
  })

  it("owes nothing once its attempt was sent", () => {
    const { caller, next } = following(woken("time"))
    expect(next).toEqual({ _tag: "Ask" })
    expect(Call.owed(caller.call)).toBe(1)
    const { call } = Caller.sent(caller)
    expect(call).toMatchObject({ paid: 1, isSent: true })
    expect(Call.owed(call)).toBe(undefined)
  })
})

describe("a call that is rejected", () => {
  const rejected = { _tag: "Rejected", rejection: "open" } as const
  const late = { _tag: "Late", rejection: "open" } as const
  const refused = { _tag: "Refuse", rejection: "open" }
  const patient = { ...plain, whenOpen: "wait" } as const

  it("returns the rejection where it made no attempt, and stops where it did, with what it paid", () => {
    expect(following([[0, rejected]]).next).toEqual(refused)
    const { caller, next } = following([
      [10, failed()],
      [110, { _tag: "Woken", by: "time" }],
      [110, rejected]
    ])
    expect(next).toMatchObject({ _tag: "Stop", reason: "circuit-open" })
    expect(caller.tokens.tokens).toBe(10)
  })

  it("waits inside its deadline where it is to, and keeps what it paid", () => {
    const waiting = [
      [10, failed()],
      [110, { _tag: "Woken", by: "time" }],
      [110, rejected]
    ] as const
    const { caller, next } = following(waiting, patient)
    expect(next).toEqual({ _tag: "AwaitAdmission", withinMillis: 890, rejection: "open" })
    expect(Call.owed(caller.call)).toBe(1)
    expect(following([...waiting, [400, { _tag: "Woken", by: "admission" }]], patient).next).toEqual({ _tag: "Ask" })
    const ended = following([...waiting, [1_000, late]], patient)
    expect(ended.next).toMatchObject({ _tag: "Stop", reason: "circuit-open" })
    expect(ended.caller.tokens.tokens).toBe(10)
  })

  it("returns the rejection where no admission came in time for a first attempt", () => {
    const first = [0, rejected] as const
    expect(following([first, [1_000, late]], patient).next).toEqual(refused)
    expect(following([first, [900, { _tag: "Woken", by: "admission" }]], patient).next).toEqual({ _tag: "Ask" })
  })
})

describe("a trail", () => {
  it("has no delay before an attempt that was made beside another", () => {
    const first = Trail.place({ count: 0, last: undefined }, 0, { startedAt: 0, endedAt: 50 })
    expect(Trail.place({ count: 1, last: first }, 0, { startedAt: 20, endedAt: 30 }).delayMillis).toBe(0)
  })

  it("counts what failed on a key, and not what was answered, ignored or is of another key", () => {
    const trail = (["Failure", "Answered", "Ignored", "Success", "Failure"] as const).map((outcome, index) => ({
      key: index === 4 ? "b" : "a",
      outcome
    }))
    expect([Trail.failed(trail, "a"), Trail.failed(trail, "b"), Trail.failed(trail, "c")]).toEqual([1, 1, 0])
  })
})

it("makes 3 attempts without a deadline and waits for a Retry-After of up to 5 s by default", () => {
  const { backoff, ...rest } = CallPolicy.make()
  expect(backoff).toEqual(Backoff.defaults)
  expect(rest).toEqual({
    attempts: 3,
    deadlineMillis: Infinity,
    maxRetryAfterMillis: 5_000,
    whenOpen: "stop",
    isRepeatable: true
  })
})

const outcomes = fc.array(
  fc.record({
    millis: fc.nat({ max: 500 }),
    outcome: fc.oneof(fc.constant(failure), fc.constant(timeout), fc.nat({ max: 3_000 }).map(after)),
    isRejected: fc.boolean(),
    isWoken: fc.boolean(),
    isFinal: fc.boolean(),
    waitMillis: fc.nat({ max: 700 })
  }),
  { minLength: 10, maxLength: 10 }
)
const policies = fc.record({
  attempts: fc.integer({ min: 1, max: 8 }),
  deadlineMillis: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 5_000 })),
  maxRetryAfterMillis: fc.integer({ min: 1, max: 2_000 }),
  whenOpen: fc.constantFrom("stop" as const, "wait" as const)
})
const limits = fc.record({
  attempts: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 4 })),
  deadlineMillis: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 2_000 })),
  maxRetryAfterMillis: fc.oneof(fc.constant(Infinity), fc.nat({ max: 1_000 }))
})

it("no history lets a call make more attempts, start one later or wait longer than policy and limits allow, and what is paid is spent or given back", () => {
  fc.assert(
    fc.property(
      policies,
      limits,
      outcomes,
      fc.double({ min: 0, max: 4, noNaN: true }),
      (options, most, found, tokens) => {
        const policy = Limits.within(CallPolicy.make({ ...options, backoff: { jitter: "none" } }), most)
        const at: { caller: Caller.Caller<string>; next: Next } = {
          caller: { call: Call.make(0), tokens: { tokens, at: 0 } },
          next: { _tag: "Ask" }
        }
        let now = 0
        let sent = 0
        let spent = 0
        const put = (input: Input): Next => {
          ;[at.caller, at.next] = Caller.step<string, string, string>(means(policy), at.caller, input, now)
          return at.next
        }
        for (const { isFinal, isRejected, isWoken, millis, outcome, waitMillis } of found) {
          if (at.next._tag === "Sleep") {
            expect(at.next.delayMillis).toBeLessThanOrEqual(Math.max(2_000, policy.maxRetryAfterMillis))
            now += at.next.delayMillis
            put({ _tag: "Woken", by: isWoken ? "opening" : "time" })
          }
          if (
            isRejected &&
            at.next._tag === "Ask" &&
            put({ _tag: "Rejected", rejection: "open" })._tag === "AwaitAdmission"
          ) {
            now += waitMillis
            put(now > policy.deadlineMillis ? { _tag: "Late", rejection: "open" } : { _tag: "Woken", by: "admission" })
          }
          if (at.next._tag !== "Ask") break
          expect(sent).toBeLessThan(policy.attempts)
          expect(sent === 0 || now <= policy.deadlineMillis).toBe(true)
          spent += at.caller.call.paid ?? 0
          at.caller = Caller.sent(at.caller)
          sent++
          now += millis
          put(isFinal ? { _tag: "Finished", result: "" } : { _tag: "Failed", attempt: "", outcome })
        }
        const { caller, next } = at
        const reserved = Call.owed(caller.call) ?? 0
        const isOver = next._tag === "Return" || next._tag === "Refuse" || next._tag === "Stop"
        expect(caller.tokens.tokens).toBeCloseTo(tokens - spent - (isOver ? 0 : reserved), 9)
      }
    ),
    { numRuns: 500 }
  )
})
