import { HealthModel } from "@truce/core"
import { describe, expect, it } from "vitest"
import { at, bears, feed } from "./support.ts"

describe("cusum", () => {
  it.each([
    [{}, 4],
    [{ p0: 0.01, p1: 0.3, arl: 1_000_000 }, 4],
    [{ p0: 0.1, p1: 0.2, arl: 100 }, 6],
    [{ p0: 0.05, p1: 0.95, arl: 2 }, 0]
  ])("with %o bears ceil(ln(arl) / ln(p1 / p0)) - 1 = %d failed attempts of one call", (options, failures) => {
    expect(bears(HealthModel.cusum(options))).toBe(failures)
  })

  it("takes ln((1 - p0) / (1 - p1)) for a success, never below 0", () => {
    const model = HealthModel.cusum()
    const { scores } = feed(model, at(0, "SSF"))
    expect(scores.slice(0, 2)).toEqual([1, 1])
    expect(scores[2]).toBeCloseTo(1 - Math.log(10) / 10, 12)
    expect(feed(model, at(0, "FS")).state.evidence).toBeCloseTo(Math.log(10) - Math.log(0.95 / 0.5), 12)
  })
})
