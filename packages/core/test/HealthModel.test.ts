import { Outcome, Traffic } from "@truce/core"
import { describe, expect, it } from "vitest"
import { at, failure, feed, modelNames, throttled, withModel } from "./support.ts"

describe.each(modelNames)("every model, such as %s,", (name) => {
  it("starts at a score of 1 and does not trip", () => {
    withModel(name, (model) => {
      expect(model.score(model.init, 0)).toBe(1)
      expect(model.score(model.init, 1e9)).toBe(1)
      expect(model.trips(model.init, 0)).toBe(false)
    })
  })

  it("does not trip after resuming at a score above `closeAt`", () => {
    withModel(name, (model) => {
      const { state } = feed(model, at(1_000, "FFFFFFFF"))
      const resumed = model.resume(state, 0.2, 5_000)
      expect(model.trips(resumed, 5_000)).toBe(false)
      expect(model.score(resumed, 5_000)).toBeGreaterThanOrEqual(0.8)
    })
  })

  it("states every parameter as a number or a boolean, and its name", () => {
    withModel(name, (model) => {
      expect(model.name.length).toBeGreaterThan(0)
      for (const value of Object.values(model.parameters)) expect(["number", "boolean"]).toContain(typeof value)
    })
  })

  it("never changes a state that it was given", () => {
    withModel(name, (model) => {
      const letters = "FSFFTFFSFFFF"
      let { state, traffic } = feed(model, at(0, "FSF"))
      for (const [letter, now] of at(50, letters)) {
        const before = JSON.stringify([state, traffic])
        const mass = Outcome.mass(letter === "S" ? Outcome.success : letter === "T" ? throttled : failure, 0, 1, 0)
        const nextTraffic = Traffic.add(traffic, 1, mass.raw, now)
        const next = model.observe(state, mass, nextTraffic, now)
        model.trips(next, now)
        model.score(next, now + 10_000)
        expect(JSON.stringify([state, traffic])).toBe(before)
        state = next
        traffic = nextTraffic
      }
    })
  })
})
