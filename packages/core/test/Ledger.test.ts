import { Circuit, CircuitPolicy, HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { at, attempt, failure, failuresToOpen, feed, fixedLedger, seed } from "./support.ts"

describe("ledger", () => {
  it("takes w/n for a failure and gives rho/n for a success", () => {
    const model = HealthModel.ledger({ guardMillis: 0, tolerance: 0.5, minFailures: 10 })
    const { scores } = feed(model, at(0, "FFFSFTS"))
    const expected = [0.9, 0.8, 0.7, 0.8, 0.7, 0.665, 0.765]
    expect(scores.map((score) => Number(score.toFixed(12)))).toEqual(expected)
  })

  it("is the reflected walk: n suspicion = min(n, S - min S), for any history of any weights", () => {
    const masses = fc.array(
      fc.oneof(
        fc.constant({ failure: 0, success: 1, raw: 0 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }).map((failed) => ({ failure: failed, success: 0, raw: failed })),
        fc
          .double({ min: 0, max: 1, noNaN: true })
          .map((failed) => ({ failure: failed, success: 1 - failed, raw: failed }))
      ),
      { maxLength: 300, size: "max" }
    )
    fc.assert(
      fc.property(masses, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (list, tolerance) => {
        const n = 1e9
        const clamped = HealthModel.ledger({ guardMillis: 0, halfLifeMillis: Infinity, tolerance })
        const free = HealthModel.ledger({ guardMillis: 0, halfLifeMillis: Infinity, tolerance, minFailures: n })
        const rho = tolerance / (1 - tolerance)
        let states = [clamped.init, free.init] as const
        let walk = 0
        let reflected = 0
        let lowest = 0
        for (const mass of list) {
          states = [clamped.observe(states[0], mass, Traffic.none, 0), free.observe(states[1], mass, Traffic.none, 0)]
          const step = mass.failure - rho * mass.success
          walk += step
          lowest = Math.min(lowest, walk)
          reflected = Math.min(5, Math.max(0, reflected + step))
          // Where the walk never reaches n, nothing but the lower bound reflects it.
          expect(n * (1 - free.score(states[1], 0))).toBeCloseTo(walk - lowest, 5)
          expect(5 * (1 - clamped.score(states[0], 0))).toBeCloseTo(reflected, 9)
        }
      }),
      { numRuns: 60 }
    )
  })

  it("has the identity with min(n, .) as long as it has not reached n", () => {
    const { scores } = feed(fixedLedger, at(0, "FFSFFSFFFSSSFFFF"))
    let walk = 0
    let lowest = 0
    const identity = Array.from("FFSFFSFFFSSSFFFF", (letter) => {
      walk += letter === "F" ? 1 : -2
      lowest = Math.min(lowest, walk)
      return 1 - Math.min(5, walk - lowest) / 5
    })
    expect(scores.map((score) => score.toFixed(12))).toEqual(identity.map((score) => score.toFixed(12)))
  })

  it("needs the longest of the floor, the traffic's logarithm and the persistence", () => {
    const failuresAt = (options: HealthModel.LedgerOptions, attempts: number) => {
      const model = HealthModel.ledger(options)
      const state = model.observe(model.init, { failure: 1, success: 0, raw: 1 }, { attempts, failures: 0, at: 0 }, 0)
      return 1 / (1 - model.score(state, 0))
    }
    expect(failuresAt({ guardMillis: 0 }, 1e6)).toBeCloseTo(5, 9)
    expect(failuresAt({ minFailures: 50 }, 1e6)).toBeCloseTo(50, 6)
    expect(failuresAt({ persistenceMillis: 250 }, 60_000)).toBeCloseTo(250, 6)
    expect(failuresAt({}, 6_000)).toBeCloseTo(21.4229, 6)
  })

  it("heals with time alone, by half in each half-life, and never with an infinite one", () => {
    const { state } = feed(fixedLedger, at(0, "FFFF"))
    expect(fixedLedger.score(state, 1e12)).toBe(fixedLedger.score(state, 0))
    const minute = HealthModel.ledger({ guardMillis: 0, halfLifeMillis: 60_000 })
    const half = feed(minute, at(0, "FFFF")).state
    const scores = [0, 60_000, 120_000].map((now) => minute.score(half, now))
    expect(scores.map((score) => Number(score.toFixed(12)))).toEqual([0.2, 0.6, 0.8])
  })

  it("heals nothing on a clock that jumped back", () => {
    const model = HealthModel.ledger({ guardMillis: 0 })
    const { state } = feed(model, at(3_600_000, "FF"))
    expect(model.score(state, 0)).toBe(model.score(state, 3_600_000))
    const back = model.observe(state, { failure: 1, success: 0, raw: 1 }, Traffic.none, 0)
    expect(back.at).toBe(3_600_000)
  })

  it("opens on calls of others that one call alone cannot open", () => {
    const policy = CircuitPolicy.make(HealthModel.ledger())
    let circuit = Circuit.make(policy, 1)
    for (let failed = 0; failed < 100; failed++) circuit = attempt(policy, circuit, failure, 0, failed)
    expect(circuit.state._tag).toBe("Closed")
    expect(failuresToOpen(policy, circuit, 60_000)).toBeLessThan(8)
  })

  it.each([0.01, 0.3, 2 / 3, 0.9, 1e-3, 1e-9, 1e-17, 1e-300, 1 - 1e-12])(
    "finds the exponent of false trips for a tolerance of %d",
    (tolerance) => {
      const rho = tolerance / (1 - tolerance)
      const p = 0.75 * tolerance
      const k = HealthModel.falseTripExponent(p, rho)
      expect(k).toBeGreaterThan(0)
      const residue = p * Math.expm1(k) + (1 - p) * Math.expm1(-rho * k)
      expect(Math.abs(residue / p)).toBeLessThan(1e-9)
      expect(HealthModel.ledger({ tolerance }).parameters.tolerance).toBe(tolerance)
    }
  )

  it("finds none where the score falls by itself", () => {
    expect(HealthModel.falseTripExponent(2 / 3 + 1e-6, 2)).toBe(0)
    expect(HealthModel.falseTripExponent(0.9, 2)).toBe(0)
  })

  it.each([
    [1, 20],
    [10, 20],
    [100, 4]
  ])("at %d attempts a second that fail half the time keeps false trips as rare as the guard says", (rate, trips) => {
    const model = HealthModel.ledger()
    let x = seed | 1
    const fails = (): boolean => (x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0) < 0
    let traffic = Traffic.none
    let state = model.init
    let seen = 0
    let now = 0
    const gap = 1_000 / rate
    while (seen < trips) {
      now += gap
      const failed = fails()
      traffic = Traffic.add(traffic, 1, failed ? 1 : 0, now)
      state = model.observe(
        state,
        { failure: failed ? 1 : 0, success: failed ? 0 : 1, raw: failed ? 1 : 0 },
        traffic,
        now
      )
      if (failed && model.trips(state, now)) {
        seen++
        state = model.resume(state, 0, now)
      }
    }
    expect(now / 1_000 / trips).toBeGreaterThan((300 * rate) ** 0.9 / rate)
  })
})

describe("the exact mean number of attempts to a trip", () => {
  /** Solves E = 1 + p E(F) + (1 - p) E(S) over every state the model can reach. */
  const runLength = <S>(model: HealthModel.HealthModel<S>, p: number): number => {
    const key = (state: S) =>
      JSON.stringify(state, (_, value: unknown) => (typeof value === "number" ? value.toFixed(9) : value))
    const step = (state: S, failed: boolean) =>
      model.observe(
        state,
        Outcome.mass(failed ? failure : Outcome.success, 0, 1, 0),
        { attempts: 1, failures: 0, at: 0 },
        0
      )
    const states = [model.init]
    const index = new Map([[key(model.init), 0]])
    const edges: Array<readonly [number, number]> = []
    const place = (state: S): number => {
      const known = index.get(key(state))
      if (known !== undefined) return known
      index.set(key(state), states.length)
      return states.push(state) - 1
    }
    for (let i = 0; i < states.length; i++) {
      const state = states[i]
      if (state === undefined) break
      const failed = step(state, true)
      edges.push([model.trips(failed, 0) ? -1 : place(failed), place(step(state, false))])
    }
    const rows = edges.map(([onFailure, onSuccess], i) => {
      const row: Array<number> = Array.from({ length: states.length + 1 }, (_, j) =>
        j === states.length ? 1 : j === i ? 1 : 0
      )
      row[onSuccess] = (row[onSuccess] ?? 0) - (1 - p)
      if (onFailure >= 0) row[onFailure] = (row[onFailure] ?? 0) - p
      return row
    })
    return solve(rows)[0] ?? NaN
  }
  const solve = (rows: Array<Array<number>>): ReadonlyArray<number> => {
    for (let i = 0; i < rows.length; i++) {
      const pivot = rows[i] ?? []
      const scale = pivot[i] ?? 1
      for (let j = i; j < pivot.length; j++) pivot[j] = (pivot[j] ?? 0) / scale
      for (const [k, row] of rows.entries()) {
        const factor = row[i] ?? 0
        if (k === i || factor === 0) continue
        for (let j = i; j < row.length; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0)
      }
    }
    return rows.map((row) => row.at(-1) ?? NaN)
  }

  const ledgerOf = (minFailures: number) =>
    HealthModel.ledger({ guardMillis: 0, halfLifeMillis: Infinity, minFailures, discount: 1, allowSelfTrip: true })

  it.each([
    [0.05, 154_161.58111],
    [0.3, 131.31307886],
    [0.5, 22.88]
  ])("at an error rate of %d, for the seed's steps, is %d", (p, additive) => {
    const geometric = (1 - p ** 5) / ((1 - p) * p ** 5)
    expect(runLength(HealthModel.consecutive(), p) / geometric).toBeCloseTo(1, 6)
    expect(runLength(HealthModel.additive(), p) / additive).toBeCloseTo(1, 6)
  })

  it.each([
    [5, 0.3, 527],
    [5, 0.5, 52],
    [8, 0.3, 15_699.64],
    [8, 0.5, 266]
  ])("with n = %d at an error rate of %d is %d", (n, p, attempts) => {
    expect(runLength(ledgerOf(n), p) / attempts).toBeCloseTo(1, 3)
  })

  it("grows by e^kappa with each further unit of n", () => {
    const [shorter, longer] = [20, 30].map((n) => runLength(ledgerOf(n), 0.5))
    // It opens on whole failures: the 19th and the 28th.
    expect(((longer ?? 0) / (shorter ?? 1)) ** (1 / 9)).toBeCloseTo((1 + Math.sqrt(5)) / 2, 3)
  })
})
