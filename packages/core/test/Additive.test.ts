import { HealthModel, Traffic } from "@truce/core"
import { describe, expect, it } from "vitest"
import { bears } from "./support.ts"

describe("additive", () => {
  it.each([
    [{}, 3],
    [{ down: 0.5 }, 1],
    [{ down: 0.2, openBelow: 0.3 }, 3],
    [{ down: 1 }, 0],
    [{ down: 0.1 }, 9]
  ])("with %o bears %d failed attempts of one call", (options, failures) => {
    expect(bears(HealthModel.additive(options))).toBe(failures)
  })

  it("is the same reference where the score stays", () => {
    const model = HealthModel.additive()
    expect(model.observe(model.init, { failure: 0, success: 1, raw: 0 }, Traffic.none, 0)).toBe(model.init)
  })
})
