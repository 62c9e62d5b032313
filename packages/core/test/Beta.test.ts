import { HealthModel } from "@truce/core"
import { describe, expect, it } from "vitest"
import { at, bears, feed, rounded } from "./support.ts"

describe("beta", () => {
  it.each([
    [{}, 7],
    [{ prior: 3 }, 2],
    [{ prior: 20 }, 19]
  ])("with %o bears prior - 1 = %d failed attempts of one call", (options, failures) => {
    expect(bears(HealthModel.beta(options))).toBe(failures)
  })

  it("forgets half its evidence in each half-life", () => {
    const model = HealthModel.beta()
    const { state } = feed(model, at(0, "FFFF"))
    expect(rounded([0, 60_000, 120_000].map((now) => model.score(state, now)))).toEqual(
      rounded([8 / 12, 8 / 10, 8 / 9])
    )
  })

  it("never remembers more than `cap` attempts", () => {
    const model = HealthModel.beta({ cap: 10, prior: 4 })
    const { state } = feed(model, at(0, "SFFSSFSSFTSFSSTFFFSSSSF"))
    expect(state.successes + state.failures).toBeLessThanOrEqual(10 + 1e-9)
  })
})
