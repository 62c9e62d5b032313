import { describe, expect, it } from "vitest"
import * as Designs from "../src/Designs.ts"
import * as FleetTable from "../src/FleetTable.ts"
import { meanOf } from "../src/Metric.ts"
import { run } from "../src/Run.ts"
import * as Scenarios from "../src/Scenarios.ts"
import * as World from "../src/World.ts"

const design = (name: string) => {
  const found = Designs.find(name)
  if (found === undefined) throw new Error(`no design ${name}`)
  return found
}

/** The means of a cell, as the table has them. */
const cell = (name: string, column: number): ReadonlyArray<number | null> => {
  const found = FleetTable.columns[column]
  if (found === undefined) throw new Error(`no column ${column}`)
  const results = found.scenarios.map((scenario, index) =>
    run(scenario, design(name), { seed: index + 1, series: false })
  )
  return found.metrics.map((metric) => meanOf(results.map(metric.of)))
}

describe("one process that tells the store of each attempt", () => {
  it.each([
    Scenarios.outageAt(10)(),
    Scenarios.outageAt(100)(),
    Scenarios.blackhole(),
    Scenarios.brownoutAt(80, 100)(),
    Scenarios.poison(),
    Scenarios.flapping(),
    Scenarios.coldCache()
  ])("is one process alone, to the last attempt: $name", (scenario) => {
    for (const seed of [1, 2]) {
      const shared = run(scenario, design("truce-fleet-each"), { seed, series: false })
      expect({ ...shared, design: "truce-unlimited" }).toEqual(
        run(scenario, design("truce-unlimited"), { seed, series: false })
      )
    }
  })
})

describe("a fleet", () => {
  it("begins anew with each run, and a run gives the same twice", () => {
    const once = () => run(Scenarios.processes(), design("truce-fleet"), { seed: 3 })
    expect(once()).toEqual(once())
  })

  it.each(FleetTable.rows.filter(({ reference }) => reference.length > 0))(
    "sends the probes of one process, and fails as seldom at a call a minute each, as published: $title",
    ({ design, reference }) => {
      for (const [column, metric] of [
        [0, 1],
        [2, 0]
      ] as const) {
        const published = reference[column]?.[metric] ?? Infinity
        const found = cell(design, column)[metric] ?? Infinity
        expect(Math.abs(found - published)).toBeLessThanOrEqual(Math.max(2.5, 0.15 * published))
      }
    }
  )

  it("fails no more in an outage, as published, where it shares each attempt or nothing", () => {
    for (const { design, reference } of FleetTable.rows.slice(0, 2)) {
      const published = reference[0]?.[0] ?? Infinity
      expect(Math.abs((cell(design, 0)[0] ?? Infinity) - published)).toBeLessThanOrEqual(0.15 * published)
    }
  })

  it("fails more in an outage the longer it waits to tell, and as shipped a tenth of what processes alone do", () => {
    const [each = 0, quarter = 0, second = 0, five = 0] = [
      "truce-fleet-each",
      "truce-fleet-250ms-alone",
      "truce-fleet-1s",
      "truce-fleet-5s"
    ].map((name) => cell(name, 0)[0] ?? 0)
    expect(each).toBeLessThan(quarter)
    expect(quarter).toBeLessThan(second)
    expect(second).toBeLessThan(five)
    expect(cell("truce-fleet", 0)[0]).toBeLessThan(0.12 * (cell("truce", 0)[0] ?? 0))
  })

  it("of two with two witnesses leaves the other alone when one is broken; with one, and the store alone judging, it does not", () => {
    for (const name of ["truce-fleet", "truce-fleet-1s", "truce-fleet-5s"]) {
      expect(cell(name, 1)[0]).toBe(100)
      expect(cell(name, 3)[0]).toBe(100)
    }
    for (const name of ["truce-fleet-each", "truce-fleet-250ms-alone", "truce-fleet-1s-alone"]) {
      expect(cell(name, 3)[0]).toBeLessThan(40)
    }
  })
})

describe("a fault of one process alone", () => {
  it("fails all that this process sends and nothing that the others send", () => {
    const { trace = [] } = run(Scenarios.brokenProcessOf20(5_000), design("retry-only"), { seed: 1, trace: 100_000 })
    const during = trace.filter((event) => event._tag === "Settled" && event.at > 30_100 && event.at < 34_900)
    const failed = during.filter((event) => event._tag === "Settled" && event.outcome === "Failure")
    expect(new Set(failed.map(({ process }) => process))).toEqual(new Set([0]))
    expect(during.filter(({ process }) => process === 0).length).toBe(failed.length)
    expect(new Set(during.map(({ process }) => process)).size).toBe(20)
  })

  it("is told apart in the availability elsewhere, which no other world has", () => {
    const broken = run(Scenarios.brokenProcessOf2(), design("retry-only"), { seed: 1, series: false })
    expect(broken.availabilityElsewhere).toBe(1)
    expect(broken.availability).toBeCloseTo(0.5, 1)
    expect(run(Scenarios.processes(5_000), design("retry-only"), { seed: 1 }).availabilityElsewhere).toBeNull()
    expect(World.onlyFrom(3, World.outage(0, 1))).toEqual([
      { fromMillis: 0, untilMillis: 1, effect: { _tag: "Outage" }, process: 3 }
    ])
  })
})
