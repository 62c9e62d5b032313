import { describe, expect, it } from "vitest"
import * as ArrivalProcess from "../src/ArrivalProcess.ts"
import * as Dependency from "../src/Dependency.ts"
import * as EventQueue from "../src/EventQueue.ts"
import * as Random from "../src/Random.ts"
import * as World from "../src/World.ts"

const world = (arrivals: World.Arrivals, service: Partial<World.Service> = {}, faults: World.World["faults"] = []) => ({
  arrivals,
  faults,
  service: {
    latency: { _tag: "Exponential", meanMillis: 10 },
    servers: 1,
    queue: 100_000,
    failureMillis: 1,
    ...service
  } as const
})

const times = (subject: World.World, count: number): ReadonlyArray<number> => {
  const next = ArrivalProcess.make(subject, 5)
  return Array.from({ length: count }, next)
}

describe("arrivals", () => {
  it("come at even distances from half of one", () => {
    expect(times(world({ _tag: "Constant", perSecond: 10 }), 3)).toEqual([50, 150, 250])
  })

  it.each([
    { _tag: "Poisson", perSecond: 40 },
    { _tag: "Bursty", perSecond: 40, onMillis: 100, offMillis: 300 }
  ] as const)("come at their rate: $_tag", (arrivals) => {
    const last = times(world(arrivals), 200_000).at(-1) ?? 0
    expect(200_000 / last).toBeCloseTo(0.04, 2)
  })

  it("are as varied as their kind says: variance to mean of 1 for Poisson, far more for bursts", () => {
    const dispersion = (arrivals: World.Arrivals) => {
      const counts = Array.from({ length: 1_000 }, () => 0)
      for (const at of times(world(arrivals), 60_000)) {
        const bin = Math.floor(at / 1_000)
        if (bin < counts.length) counts[bin] = (counts[bin] ?? 0) + 1
      }
      const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length
      return counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / counts.length / mean
    }
    expect(dispersion({ _tag: "Poisson", perSecond: 50 })).toBeGreaterThan(0.85)
    expect(dispersion({ _tag: "Poisson", perSecond: 50 })).toBeLessThan(1.15)
    expect(dispersion({ _tag: "Bursty", perSecond: 50, onMillis: 200, offMillis: 800 })).toBeGreaterThan(5)
  })

  it("come four times as often in a surge of 4", () => {
    const surge = world({ _tag: "Constant", perSecond: 10 }, {}, World.surge(4, 1_000, 2_000))
    const found = times(surge, 60)
    expect(found.filter((at) => at < 1_000)).toHaveLength(10)
    expect(found.filter((at) => at >= 1_000 && at < 2_000)).toHaveLength(40)
  })
})

describe("the service", () => {
  it("answers in the mean time of the M/M/1 queue, 1 / (mu - lambda)", () => {
    const subject = world({ _tag: "Poisson", perSecond: 50 })
    const dependency = Dependency.make(subject, { timeoutMillis: 1e9, slowAfterMillis: 1e9 }, 3)
    const found = times(subject, 400_000)
    const total = found.reduce((sum, at, call) => sum + dependency.send(call, 1, 0, at).afterMillis, 0)
    expect(total / found.length / 20).toBeGreaterThan(0.97)
    expect(total / found.length / 20).toBeLessThan(1.03)
  })

  it("refuses what finds its queue full, as an overload", () => {
    const subject = world(
      { _tag: "Constant", perSecond: 1 },
      { latency: { _tag: "Constant", meanMillis: 100 }, queue: 2 }
    )
    const dependency = Dependency.make(subject, { timeoutMillis: 1e9, slowAfterMillis: 1e9 }, 3)
    const replies = [0, 0, 0, 0].map((at, call) => dependency.send(call, 1, 0, at))
    expect(replies.map(({ afterMillis }) => afterMillis)).toEqual([100, 200, 300, 1])
    expect(replies.at(-1)?.outcome).toMatchObject({ _tag: "Failure", saturated: true })
  })

  it("goes on working for a caller who has given up", () => {
    const subject = world({ _tag: "Constant", perSecond: 1 }, { latency: { _tag: "Constant", meanMillis: 100 } })
    const dependency = Dependency.make(subject, { timeoutMillis: 50, slowAfterMillis: 25 }, 3)
    expect(dependency.send(0, 1, 0, 0)).toMatchObject({
      afterMillis: 50,
      outcome: { _tag: "Failure", saturated: true }
    })
    expect(dependency.send(1, 1, 0, 60).afterMillis).toBe(50)
  })

  it("warms up after a cold cache by what it answered in time", () => {
    const cold: World.Fault = { fromMillis: 0, untilMillis: 0, effect: { _tag: "ColdCache", factor: 10, fills: 2 } }
    const subject = world(
      { _tag: "Constant", perSecond: 1 },
      { latency: { _tag: "Constant", meanMillis: 10 }, servers: null },
      [cold]
    )
    const dependency = Dependency.make(subject, { timeoutMillis: 1e9, slowAfterMillis: 1e9 }, 3)
    const took = [0, 200, 400, 600].map((at, call) => dependency.send(call, 1, 0, at).afterMillis)
    expect(took).toEqual([100, 55, 10, 10])
  })

  it("has the mean it is given, whatever the tail", () => {
    for (const latency of [
      { _tag: "Exponential", meanMillis: 10 },
      { _tag: "LogNormal", meanMillis: 10, sigma: 0.8 },
      { _tag: "Pareto", meanMillis: 10, shape: 3 }
    ] as const) {
      const subject = world({ _tag: "Constant", perSecond: 1 }, { latency, servers: null })
      const dependency = Dependency.make(subject, { timeoutMillis: 1e9, slowAfterMillis: 1e9 }, 3)
      let sum = 0
      for (let call = 0; call < 200_000; call++) sum += dependency.send(call, 1, 0, call).afterMillis
      expect(sum / 200_000, latency._tag).toBeGreaterThan(9.8)
      expect(sum / 200_000, latency._tag).toBeLessThan(10.2)
    }
  })
})

describe("the event queue", () => {
  it("gives moments in the order of time, equal ones as they came", () => {
    const queue = EventQueue.make<{ readonly id: number }>()
    const draw = Random.uniform(1, "arrivals")
    const all = Array.from({ length: 2_000 }, (_, id) => ({ id, due: Math.floor(draw(id) * 50) }))
    for (const moment of all) queue.push(moment, moment.due)
    const out = Array.from(all, () => queue.pop())
    const sorted = [...all].sort((a, b) => a.due - b.due || a.id - b.id)
    expect(out.map((moment) => moment?.id)).toEqual(sorted.map(({ id }) => id))
    expect(queue.pop()).toBeUndefined()
  })

  it("gives the first of all that wait, however pushes, pops and what is held take turns", () => {
    const queue = EventQueue.make<{ readonly id: number; readonly isHeld: boolean }>()
    const draw = Random.uniform(2, "arrivals")
    let waiting: Array<{ readonly id: number; readonly isHeld: boolean; readonly due: number }> = []
    let now = 0
    for (let id = 0; id < 20_000; id++) {
      const due = now + Math.floor(draw(id, 1) * 20)
      const isHeld = draw(id, 2) < 0.2 && !waiting.some((one) => one.isHeld)
      // More come than go at first, and then more go.
      if (draw(id) < (id < 10_000 ? 0.52 : 0.48)) {
        const one = { id, isHeld, due }
        waiting.push(one)
        if (isHeld) queue.hold(one, due)
        else queue.push(one, due)
      } else {
        const [first] = waiting.toSorted((a, b) => a.due - b.due || a.id - b.id)
        expect(queue.pop()).toBe(first)
        if (first === undefined) continue
        now = first.due
        expect(queue.now()).toBe(now)
        waiting = waiting.filter((one) => one !== first)
      }
      expect(queue.size()).toBe(waiting.length)
    }
    expect(now).toBeGreaterThan(1_000)
  })

  it("holds one at a time", () => {
    const queue = EventQueue.make<number>()
    queue.hold(1, 5)
    expect(() => queue.hold(2, 6)).toThrow("one is held already")
  })
})

describe("draws", () => {
  it("of two streams or of two seeds have nothing to do with each other", () => {
    const correlation = (one: Random.Draws, two: Random.Draws) => {
      let sum = 0
      for (let n = 0; n < 100_000; n++) sum += (one(n) - 0.5) * (two(n) - 0.5)
      return Math.abs((12 * sum) / 100_000)
    }
    const latency = Random.uniform(1, "latency")
    expect(correlation(latency, Random.uniform(1, "errors"))).toBeLessThan(0.02)
    expect(correlation(latency, Random.uniform(2, "latency"))).toBeLessThan(0.02)
    expect(
      correlation(
        (n) => latency(n, 1),
        (n) => latency(n, 2)
      )
    ).toBeLessThan(0.02)
    expect(
      correlation(
        (n) => latency(n),
        (n) => latency(n + 1)
      )
    ).toBeLessThan(0.02)
  })
})
