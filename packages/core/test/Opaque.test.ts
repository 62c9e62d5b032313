import { Circuit, CircuitPolicy, CircuitSnapshot, HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { at, failure, feed, modelNames, withModel } from "./support.ts"

const failed = Outcome.mass(failure, 0, 1, 0)
const letters = fc.stringMatching(/^[SF]{0,60}$/)

/** The state after some outcomes, as the model's own and as an opaque one. */
const both = <S>(model: HealthModel.HealthModel<S>, text: string) => {
  const hidden = HealthModel.opaque(model)
  return { hidden, own: feed(model, at(50, text)), same: feed(hidden, at(50, text)) }
}

describe.each(modelNames)("opaque(%s)", (name) => {
  it("judges as the model itself", () => {
    withModel(name, (model) => {
      fc.assert(
        fc.property(letters, (text) => {
          const { hidden, own, same } = both(model, text)
          const now = 100 * text.length
          expect(hidden.score(same.state, now)).toBe(model.score(own.state, now))
          expect(hidden.trips(same.state, now)).toBe(model.trips(own.state, now))
          expect(hidden.encode(same.state, 0)).toEqual(model.encode(own.state, 0))
        })
      )
    })
  })

  it("gives the same reference where the model does", () => {
    withModel(name, (model) => {
      const hidden = HealthModel.opaque(model)
      const none = { failure: 0, success: 0, raw: 0 }
      const isSame = model.observe(model.init, none, Traffic.none, 0) === model.init
      expect(hidden.observe(hidden.init, none, Traffic.none, 0) === hidden.init).toBe(isSame)
    })
  })

  it("goes on from the state of the same model with the same parameters", () => {
    withModel(name, (model) => {
      fc.assert(
        fc.property(letters, (text) => {
          const { hidden, same } = both(model, text)
          const again = HealthModel.opaque(model)
          const now = 100 * text.length
          expect(again.score(same.state, now)).toBe(hidden.score(same.state, now))
          expect(again.encode(same.state, 0)).toEqual(hidden.encode(same.state, 0))
        })
      )
    })
  })

  it("takes over the score of any other model, and never opens by taking over", () => {
    withModel(name, (model) => {
      for (const other of modelNames) {
        withModel(other, (from) => {
          fc.assert(
            fc.property(letters, (text) => {
              const { hidden, same } = both(from, text)
              const taking = HealthModel.opaque(model)
              const now = 50 + 50 * text.length
              const score = taking.score(same.state, now)
              expect(score).toBeGreaterThanOrEqual(0)
              expect(score).toBeLessThanOrEqual(1)
              if (hidden.score(same.state, now) === 1) expect(score).toBe(1)
              if (name !== other) expect(taking.trips(same.state, now) && score > taking.openBelow).toBe(false)
            }),
            { numRuns: 20 }
          )
        })
      }
    })
  })
})

describe("opaque models that change", () => {
  const scoreAfter = (from: HealthModel.HealthModel<HealthModel.Opaque>, text: string) => feed(from, at(50, text)).state

  it.each([
    [
      "ledger of 10 to 5",
      HealthModel.opaque(HealthModel.ledger({ minFailures: 10 })),
      HealthModel.opaque(HealthModel.ledger()),
      0.7
    ],
    [
      "ledger to consecutive",
      HealthModel.opaque(HealthModel.ledger({ minFailures: 10 })),
      HealthModel.opaque(HealthModel.consecutive({ failures: 10 })),
      0.7
    ],
    [
      "consecutive to ledger",
      HealthModel.opaque(HealthModel.consecutive({ failures: 10 })),
      HealthModel.opaque(HealthModel.ledger()),
      0.7
    ],
    [
      "consecutive to a wide window",
      HealthModel.opaque(HealthModel.consecutive({ failures: 10 })),
      HealthModel.opaque(HealthModel.countWindow()),
      0.7
    ],
    [
      "a wide window to a narrow one",
      HealthModel.opaque(HealthModel.countWindow({ size: 100, min: 10 })),
      HealthModel.opaque(HealthModel.countWindow({ size: 5 })),
      0.4
    ],
    [
      "one time window to another",
      HealthModel.opaque(HealthModel.timeWindow({ min: 10 })),
      HealthModel.opaque(HealthModel.timeWindow({ windowMillis: 60_000, min: 10 })),
      0.7
    ]
  ])("keep the score: %s", (_, from, to, expected) => {
    expect(to.score(scoreAfter(from, "FFF"), 200)).toBeCloseTo(expected, 3)
  })

  it("open by the new rules at the next failure, not before", () => {
    const lenient = CircuitPolicy.make(HealthModel.opaque(HealthModel.consecutive({ failures: 10 })))
    const strict = CircuitPolicy.make(HealthModel.opaque(HealthModel.consecutive({ failures: 2 })))
    const settled = { permit: { generation: 0, probe: 0, judged: true }, outcome: failure, failedBefore: 0 }
    let circuit = Circuit.make(lenient, 1)
    for (let n = 0; n < 5; n++) circuit = Circuit.settle(lenient, circuit, settled, n)
    expect(Circuit.view(strict, circuit, 5)).toMatchObject({ status: "Closed", score: 0 })
    expect(Circuit.status(Circuit.settle(strict, circuit, { ...settled, outcome: Outcome.success }, 6))).toBe("Closed")
    expect(Circuit.status(Circuit.settle(strict, circuit, settled, 6))).toBe("Open")
  })

  it("leave an open circuit open until its time, and its snapshot restores under the new rules", () => {
    const before = CircuitPolicy.make(HealthModel.opaque(HealthModel.consecutive({ failures: 1 })))
    const after = CircuitPolicy.make(HealthModel.opaque(HealthModel.ledger()), { openMillis: 100 })
    const settled = { permit: { generation: 0, probe: 0, judged: true }, outcome: failure, failedBefore: 0 }
    const open = Circuit.settle(before, Circuit.make(before, 1), settled, 0)
    const until = Circuit.view(before, open, 1).nextAdmission
    expect(Circuit.view(after, open, 1)).toMatchObject({ status: "Open", nextAdmission: until })
    const snapshot = CircuitSnapshot.take(after, open, 1)
    expect(snapshot.model).toBe("ledger")
    expect(CircuitSnapshot.restore(after, snapshot, { now: 1, elapsedMillis: 0 })._tag).toBe("Restored")
  })

  it.each(modelNames)(
    "%s: a snapshot taken before the next attempt has the score that was shown, at any time",
    (name) => {
      const begin = 3_600_000
      for (const other of modelNames) {
        withModel(other, (left) =>
          withModel(name, (right) => {
            const before = CircuitPolicy.make(HealthModel.opaque(left))
            const after = CircuitPolicy.make(HealthModel.opaque(right))
            let circuit = Circuit.make(before, 1)
            for (const [letter, millis] of at(50, "SSSSSSSSSSSSSSSFSSSFSSSF")) {
              const outcome = letter === "F" ? failure : Outcome.success
              const settled = { permit: { generation: 0, probe: 0, judged: true }, outcome, failedBefore: 0 }
              circuit = Circuit.settle(before, circuit, settled, begin + millis)
            }
            const now = begin + 2_000
            const data: unknown = JSON.parse(JSON.stringify(CircuitSnapshot.take(after, circuit, now)))
            const restored = CircuitSnapshot.restore(after, data, { now, elapsedMillis: 0 })
            if (restored._tag === "Invalid") expect.fail(`${other}: ${restored.field} ${restored.rule}`)
            expect(Circuit.score(after, restored.circuit, now), other).toBeCloseTo(
              Circuit.score(after, circuit, now),
              9
            )
          })
        )
      }
    }
  )

  it("do not wait for a score that cannot be reached", () => {
    const ewma = HealthModel.opaque(HealthModel.ewma())
    const from = scoreAfter(HealthModel.opaque(HealthModel.ledger({ minFailures: 10 })), "FFF")
    expect(ewma.score(from, 200)).toBe(1)
    expect(ewma.observe(from, failed, Traffic.none, 200)).toBeDefined()
  })
})
