import { describe, expect, it } from "vitest"
import * as Designs from "../src/Designs.ts"
import * as Flaws from "../src/Flaws.ts"
import * as Headline from "../src/Headline.ts"
import { mean } from "../src/Metric.ts"
import { run } from "../src/Run.ts"
import * as Scenarios from "../src/Scenarios.ts"

const design = (name: string) => {
  const found = Designs.find(name)
  if (found === undefined) throw new Error(`no design ${name}`)
  return found
}

describe("an outage at one call a minute is exact", () => {
  const row = Headline.rows.find(({ name }) => name === "outage-by-the-minute")
  it.each(Headline.columns.filter((column) => column !== "sre-throttle-1.5"))("%s", (column) => {
    const result = run(Scenarios.outageByTheMinute, design(column), { seed: 1 })
    expect(row?.metrics.map((metric) => metric.of(result))).toEqual(row?.reference[column])
  })

  it("but for the throttle, which draws: 1 + 1/2 + 1/6 attempts a call, and a little less for what it remembers", () => {
    const runs = Array.from({ length: 40 }, (_, seed) =>
      run(Scenarios.outageByTheMinute, design("sre-throttle-1.5"), { seed })
    )
    const wasted = runs.reduce((sum, result) => sum + result.wasted, 0) / runs.length
    expect(wasted).toBeGreaterThan(96)
    expect(wasted).toBeLessThan(102)
  })
})

describe("three attempts a call, one after another, from cold", () => {
  const sequential = Flaws.find("fifteen-for-five")?.scenario
  it.each([
    ["seed-fused", 15, 15_000],
    ["effect-consecutive", 15, 15_000],
    ["outside-consecutive", 5, 4_000],
    ["seed-option-a", 5, 4_000],
    ["truce", 10, 9_000]
  ] as const)("%s opens with attempt %i at %i ms", (name, absorbed, detectMillis) => {
    if (sequential === undefined) throw new Error("no such flaw")
    expect(run(sequential, design(name), { seed: 1 })).toMatchObject({ absorbed, detectMillis })
  })
})

describe("a brownout that opens nothing is the closed form", () => {
  it.each([
    [10, 100],
    [30, 100],
    [50, 10]
  ] as const)(
    "%i %% errors at %i calls a second: 1 - p^3 of the calls at 1 + p + p^2 attempts each",
    (percent, perSecond) => {
      const p = percent / 100
      const result = run(Scenarios.brownoutAt(percent, perSecond)(600_000), design("retry-only"), { seed: 1 })
      expect(result.availability).toBeCloseTo(1 - p ** 3, 1)
      expect(Math.abs((result.availability ?? 0) - (1 - p ** 3))).toBeLessThan(0.01)
      expect(Math.abs((result.load ?? 0) - (1 + p + p * p))).toBeLessThan(0.02)
    }
  )
})

/** Cells that chance moves little: three runs are enough to tell. */
const steady: ReadonlyArray<readonly [row: string, columns: ReadonlyArray<Headline.Column>]> = [
  ["outage-10", ["seed-fused", "outside-consecutive", "truce"]],
  [
    "outage-100",
    ["retry-only", "seed-fused", "effect-consecutive", "outside-consecutive", "truce", "sre-throttle-1.5"]
  ],
  ["blackhole", ["seed-fused", "effect-consecutive", "outside-consecutive", "truce-additive", "truce"]],
  ["brownout-10-100", ["retry-only", "effect-consecutive", "outside-consecutive", "truce"]],
  ["brownout-30-100", ["retry-only", "effect-consecutive", "effect-consecutive-short", "truce", "truce-slow-start"]],
  ["brownout-50-10", ["retry-only", "effect-consecutive", "truce"]],
  ["brownout-50-100", ["retry-only", "truce", "seed-callback", "truce-additive"]],
  ["brownout-busy", ["truce", "truce-slow-start"]],
  ["poison", ["retry-only", "truce"]],
  ["flapping", ["retry-only", "effect-consecutive", "truce"]]
]

describe("the headline table, three runs a cell, within its tolerances", () => {
  for (const [name, columns] of steady) {
    it.each(columns)(`${name}: %s`, (column) => {
      const row = Headline.rows.find((row) => row.name === name)
      if (row === undefined) throw new Error(`no row ${name}`)
      const results = row.scenarios.map((scenario, index) => run(scenario, design(column), { seed: index + 1 }))
      row.metrics.forEach((metric, index) => {
        if (metric.name === "recovery") return
        const found = mean(metric, results)
        const reference = row.reference[column][index] ?? null
        if (reference === null || found === null) {
          expect(found, metric.name).toBe(reference)
          return
        }
        const allowed = metric.unit === "%" ? row.points : metric.name === "load" ? 0.03 : 0.15 * reference
        expect(Math.abs(found - reference), `${metric.name}: ${found} for ${reference}`).toBeLessThanOrEqual(allowed)
      })
    })
  }
})

describe("five failing calls in a row by chance, 50 % errors at 100 calls a second", () => {
  it("come about once in six minutes: (p^-15 - 1) / (1 - p^3) calls", () => {
    const seeds = Array.from({ length: 40 }, (_, index) => index + 1)
    const scenario = Scenarios.brownoutAt(50, 100)()
    const opened = seeds.filter((seed) => run(scenario, design("effect-consecutive"), { seed }).opens > 0).length
    const calls = (0.5 ** -15 - 1) / (1 - 0.5 ** 3)
    const expected = seeds.length * (1 - Math.exp((-60 * 100) / calls))
    // Three standard deviations of a count.
    expect(Math.abs(opened - expected), `${opened} for ${expected}`).toBeLessThan(3 * Math.sqrt(expected))
  })
})

describe("bursts of 500 calls a second with 50 % errors", () => {
  it("take no call from a budget with room for 100 retries at once", () => {
    const scenario = Scenarios.burstyBrownout()
    const free = run(scenario, design("retry-only"), { seed: 1 })
    const paid = run(scenario, design("truce-budget-100"), { seed: 1 })
    expect(paid.opens).toBe(0)
    expect(Math.abs((paid.availability ?? 0) - (free.availability ?? 1))).toBeLessThan(0.02)
  })
})

describe("callers in a loop that share a circuit", () => {
  const seeds = [1, 2, 3]
  it.each(Headline.closedLoop.filter(({ callers }) => callers <= 50))("$callers callers before a blackhole", (row) => {
    for (const column of Headline.closedLoopColumns) {
      const results = seeds.map((seed) => run(row.scenarios.blackhole, design(column), { seed }))
      const mean = (of: (result: (typeof results)[number]) => number | null) =>
        results.reduce((sum, result) => sum + (of(result) ?? NaN), 0) / seeds.length
      const [absorbed, wasted] = row.reference[column].blackhole
      expect(Math.abs(mean((result) => result.absorbed) / absorbed - 1), `${column}: absorbed`).toBeLessThanOrEqual(
        0.15
      )
      expect(Math.abs(mean((result) => result.wasted) / wasted - 1), `${column}: wasted`).toBeLessThanOrEqual(0.15)
    }
  })

  it("all become probes of the original class at once, and one of Truce", () => {
    for (const callers of [10, 50]) {
      const scenario = Scenarios.closedLoop(callers, "blackhole")
      expect(run(scenario, design("seed-fused"), { seed: 1 }).peakProbes).toBeGreaterThan(callers / 2)
      expect(run(scenario, design("truce"), { seed: 1 }).peakProbes).toBe(1)
    }
  })
})
