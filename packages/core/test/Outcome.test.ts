import { HttpStatus, Outcome } from "@truce/core"
import { describe, expect, it } from "vitest"
import { failure, throttled } from "./support.ts"

describe("Outcome", () => {
  it("is a failure of weight 1, not saturated and without a wish by default", () => {
    expect(Outcome.failure()).toEqual({
      _tag: "Failure",
      weight: 1,
      saturated: false,
      retryAfterMillis: undefined,
      opens: false
    })
    expect(Outcome.failure({ weight: undefined, saturated: undefined, retryAfterMillis: undefined })).toEqual(failure)
    expect(Outcome.throttleWeight).toBe(0.35)
  })

  it.each([
    [Outcome.success, false],
    [Outcome.slowSuccess, true],
    [failure, false],
    [Outcome.failure({ saturated: true }), true],
    [throttled, true],
    [Outcome.answered, false],
    [Outcome.ignored, false]
  ])("says of %o whether load is the likely cause: %s", (outcome, saturated) => {
    expect(Outcome.isSaturated(outcome)).toBe(saturated)
  })

  it.each([
    [Outcome.success, 100, Outcome.success],
    [Outcome.success, 100.001, Outcome.slowSuccess],
    [Outcome.slowSuccess, 5, Outcome.slowSuccess],
    [failure, 100, failure],
    [failure, 101, { ...failure, saturated: true }],
    [throttled, 101, throttled],
    [Outcome.ignored, 101, Outcome.ignored]
  ])("is, of %o after %d ms with a threshold of 100 ms, %o", (outcome, duration, expected) => {
    expect(Outcome.timed(outcome, duration, 100)).toEqual(expected)
  })

  it("is the same reference where its duration changes nothing", () => {
    for (const outcome of [Outcome.success, failure, Outcome.ignored])
      expect(Outcome.timed(outcome, 1, 2)).toBe(outcome)
    expect(Outcome.timed(throttled, 1e9, 2)).toBe(throttled)
  })

  it.each([
    [Outcome.success, 0, { failure: 0, success: 1, raw: 0 }],
    [Outcome.success, 3, { failure: 0, success: 1, raw: 0 }],
    [Outcome.slowSuccess, 0, { failure: 0.25, success: 0.75, raw: 0.25 }],
    [failure, 0, { failure: 1, success: 0, raw: 1 }],
    [failure, 1, { failure: 0.5, success: 0, raw: 1 }],
    [failure, 2, { failure: 0.25, success: 0, raw: 1 }],
    [throttled, 1, { failure: 0.175, success: 0, raw: 0.35 }],
    [Outcome.ignored, 2, { failure: 0, success: 0, raw: 0 }]
  ])("has, as %o after %d failed attempts, the masses %o", (outcome, failedBefore, mass) => {
    expect(Outcome.mass(outcome, failedBefore, 0.5, 0.25)).toEqual(mass)
  })

  it("weighs every failed attempt in full at a discount of 1, and only the first at 0", () => {
    expect([0, 1, 9].map((failed) => Outcome.mass(failure, failed, 1, 0).failure)).toEqual([1, 1, 1])
    expect([0, 1, 9].map((failed) => Outcome.mass(failure, failed, 0, 0).failure)).toEqual([1, 0, 0])
  })

  it("counts a slow answer as a full success at a slow weight of 0, as a failure at 1", () => {
    expect(Outcome.mass(Outcome.slowSuccess, 0, 0.5, 0)).toEqual({ failure: 0, success: 1, raw: 0 })
    expect(Outcome.mass(Outcome.slowSuccess, 0, 0.5, 1)).toEqual({ failure: 1, success: 0, raw: 1 })
  })
})

describe("an end that was noticed late", () => {
  it.each([
    [200, 200, false],
    [300, 200, false],
    [301, 200, true],
    // Within 50 ms nobody can tell.
    [60, 20, false],
    [70, 20, false],
    [71, 20, true],
    [20_000, Infinity, false]
  ])("of %i ms with a limit of %i ms says that the process had stalled: %s", (took, limit, isStalled) => {
    expect(Outcome.isStalled(took, limit)).toBe(isStalled)
  })
})

describe("HttpStatus", () => {
  const saturated = Outcome.failure({ saturated: true, retryAfterMillis: 2_000 })
  it.each([
    [[200, 204, 301, 399], false, Outcome.success],
    [[400, 401, 404, 409, 422, 499, 501, 505], false, Outcome.answered],
    [[425], true, Outcome.answered],
    [[408, 503, 504], true, saturated],
    [[429], true, Outcome.failure({ weight: 0.35, saturated: true, retryAfterMillis: 2_000 })],
    [[500, 502, 507, 599], true, Outcome.failure({ retryAfterMillis: 2_000 })]
  ])("reads %o with a Retry-After as retriable: %s", (statuses, retriable, outcome) => {
    for (const status of statuses) expect(HttpStatus.read(status, 2_000)).toEqual({ retriable, outcome })
  })

  it("reads a 503 without Retry-After as an error, not as saturation", () => {
    expect(HttpStatus.read(503)).toEqual({ retriable: true, outcome: failure })
  })
})
