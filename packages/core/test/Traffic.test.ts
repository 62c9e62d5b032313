import { Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import "./support.ts"

describe("Traffic", () => {
  it("keeps 1/e of its attempts in a minute", () => {
    const noted = Traffic.note(Traffic.none, 1, 1_000)
    expect(noted).toEqual({ attempts: 1, failures: 1, at: 1_000 })
    expect(Traffic.attempts(noted, 61_000)).toBeCloseTo(Math.exp(-1), 12)
    expect(Traffic.attempts(noted, 0)).toBe(1)
  })

  it("is strained by failures over attempts and the prior", () => {
    let traffic = Traffic.none
    for (const raw of [1, 0, 0.35]) traffic = Traffic.note(traffic, raw, 0)
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
          const after = Traffic.note(traffic, raw, now)
          const decayed = Traffic.note(traffic, 0, now)
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
})
