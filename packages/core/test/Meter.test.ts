import { Circuit, CircuitPolicy, type Event, HealthModel, Meter, Outcome } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

/** A meter, and what its metrics hold by name and labels. */
const metered = (maxKeys: number, isAllowed: (key: string) => boolean = () => true) => {
  const series = new Map<string, { readonly labels: Meter.Attributes; readonly name: string; value: number }>()
  const meter = new Meter.Meter({ isAllowed, maxKeys }, ({ kind, name }, labels) => {
    const id = [name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(" ")
    // A second one of the same name and labels would count twice, or hide the first.
    expect(series.has(id)).toBe(false)
    const one = { labels, name, value: 0 }
    series.set(id, one)
    return (value) => {
      one.value = kind === "gauge" ? value : one.value + (kind === "histogram" ? 1 : value)
    }
  })
  const all = (name: string) => [...series.values()].filter((one) => one.name === name)
  const sum = (name: string) => all(name).reduce((total, { value }) => total + value, 0)
  return { all, meter, sum }
}

const key = fc.constantFrom("a", "b", "c", "d")
const outcome = fc.constantFrom<Outcome.Outcome>(
  Outcome.success,
  Outcome.answered,
  Outcome.failure(),
  Outcome.timedOut,
  Outcome.ignored
)
const error = fc.option(
  fc.nat(60).map((n) => `Error${n}`),
  { nil: undefined }
)
const settled: fc.Arbitrary<Event.Event> = fc.record({
  _tag: fc.constant("Settled" as const),
  key,
  at: fc.nat(1_000),
  attempt: fc.nat(),
  startedAt: fc.constant(0),
  outcome,
  failedBefore: fc.constant(0),
  error
})
const called: fc.Arbitrary<Event.Event> = fc.record({
  _tag: fc.constant("Called" as const),
  key,
  at: fc.nat(1_000),
  startedAt: fc.constant(0),
  result: fc.constantFrom("success" as const, "permanent" as const, "exhausted" as const),
  reason: fc.constantFrom(undefined, "attempts" as const, "budget" as const),
  attempts: fc.integer({ min: 1, max: 5 })
})

const policy = CircuitPolicy.make(HealthModel.ledger())
const view = Circuit.view(policy, Circuit.make(policy, 0), 0)

describe("a meter", () => {
  it("counts every attempt and every call once, whatever its labels, in a bounded number of series", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(settled, called), { maxLength: 200 }),
        fc.integer({ min: 1, max: 3 }),
        (events, max) => {
          const { all, meter, sum } = metered(max)
          for (const event of events) meter.count(event)
          const [attempts, calls] = ["Settled", "Called"].map((tag) => events.filter(({ _tag }) => _tag === tag))
          expect(sum("truce.attempts")).toBe(attempts?.length)
          expect(sum("truce.attempt.duration")).toBe(attempts?.length)
          expect(sum("truce.calls")).toBe(calls?.length)
          expect(sum("truce.call.duration")).toBe(calls?.length)
          const keys = new Set(all("truce.attempts").map(({ labels }) => labels["truce.key"]))
          expect(keys.size).toBeLessThanOrEqual(max + 1)
          const types = new Set(all("truce.attempts").map(({ labels }) => labels["error.type"]))
          expect(types.size).toBeLessThanOrEqual(22)
        }
      )
    )
  })

  it("shows what it sampled, the worst where keys share a series, and nothing of a key that is gone", () => {
    const { all, meter } = metered(1)
    const failing = { ...view, score: 0.25, strain: 0.5 }
    const isShared = meter.sample([
      { key: "a", view, tokens: 10 },
      { key: "b", view, tokens: 10 },
      { key: "c", view: failing, tokens: 3 }
    ])
    expect(isShared).toBe(true)
    const scores = () => all("truce.health.score").map(({ labels, value }) => [labels["truce.key"], value])
    expect(scores()).toEqual([
      ["a", 1],
      [Meter.other, 0.25]
    ])
    expect(meter.shown).toEqual(["a", Meter.other])
    meter.clear(Meter.other, 10)
    expect(meter.shown).toEqual(["a"])
    expect(scores()).toEqual([
      ["a", 1],
      [Meter.other, 1]
    ])
  })

  it("shows the attempts per call of an interval, and 1 where no call ended in it", () => {
    const { meter, sum } = metered(10)
    const call = { _tag: "Called", key: "a", at: 10, startedAt: 0, result: "success" } as const
    meter.count({ ...call, attempts: 3 })
    meter.count({ ...call, attempts: 1 })
    meter.sample([])
    expect(sum("truce.amplification")).toBe(2)
    meter.sample([])
    expect(sum("truce.amplification")).toBe(1)
  })
})
