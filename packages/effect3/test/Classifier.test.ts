// Untagged errors are what is classified here. @effect-diagnostics globalErrorInEffectFailure:skip-file
import { Outcome } from "@truce/core"
import { CircuitOpen, Classifier } from "@truce/effect3"
import { Cause, Duration, Exit, FiberId } from "effect"
import { describe, expect, it } from "vitest"
import { NotFound, Throttled, Timeout, classify, Unsendable } from "./support.ts"

const rejection = CircuitOpen.make({ key: "k", state: "Open", retryAfter: Duration.zero, health: 0, generation: 1 })
const interruption = Cause.interrupt(FiberId.none)

describe("tags", () => {
  it("takes a retriable error for a failure of weight 1", () => {
    expect(classify.classify(Exit.fail(new Timeout()))).toEqual(Outcome.failure())
    expect(classify.isRetriable(new Timeout())).toBe(true)
    expect(classify.permanent(new Timeout())).toBe(false)
  })

  it("takes a permanent error for an answer", () => {
    expect(classify.classify(Exit.fail(new NotFound({ id: "1" })))).toEqual(Outcome.answered)
    expect(classify.retriable(new NotFound({ id: "1" }))).toBe(false)
    expect(classify.permanent(new NotFound({ id: "1" }))).toBe(true)
  })

  it("takes a local error for nothing at all: it ends the call, and the dependency was never asked", () => {
    const local = new Unsendable()
    expect(classify.classify(Exit.fail(local))).toEqual(Outcome.ignored)
    expect([classify.retriable(local), classify.permanent(local)]).toEqual([false, true])
    const same = Classifier.tags<Unsendable>()({ Unsendable: Classifier.local() })
    expect([same.classify(Exit.fail(local))._tag, same.permanent(local)]).toEqual(["Ignored", true])
  })

  it("opens by what a rule says of all callers, with its wish or without", () => {
    const opens = Classifier.tags<Throttled>()({
      Throttled: Classifier.retriable({ weight: 0.35, opens: true, retryAfter: (error) => error.after })
    })
    const throttled = Exit.fail(new Throttled({ after: "30 seconds" }))
    expect(opens.classify(throttled)).toEqual(Outcome.failure({ weight: 0.35, opens: true, retryAfterMillis: 30_000 }))
    const permanent = Classifier.tags<Throttled>()({ Throttled: Classifier.permanent({ weight: 1, opens: true }) })
    expect(permanent.classify(throttled)).toEqual(Outcome.failure({ opens: true }))
    const byStatus = Classifier.status({ status: (error: { readonly status: number }) => error.status, opens: [429] })
    expect(byStatus.classify(Exit.fail({ status: 429 }))).toMatchObject({ _tag: "Failure", weight: 0.35, opens: true })
    expect(byStatus.classify(Exit.fail({ status: 503 }))).toMatchObject({ opens: false })
    expect(byStatus.classify(Exit.fail({ status: 404 }))).toEqual(Outcome.answered)
  })

  it("reads weight, saturation and the wish of an error from its rule", () => {
    expect(classify.failure(Cause.fail(new Throttled({ after: "2 seconds" })))).toEqual(
      Outcome.failure({ weight: 0.35, saturated: true, retryAfterMillis: 2_000 })
    )
  })

  it("can make a permanent error evidence, and a retriable one none", () => {
    const own = Classifier.tags<Timeout | NotFound>()({
      Timeout: Classifier.retriable({ weight: 0 }),
      NotFound: Classifier.permanent({ weight: 0.5, saturated: true })
    })
    expect(own.classify(Exit.fail(new Timeout()))).toEqual(Outcome.ignored)
    expect(own.isRetriable(new Timeout())).toBe(true)
    expect(own.classify(Exit.fail(new NotFound({ id: "1" })))).toEqual(
      Outcome.failure({ weight: 0.5, saturated: true })
    )
    expect(own.isRetriable(new NotFound({ id: "1" }))).toBe(false)
  })

  it("does not retry an error outside the declared type, nor take it for evidence", () => {
    const stranger = Object.assign(new Timeout(), { _tag: "toString" })
    expect(classify.isRetriable(stranger)).toBe(false)
    expect(classify.classify(Exit.fail(stranger))).toEqual(Outcome.ignored)
  })
})

describe("every classifier", () => {
  const all = {
    tags: Classifier.tags<Timeout>()({ Timeout: "retriable" }),
    refine: Classifier.refine((error: Timeout): error is Timeout => error._tag === "Timeout"),
    make: Classifier.make((error: Timeout) => error._tag === "Timeout"),
    status: Classifier.status<Timeout>({ status: () => undefined })
  }
  it.each(Object.entries(all))("reads the exits alike: %s", (_, own) => {
    expect(own.classify(Exit.succeed(1))).toEqual(Outcome.success)
    expect(own.classify(Exit.fail(new Timeout()))).toEqual(Outcome.failure())
    expect(own.classify(Exit.die("boom"))).toEqual(Outcome.failure())
    expect(own.classify(Exit.failCause(interruption))).toEqual(Outcome.ignored)
    expect(own.classify(Exit.failCause(Cause.empty))).toEqual(Outcome.ignored)
  })

  it.each(Object.entries(all))("does not call a rejection by the circuit retriable: %s", (_, own) => {
    expect(own.isRetriable(rejection)).toBe(false)
  })

  it.each(Object.entries(all))("reads the error beside an interruption: %s", (_, own) => {
    expect(own.failure(Cause.parallel(interruption, Cause.fail(new Timeout())))).toEqual(Outcome.failure())
    expect(own.failure(Cause.sequential(Cause.die("boom"), interruption))).toEqual(Outcome.failure())
  })
})

describe("options", () => {
  it("say what a defect is", () => {
    const own = Classifier.tags<Timeout>()({ Timeout: "retriable" }, { defect: Outcome.ignored })
    expect(own.classify(Exit.die("boom"))).toEqual(Outcome.ignored)
  })

  it("say what a value is", () => {
    const own = Classifier.make<Error>(() => true, {
      success: (value) => (value === 500 ? Outcome.failure() : Outcome.success)
    })
    expect(own.success(500)).toEqual(Outcome.failure())
    expect(own.success(200)).toEqual(Outcome.success)
  })

  it("say what an error is, whether retriable or not", () => {
    const outcome = () => Outcome.failure({ weight: 0.1 })
    expect(Classifier.make<Error>(() => false, { outcome }).classify(Exit.fail(new Error()))).toEqual(outcome())
    const refined = Classifier.refine((error: Error): error is TypeError => error instanceof TypeError, { outcome })
    expect(refined.classify(Exit.fail(new Error()))).toEqual(outcome())
  })
})

describe("refine", () => {
  const own = Classifier.refine((error: Error): error is TypeError => error instanceof TypeError)

  it("splits by the test it is given", () => {
    expect([own.isRetriable(new TypeError()), own.permanent(new TypeError())]).toEqual([true, false])
    expect([own.isRetriable(new Error()), own.permanent(new Error())]).toEqual([false, true])
  })

  it("takes an error that is not retriable for an answer", () => {
    expect(own.classify(Exit.fail(new Error()))).toEqual(Outcome.answered)
  })
})

describe("status", () => {
  const own = Classifier.status({
    status: (error: { readonly status?: number; readonly after?: number }) => error.status,
    retryAfter: ({ after }) => (after === undefined ? undefined : Duration.seconds(after))
  })

  it.each([
    [404, false, Outcome.answered],
    [408, true, Outcome.failure({ saturated: true })],
    [429, true, Outcome.failure({ weight: 0.35, saturated: true })],
    [500, true, Outcome.failure()],
    [501, false, Outcome.answered]
  ])("reads %i by the table of HttpStatus", (status, isRetriable, outcome) => {
    expect(own.isRetriable({ status })).toBe(isRetriable)
    expect(own.classify(Exit.fail({ status }))).toEqual(outcome)
  })

  it("reads the wish of the response", () => {
    const outcome = own.classify(Exit.fail({ status: 503, after: 2 }))
    expect(outcome).toEqual(Outcome.failure({ saturated: true, retryAfterMillis: 2_000 }))
  })

  it("takes an error without a status for a failed connection", () => {
    expect(own.isRetriable({})).toBe(true)
    expect(own.classify(Exit.fail({}))).toEqual(Outcome.failure())
  })
})
