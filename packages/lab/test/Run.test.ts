import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Designs from "../src/Designs.ts"
import type { Counts } from "../src/RunResult.ts"
import { run } from "../src/Run.ts"
import type { Scenario } from "../src/Scenario.ts"
import * as World from "../src/World.ts"

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_260_101) })

const arrivals: fc.Arbitrary<World.Arrivals> = fc.oneof(
  fc.record({ _tag: fc.constant("Constant" as const), perSecond: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ _tag: fc.constant("Poisson" as const), perSecond: fc.integer({ min: 1, max: 200 }) }),
  fc.record({
    _tag: fc.constant("Bursty" as const),
    perSecond: fc.integer({ min: 1, max: 100 }),
    onMillis: fc.integer({ min: 10, max: 500 }),
    offMillis: fc.integer({ min: 10, max: 500 })
  }),
  fc.record({
    _tag: fc.constant("ClosedLoop" as const),
    callers: fc.integer({ min: 1, max: 30 }),
    thinkMillis: fc.integer({ min: 10, max: 100 })
  })
)

const latency: fc.Arbitrary<World.Latency> = fc.oneof(
  fc.record({ _tag: fc.constant("Constant" as const), meanMillis: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ _tag: fc.constant("Exponential" as const), meanMillis: fc.integer({ min: 1, max: 100 }) }),
  fc.record({
    _tag: fc.constant("LogNormal" as const),
    meanMillis: fc.integer({ min: 1, max: 100 }),
    sigma: fc.constant(1)
  }),
  fc.record({
    _tag: fc.constant("Pareto" as const),
    meanMillis: fc.integer({ min: 1, max: 100 }),
    shape: fc.constant(1.5)
  })
)

const effect: fc.Arbitrary<World.Effect> = fc.oneof(
  fc.constant({ _tag: "Outage" as const }),
  fc.constant({ _tag: "Blackhole" as const }),
  fc.record({ _tag: fc.constant("Brownout" as const), share: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
  fc.record({ _tag: fc.constant("Latency" as const), factor: fc.integer({ min: 2, max: 50 }) }),
  fc.record({ _tag: fc.constant("Poison" as const), share: fc.double({ min: 0.1, max: 0.9, noNaN: true }) }),
  fc.record({ _tag: fc.constant("Surge" as const), factor: fc.integer({ min: 2, max: 5 }) }),
  fc.record({ _tag: fc.constant("ColdCache" as const), factor: fc.constant(5), fills: fc.constant(50) })
)

const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    arrivals,
    latency,
    effects: fc.array(effect, { minLength: 1, maxLength: 3 }),
    servers: fc.option(fc.integer({ min: 1, max: 10 })),
    queue: fc.integer({ min: 0, max: 50 }),
    processes: fc.integer({ min: 1, max: 3 }),
    partitions: fc.integer({ min: 1, max: 3 })
  })
  .map(({ arrivals, effects, latency, partitions, processes, queue, servers }) => ({
    name: "any",
    title: "Any",
    description: "Whatever the generator makes.",
    durationMillis: 4_000,
    timeoutMillis: 200,
    fault: { fromMillis: 1_000, untilMillis: 3_000 },
    world: {
      arrivals,
      service: { latency, servers, queue, failureMillis: 1 },
      faults: effects.map((effect, index) => ({
        fromMillis: 1_000 + 200 * index,
        untilMillis: 3_000 - 200 * index,
        effect,
        ...(index === 2 ? { partition: 0 } : {})
      })),
      processes,
      partitions: { count: partitions, circuits: "each", servers: "shared" }
    }
  }))

const design = fc.constantFrom(...Designs.all)

const balanced = (counts: Counts): void => {
  expect(counts.ok + counts.failed).toBe(counts.calls)
  expect(counts.attempts + counts.refusals).toBe(counts.asked)
  expect(counts.attemptsOk + counts.attemptsFailed).toBe(counts.attempts)
  expect(counts.rejected).toBeLessThanOrEqual(counts.failed)
}

describe("a run", () => {
  it("gives the same bytes for the same seed", () => {
    fc.assert(
      fc.property(scenario, design, fc.integer(), (scenario, design, seed) => {
        const once = JSON.stringify(run(scenario, design, { seed, trace: 500 }))
        expect(JSON.stringify(run(scenario, design, { seed, trace: 500 }))).toBe(once)
      }),
      { numRuns: 60 }
    )
  })

  it("gives other bytes for another seed", () => {
    const world = { ...some, world: { ...some.world, arrivals: { _tag: "Poisson", perSecond: 50 } as const } }
    for (const design of Designs.all) {
      const [one, two] = [1, 2].map((seed) => JSON.stringify({ ...run(world, design, { seed }), seed: 0 }))
      expect(one, design.name).not.toBe(two)
    }
  })

  it("loses no call, no request for admission and no attempt, in any window", () => {
    fc.assert(
      fc.property(scenario, design, fc.integer(), (scenario, design, seed) => {
        const result = run(scenario, design, { seed })
        for (const counts of [result.total, result.before, result.during, result.after]) balanced(counts)
        const sum = (of: (bucket: (typeof result.buckets)[number]) => number) =>
          result.buckets.reduce((total, bucket) => total + of(bucket), 0)
        expect(sum(({ offered }) => offered)).toBe(result.total.calls)
        expect(sum(({ ok }) => ok)).toBe(result.total.ok)
        // Retries of the last calls come after the last bucket.
        expect(sum(({ absorbed }) => absorbed)).toBeLessThanOrEqual(result.total.attempts)
      }),
      { numRuns: 200 }
    )
  })

  it("keeps the circuits of two partitions apart, whatever befalls one of them", () => {
    const shipped = fc.constantFrom(...Designs.all.filter(({ group }) => group === "truce"))
    const among = { count: 2, circuits: "each", servers: "each" } as const
    const poisson = fc.integer({ min: 20, max: 200 }).map((perSecond) => ({ _tag: "Poisson" as const, perSecond }))
    fc.assert(
      fc.property(scenario, poisson, shipped, fc.integer(), (scenario, arrivals, design, seed) => {
        const { faults, service } = scenario.world
        // A surge is more calls for both: it is no fault of one partition.
        const local = faults.flatMap(({ effect, fromMillis, untilMillis }) =>
          effect._tag === "Surge" ? [] : [{ effect, fromMillis, untilMillis, partition: 0 }]
        )
        const ofTheOther = (faults: ReadonlyArray<World.Fault>) => {
          const world = { arrivals, service, partitions: among, faults }
          const { trace = [] } = run({ ...scenario, world }, design, { seed, trace: 1e6 })
          return trace.filter((event) => event.partition === 1)
        }
        expect(ofTheOther(local)).toEqual(ofTheOther([]))
      }),
      { numRuns: 100 }
    )
  })

  it("offers every design the same calls in an open world", () => {
    const offered = Designs.all.map((design) => run(some, design, { seed: 7 }).buckets.map((bucket) => bucket.offered))
    for (const buckets of offered) expect(buckets).toEqual(offered[0])
  })

  it("is plain data", () => {
    const result = run(some, Designs.all[0] ?? never(), { seed: 1, trace: 100 })
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  it("tells of its progress with rising times", () => {
    const times: Array<number> = []
    const busy = { ...some, world: { ...some.world, arrivals: { _tag: "Poisson", perSecond: 4_000 } as const } }
    run(busy, Designs.find("retry-only") ?? never(), { seed: 1, onProgress: (now) => times.push(now) })
    expect(times.length).toBeGreaterThan(0)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
})

const never = (): never => {
  throw new Error("no such design")
}

const some: Scenario = {
  name: "some",
  title: "Some",
  description: "Errors in the middle.",
  durationMillis: 10_000,
  timeoutMillis: 200,
  fault: { fromMillis: 2_000, untilMillis: 8_000 },
  world: {
    arrivals: { _tag: "Poisson", perSecond: 50 },
    service: { latency: { _tag: "Exponential", meanMillis: 20 }, servers: 3, queue: 100, failureMillis: 1 },
    faults: World.brownout(0.6, 2_000, 8_000)
  }
}
