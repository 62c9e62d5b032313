import { Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import "./support.ts"

describe("Traffic", () => {
  it("keeps 1/e of its attempts in a minute", () => {
    const noted = Traffic.add(Traffic.none, 1, 1, 1_000)
    expect(noted).toEqual({ ...Traffic.none, attempts: 1, failures: 1, at: 1_000 })
    expect(Traffic.attempts(noted, 61_000)).toBeCloseTo(Math.exp(-1), 12)
    expect(Traffic.attempts(noted, 0)).toBe(1)
  })

  it("is strained by failures over attempts and the prior", () => {
    let traffic = Traffic.none
    for (const raw of [1, 0, 0.35]) traffic = Traffic.add(traffic, 1, raw, 0)
    expect(Traffic.strain(traffic, 5, 0)).toBeCloseTo(1.35 / 8, 12)
    expect(Traffic.strain(Traffic.none, 5, 0)).toBe(0)
  })

  it("never counts more failures than attempts, on any clock; a success leaves the failures", () => {
    const events = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -1e5, max: 1e5 })))
    fc.assert(
      fc.property(events, (list) => {
        let traffic = Traffic.none
        let now = 1e6
        for (const [raw, step] of list) {
          now += step
          const after = Traffic.add(traffic, 1, raw, now)
          const decayed = Traffic.add(traffic, 1, 0, now)
          expect(after.failures).toBeLessThanOrEqual(after.attempts)
          expect(after.at).toBe(Math.max(traffic.at, now))
          expect(Traffic.strain(after, 5, now)).toBeLessThan(1)
          const kept = now > traffic.at ? Math.exp((traffic.at - now) / Traffic.memoryMillis) : 1
          expect(decayed.failures).toBeCloseTo(traffic.failures * kept, 9)
          traffic = after
        }
      })
    )
  })

  it("remembers its slowest success, half of it after ten minutes", () => {
    const traffic = Traffic.succeeded(Traffic.none, 0, 700, 1_000)
    expect(traffic).toEqual({ attempts: 1, failures: 0, at: 1_000, slowest: 300, succeededAt: 1_000 })
    expect(Traffic.succeeded(traffic, 0, 1_000, 1_100).slowest).toBeCloseTo(300, 1)
    expect(Traffic.succeeded(traffic, 0, 601_000, 601_000).slowest).toBe(150)
    expect(Traffic.succeeded(traffic, 0, 600_500, 601_000).slowest).toBe(500)
    expect(Traffic.succeeded(traffic, 0, undefined, 601_000).slowest).toBe(150)
    expect(Traffic.add(traffic, 1, 1, 601_000).slowest).toBe(300)
  })

  it("learns of an answer that the dependency is there, and how long it took, and counts nothing", () => {
    const answered = Traffic.answered(Traffic.succeeded(Traffic.none, 0, 900, 1_000), 1_500, 2_000)
    expect(answered).toEqual({ attempts: 1, failures: 0, at: 1_000, slowest: 500, succeededAt: 2_000 })
  })

  it("calls an attempt overdue that took as long as the slowest success, while nothing succeeded", () => {
    const traffic = Traffic.succeeded(Traffic.none, 0, 700, 1_000)
    expect(Traffic.isOverdue(traffic, 2_000, 2_298)).toBe(false)
    expect(Traffic.isOverdue(traffic, 2_000, 2_300)).toBe(true)
    // Something has succeeded since it began.
    expect(Traffic.isOverdue(traffic, 1_000, 9_000)).toBe(false)
    expect(Traffic.isOverdue(traffic, 999, 9_000)).toBe(false)
    // None of its successes was timed.
    expect(Traffic.isOverdue(Traffic.none, 2_000, 99_000)).toBe(false)
    expect(Traffic.isOverdue(Traffic.succeeded(Traffic.none, 0, undefined, 1), 2_000, 99_000)).toBe(false)
    // A clock that jumps back does not make it slower.
    expect(Traffic.isOverdue(traffic, 2_000, 1_500)).toBe(false)
  })
})
