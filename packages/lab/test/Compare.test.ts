import { describe, expect, it } from "vitest"
import * as Compare from "../src/Compare.ts"
import * as Designs from "../src/Designs.ts"
import * as Headline from "../src/Headline.ts"
import { metrics } from "../src/Metric.ts"
import { run } from "../src/Run.ts"
import * as Scenarios from "../src/Scenarios.ts"

const truce = Designs.find("truce")
if (truce === undefined) throw new Error("no such design")
const result = run(Scenarios.blip(50, 100), truce, { seed: 1 })
const { availability } = metrics

const row = (reference: number | null): Headline.Row => {
  const [first] = Headline.rows
  if (first === undefined) throw new Error("no rows")
  return { ...first, metrics: [availability], points: 1, reference: { ...first.reference, truce: [reference] } }
}

const verdict = (reference: number | null, availabilities: ReadonlyArray<number | null>) =>
  Compare.compare(
    row(reference),
    "truce",
    availability,
    availabilities.map((availability) => ({ ...result, availability }))
  ).verdict

describe("a cell", () => {
  it("agrees within its tolerance", () => {
    expect(verdict(97.3, [0.97, 0.971, 0.972])).toBe("agrees")
  })
  it("differs beyond it when its runs are alike", () => {
    expect(verdict(97.3, [0.95, 0.951, 0.952])).toBe("differs")
  })
  it("is a matter of chance when three of its runs are as far apart", () => {
    expect(verdict(80, [0.2, 0.9, 0.5, 0.95, 0.3])).toBe("chance")
  })
  it("agrees on never, and differs from it when every run came to it", () => {
    expect(verdict(null, [null, null])).toBe("agrees")
    expect(verdict(null, [0.5, 0.5])).toBe("differs")
    expect(verdict(null, [0.5, null])).toBe("chance")
  })
})
