import { Circuit, CircuitPolicy, HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { attempt, failure, failuresToOpen, feed } from "./support.ts"

type Event = { readonly slot: number; readonly mass: Outcome.Mass }

/** The window in plain words: keep every event, look at those of the last ten buckets. */
const oracle = (options: { readonly windowMillis: number; readonly min: number }) => {
  const width = options.windowMillis / 10
  const events: Array<Event> = []
  let newest = 0
  let shown = 1
  const sums = (slot: number) => {
    const seen = events.filter((event) => event.slot > slot - 10)
    const total = (pick: (mass: Outcome.Mass) => number) => seen.reduce((sum, event) => sum + pick(event.mass), 0)
    const [failed, succeeded] = [total((mass) => mass.failure), total((mass) => mass.success)]
    return { failed, total: failed + succeeded, score: 1 - failed / Math.max(options.min, failed + succeeded) }
  }
  const bestUntil = (now: number): number => {
    let best = shown
    for (let slot = newest + 1; slot <= Math.min(newest + 10, Math.floor(now / width)); slot++) {
      best = Math.max(best, sums(slot).score)
    }
    return best
  }
  const observe = (mass: Outcome.Mass, now: number) => {
    shown = bestUntil(now)
    newest = Math.max(newest, Math.floor(now / width))
    events.push({ slot: newest, mass })
    const { score } = sums(newest)
    shown = mass.failure > 0 ? Math.min(shown, score) : Math.max(shown, score)
  }
  return { observe, score: bestUntil, sums: (now: number) => sums(Math.max(newest, Math.floor(now / width))) }
}

describe("timeWindow", () => {
  it("equals a list of all events, at every step", () => {
    const events = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -30, max: 300 })), { maxLength: 120, size: "max" })
    fc.assert(
      fc.property(
        events,
        fc.constantFrom(10, 100, 1_000),
        fc.integer({ min: 1, max: 20 }),
        (list, windowMillis, min) => {
          const model = HealthModel.timeWindow({ windowMillis, min })
          const naive = oracle({ windowMillis, min })
          let state = model.init
          let now = 0
          for (const [failed, step] of list) {
            now = Math.max(0, now + step)
            const mass = Outcome.mass(failed ? failure : Outcome.success, 0, 1, 0)
            naive.observe(mass, now)
            state = model.observe(state, mass, Traffic.none, now)
            const { failed: failures, total } = naive.sums(now)
            expect(model.score(state, now)).toBeCloseTo(naive.score(now), 9)
            expect(model.score(state, now + step * 7)).toBeCloseTo(naive.score(now + step * 7), 9)
            expect(model.trips(state, now)).toBe(total >= min && failures >= total / 2 - 1e-9)
          }
        }
      ),
      { numRuns: 60 }
    )
  })

  it("trips at the threshold once it holds enough attempts, and not on what has left the window", () => {
    const policy = CircuitPolicy.make(HealthModel.timeWindow({ windowMillis: 1_000, min: 4 }))
    expect(failuresToOpen(policy, Circuit.make(policy, 1), 0)).toBe(4)
    let circuit = Circuit.make(policy, 1)
    for (const now of [0, 1, 2, 1_100, 1_101, 1_102]) circuit = attempt(policy, circuit, failure, now)
    expect(circuit.state._tag).toBe("Closed")
  })

  it("does not fall when an old success leaves", () => {
    const model = HealthModel.timeWindow({ windowMillis: 1_000, min: 1 })
    const { state } = feed(model, [
      ["S", 0],
      ["F", 500]
    ])
    expect([500, 999, 1_000, 1_499].map((now) => model.score(state, now))).toEqual([0.5, 0.5, 0.5, 0.5])
    expect(model.score(state, 1_500)).toBe(1)
  })

  it("bears, of one call, min - 1 failed attempts alone in the window, and those below min * threshold among others", () => {
    const policy = CircuitPolicy.make(HealthModel.timeWindow())
    expect(failuresToOpen(policy, Circuit.make(policy, 1), 0)).toBe(20)
    let circuit = Circuit.make(policy, 1)
    for (let i = 0; i < 10; i++) circuit = attempt(policy, circuit, Outcome.success, 0)
    expect(failuresToOpen(policy, circuit, 0)).toBe(10)
  })

  it("puts an attempt of an earlier time into the newest bucket", () => {
    const model = HealthModel.timeWindow({ windowMillis: 1_000, min: 2 })
    const { state } = feed(model, [
      ["F", 5_000],
      ["F", 100]
    ])
    expect(model.trips(state, 5_000)).toBe(true)
  })
})
