/**
 * A second opinion on the cells that differ from the reference: no engine, no core, no queue.
 *
 * Attempts fail independently at the rate of first attempts and retries together; the circuit goes through walks, open times and probes.
 */
import { describe, expect, it } from "vitest"
import * as Designs from "../src/Designs.ts"
import * as Random from "../src/Random.ts"
import { run } from "../src/Run.ts"
import * as Scenarios from "../src/Scenarios.ts"

interface Circuit {
  /** Whether the walk of failures (true) trips; called anew for each closed time. */
  readonly walk: () => (isFailure: boolean) => boolean
  readonly openMillis: (inARow: number, u: number) => number
}

const additive = (): ((isFailure: boolean) => boolean) => {
  let tenths = 10
  return (isFailure) => (tenths = Math.min(10, tenths + (isFailure ? -3 : 5))) <= 0
}

const consecutive = (): ((isFailure: boolean) => boolean) => {
  let inARow = 0
  return (isFailure) => (inARow = isFailure ? inARow + 1 : 0) >= 5
}

const short = (inARow: number, u: number): number => Math.min(5_000, 500 * 2 ** (inARow - 1)) * (0.8 + 0.4 * u)
const long = (): number => 30_000

/** The share of the time that the circuit is closed, times the share of calls that end well then. */
const availability = ({ openMillis, walk }: Circuit, p: number, perSecond: number, millis: number, seed: number) => {
  const draws = Random.uniform(seed, "errors")
  let drawn = 0
  const draw = () => draws(drawn++)
  const pause = (rate: number) => (1_000 * Random.exponential(draw())) / rate
  const served = 20
  let now = 0
  let closed = 0
  let inARow = 0
  let last = 0
  for (;;) {
    const since = now
    const trips = walk()
    do {
      now += pause(perSecond * (1 + p + p * p))
      if (now > millis) return ((closed + millis - since) / millis) * (1 - p ** 3)
    } while (!trips(draw() < p))
    closed += now - since
    inARow = now - since >= last ? 1 : inARow + 1
    for (let good = 0; good < 2;) {
      if (good === 0) {
        last = openMillis(inARow, draw())
        now += last
      }
      now += pause(perSecond) + served
      if (draw() < p) {
        good = 0
        inARow++
      } else good++
      if (now > millis) return (closed / millis) * (1 - p ** 3)
    }
  }
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length
const seeds = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, seed) => seed + 1)

describe("30 % errors at 100 calls a second, where a circuit opens and closes all the time", () => {
  it.each([
    ["truce-additive", { walk: additive, openMillis: short }, 0.03],
    ["outside-consecutive", { walk: consecutive, openMillis: long }, 0.04],
    ["outside-consecutive-short", { walk: consecutive, openMillis: short }, 0.08]
  ] as const)("%s is as available as a model without the engine says", (name, circuit, distance) => {
    const scenario = Scenarios.brownoutAt(30, 100)()
    const design = Designs.find(name)
    if (design === undefined) throw new Error(`no design ${name}`)
    const engine = mean(seeds(24).map((seed) => run(scenario, design, { seed }).availability ?? NaN))
    const model = mean(seeds(2_000).map((seed) => availability(circuit, 0.3, 100, 60_000, seed)))
    expect(Math.abs(engine - model), `${engine} and ${model}`).toBeLessThan(distance)
  })
})
