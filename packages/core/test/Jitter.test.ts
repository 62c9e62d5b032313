import { Jitter } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { seed } from "./support.ts"

describe("Jitter", () => {
  it("draws numbers in [0, 1), the same for the same seed and number", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(), (start, n) => {
        const drawn = Jitter.draw(start, n)
        expect(drawn).toBeGreaterThanOrEqual(0)
        expect(drawn).toBeLessThan(1)
        expect(Jitter.draw(start, n)).toBe(drawn)
      })
    )
  })

  it.each([
    ["numbers of one seed", (i: number) => Jitter.draw(seed, i)],
    ["seeds at one number", (i: number) => Jitter.draw(i, 3)]
  ])("fills ten bins evenly over the %s", (_, draw) => {
    const bins = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 10_000; i++) {
      const bin = Math.floor(draw(i) * 10)
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    // Chi-squared with 9 degrees of freedom is below 40 but once in a hundred thousand.
    expect(bins.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(40)
  })

  it("does not give a seed the draws of its neighbour, sooner or later", () => {
    const draws = (of: number) => Array.from({ length: 100 }, (_, n) => Jitter.draw(of, n))
    for (let shift = 1; shift < 20; shift++) {
      const mine = new Set(draws(seed))
      expect(draws(seed + shift).filter((drawn) => mine.has(drawn))).toEqual([])
    }
  })

  it("does not move two seeds in step", () => {
    const pairs = Array.from({ length: 10_000 }, (_, n) => [Jitter.draw(1, n) - 0.5, Jitter.draw(2, n) - 0.5] as const)
    const correlation = pairs.reduce((sum, [a, b]) => sum + a * b, 0) / pairs.length / (1 / 12)
    expect(Math.abs(correlation)).toBeLessThan(0.05)
  })
})
