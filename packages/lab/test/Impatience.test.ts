import { describe, expect, it } from "vitest"
import { ledger } from "../src/designs/Truce.ts"
import { run } from "../src/Run.ts"
import type { Scenario } from "../src/Scenario.ts"
import * as Scenarios from "../src/Scenarios.ts"
import type { Impatience, Latency, World } from "../src/World.ts"

const seeds = [1, 2, 3]
const medianMillis = 200

const scenario = (perSecond: number, world: Partial<World>, timeoutMillis = 10_000): Scenario => ({
  name: "impatience",
  title: "impatience",
  description: "impatience",
  durationMillis: Math.max(120_000, 1_200_000 / perSecond),
  timeoutMillis,
  fault: { fromMillis: 30_000, untilMillis: 90_000 },
  world: {
    arrivals: { _tag: "Poisson", perSecond },
    service: { latency: { _tag: "Constant", meanMillis: 20 }, servers: null, queue: 0, failureMillis: 2 },
    faults: [],
    ...world
  }
})

describe("callers who hang up on a dependency that is well", () => {
  const lognormal = (sigma: number): Latency => ({
    _tag: "LogNormal",
    meanMillis: medianMillis * Math.exp(sigma ** 2 / 2),
    sigma
  })
  const kinds: ReadonlyArray<readonly [string, Impatience]> = [
    ["4 of 10 after once the median", { share: 0.4, afterMillis: medianMillis }],
    ["4 of 10 after three times the median", { share: 0.4, afterMillis: 3 * medianMillis }],
    ["all after three times the median", { share: 1, afterMillis: 3 * medianMillis }]
  ]
  for (const [who, impatience] of kinds) {
    for (const sigma of [0.3, 0.8, 1.5]) {
      it(`open nothing: ${who}, sigma ${sigma}, at 1, 10 and 100 calls a second`, () => {
        for (const perSecond of [1, 10, 100]) {
          const service = { latency: lognormal(sigma), servers: null, queue: 0, failureMillis: 2 }
          const healthy = scenario(perSecond, { impatience, service })
          for (const seed of seeds)
            expect([perSecond, seed, run(healthy, ledger, { seed, series: false }).opens]).toEqual([perSecond, seed, 0])
        }
      })
    }
  }
})

describe("a hang behind callers who hang up", () => {
  it.each([300, 1_000, 5_000])("opens as fast as with timeouts of %i ms", (afterMillis) => {
    const faults = [{ fromMillis: 30_000, untilMillis: 90_000, effect: { _tag: "Blackhole" } }] as const
    for (const seed of seeds) {
      const behind = scenario(100, { faults, impatience: { share: 1, afterMillis } }, 60_000)
      const timedOut = scenario(100, { faults }, afterMillis)
      const [hung, out] = [behind, timedOut].map((one) => run(one, ledger, { seed, series: false }))
      expect(hung?.detectMillis ?? Infinity).toBeLessThanOrEqual((out?.detectMillis ?? 0) * 1.25)
      expect(hung?.absorbed ?? Infinity).toBeLessThanOrEqual((out?.absorbed ?? 0) * 1.25)
    }
  })
})

it("the catalogue shows both sides", () => {
  const [well, hung] = [Scenarios.impatientCallers(), Scenarios.hangBehindImpatience()].map((one) =>
    run(one, ledger, { seed: 1, series: false })
  )
  expect(well?.opens).toBe(0)
  expect(hung?.detectMillis).toBeLessThan(1_000)
})
