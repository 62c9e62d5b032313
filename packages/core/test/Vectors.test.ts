import { Circuit, CircuitPolicy, HealthModel, Outcome, RetryBudget, Traffic } from "@truce/core"
import { describe, expect, it } from "vitest"
import { admit, at, attempt, failuresToOpen, failure, feed, fixedLedger, openUntil, play, timeout } from "./support.ts"

const digits = 9

/** Reads "all numbers near, all words equal". */
const expectScores = (actual: ReadonlyArray<number | "OPEN">, expected: ReadonlyArray<number | "OPEN">): void => {
  expect(actual.map((score) => (score === "OPEN" ? score : Number(score.toFixed(digits))))).toEqual(expected)
}

describe("the ledger with n = 5", () => {
  const policy = CircuitPolicy.make(fixedLedger, { slowWeight: 2 / 3 })
  it.each([
    ["FFFFF", [0.8, 0.6, 0.4, 0.2, "OPEN"]],
    ["FhS", [0.8, 0.7, 1]],
    ["FSFSFSFS", [0.8, 1, 0.8, 1, 0.8, 1, 0.8, 1]],
    ["FhqFhqFh", [0.8, 0.7, 0.65, 0.45, 0.35, 0.3, 0.1, "OPEN"]],
    ["FFSFFSFFS", [0.8, 0.6, 1, 0.8, 0.6, 1, 0.8, 0.6, 1]],
    ["FhSFhS", [0.8, 0.7, 1, 0.8, 0.7, 1]],
    ["FFFSFFFSFFFS", [0.8, 0.6, 0.4, 0.8, 0.6, 0.4, 0.2, 0.6, 0.4, 0.2, "OPEN"]],
    ["LLLL", [1, 1, 1, 1]],
    ["FLLL", [0.8, 0.8, 0.8, 0.8]],
    ["TTTT", [0.93, 0.86, 0.79, 0.72]],
    ["FIFIF", [0.8, 0.8, 0.6, 0.6, 0.4]]
  ] as const)("scores %s as %s", (events, expected) => {
    expectScores(play(policy, Circuit.make(policy, 1), events).scores, expected)
  })

  it("does not open at a score of exactly the trip", () => {
    const { circuit } = play(policy, Circuit.make(policy, 1), "FFFFh")
    expect(Circuit.score(policy, circuit, 0)).toBeCloseTo(0.1, 12)
    expect(circuit.state._tag).toBe("Closed")
  })

  it("halves suspicion in ten minutes", () => {
    const healing = HealthModel.ledger({ guardMillis: 0 })
    const { state } = feed(healing, at(0, "F"))
    const scores = [0, 60_000, 600_000].map((now) => healing.score(state, now))
    expectScores(scores, [0.8, 0.813393402, 0.9])
  })
})

describe("half-open, entered at the first opening", () => {
  const enter = (reopenOn: "failure" | "score") => {
    const policy = CircuitPolicy.make(fixedLedger, { reopenOn })
    const opened = play(policy, Circuit.make(policy, 1), "FFFFF").circuit
    const now = openUntil(opened)
    return { policy, opened, now, run: (events: string) => play(policy, opened, events, now) }
  }
  it.each([
    ["failure", "SS", [0.4, 0.8], "Closed", 1],
    ["failure", "F", ["OPEN"], "Open", 2],
    ["failure", "SF", [0.4, "OPEN"], "Open", 2],
    ["failure", "ST", [0.4, 0.33], "HalfOpen", 1],
    ["failure", "IS", [0, 0.4], "HalfOpen", 1],
    ["score", "SFS", [0.4, 0.2, 0.6], "Closed", 1],
    ["score", "SFF", [0.4, 0.2, "OPEN"], "Open", 2]
  ] as const)("when reopening on %s, %s scores %s and is %s", (reopenOn, events, scores, state, openings) => {
    const entered = enter(reopenOn)
    const { circuit, scores: actual } = entered.run(events)
    expectScores(actual, scores)
    expect(circuit.state._tag).toBe(state)
    expect(circuit.openings.inARow).toBe(openings)
    expect(circuit.generation).toBe(entered.opened.generation + (state === "HalfOpen" ? 1 : 2))
  })

  it("rejects a third attempt after SF", () => {
    const { now, policy, run } = enter("failure")
    expect(Circuit.admit(policy, run("SF").circuit, now)[1]).toMatchObject({ _tag: "Rejected", status: "Open" })
  })

  it("frees the permit of an ignored probe", () => {
    const { now, policy, run } = enter("failure")
    expect(Circuit.view(policy, run("I").circuit, now).probes).toBe(0)
  })
})

describe("the ledger's defaults", () => {
  const model = HealthModel.ledger()
  const policy = CircuitPolicy.make(model)
  const afterSuccesses = (gapMillis: number, count: number) => {
    let circuit = Circuit.make(policy, 1)
    for (let i = 1; i <= count; i++) circuit = attempt(policy, circuit, Outcome.success, i * gapMillis)
    return { circuit, now: count * gapMillis }
  }
  /** One full failure takes 1 / n from a score of 1. */
  const effectiveN = (attempts: number): number => {
    const state = model.observe(model.init, { failure: 1, success: 0, raw: 1 }, { attempts, failures: 0, at: 0 }, 0)
    return 1 / (1 - model.score(state, 0))
  }

  it.each([
    [1, 5],
    [2, 5],
    [2.2, 5],
    [5, 6.689104],
    [10, 8.129524],
    [60, 11.852956],
    [600, 16.637928],
    [6_000, 21.4229],
    [60_000, 26.207872]
  ])("with %d attempts in the last minute need n = %d", (attempts, n) => {
    expect(effectiveN(attempts)).toBeCloseTo(n, 6)
  })

  it.each([
    ["1000 a second for 300 s", 1, 300_000, 59_596.2198, 24],
    ["100 a second for 300 s", 10, 30_000, 5_960.069, 20],
    ["10 a second for 300 s", 100, 3_000, 596.454, 15],
    ["1 a minute for an hour", 60_000, 60, 1.582, 6]
  ])("open after successes at %s at the failure of the table (%#)", (_, gapMillis, count, attempts, failures) => {
    const { circuit, now } = afterSuccesses(gapMillis, count)
    expect(Traffic.attempts(circuit.traffic, now)).toBeCloseTo(attempts, 4)
    let failing = circuit
    let open = 0
    for (let i = 1; open === 0; i++) {
      failing = attempt(policy, failing, failure, now + i * gapMillis)
      if (failing.state._tag === "Open") open = i
    }
    expect(open).toBe(failures)
  })

  it("need n = 26.1938 after 300 s of successes at 1000 a second", () => {
    const { circuit, now } = afterSuccesses(1, 300_000)
    expect(effectiveN(Traffic.attempts(circuit.traffic, now))).toBeCloseTo(26.1938, 4)
  })

  it("open at the 6th failure of a cold start at 100 a second", () => {
    let circuit = Circuit.make(policy, 1)
    let count = 0
    while (circuit.state._tag === "Closed") circuit = attempt(policy, circuit, failure, 10 * count++)
    expect(count).toBe(6)
  })

  it("open at the 6th failure of a cold start at one instant, and at the 5th without guard", () => {
    const unguarded = CircuitPolicy.make(fixedLedger)
    expect(failuresToOpen(policy, Circuit.make(policy, 1), 0)).toBe(6)
    expect(failuresToOpen(unguarded, Circuit.make(unguarded, 1), 0)).toBe(5)
  })

  it("open at the 9th failed attempt of calls of three, one call a minute", () => {
    let circuit = Circuit.make(policy, 1)
    let count = 0
    for (let minute = 0; circuit.state._tag === "Closed"; minute++) {
      for (const failedBefore of [0, 1, 2]) {
        if (circuit.state._tag !== "Closed") break
        circuit = attempt(policy, circuit, failure, minute * 60_000 + failedBefore * 300, failedBefore)
        count++
      }
    }
    expect(count).toBe(9)
  })

  it("leave a strain of 0.25 after F(1) F(.5) S at one instant", () => {
    const { circuit } = play(policy, Circuit.make(policy, 1), "FhS")
    expect(Circuit.view(policy, circuit, 0)).toMatchObject({ score: 1, strain: 0.25 })
  })

  it("leave a score of 1 and a strain of 0.487685 after a hundred rescued calls in a second", () => {
    let circuit = Circuit.make(policy, 1)
    for (let call = 0; call < 100; call++) {
      circuit = attempt(policy, circuit, failure, call * 10)
      circuit = attempt(policy, circuit, Outcome.success, call * 10 + 5)
    }
    const view = Circuit.view(policy, circuit, 1_000)
    expect(view).toMatchObject({ score: 1, status: "Closed" })
    expect(view.strain).toBeCloseTo(0.487685, 6)
  })

  it("bear a lone call of 30 failures with a score of 0.6", () => {
    const unguarded = CircuitPolicy.make(HealthModel.ledger({ guardMillis: 0 }))
    let circuit = Circuit.make(unguarded, 1)
    for (let failed = 0; failed < 30; failed++) circuit = attempt(unguarded, circuit, failure, 0, failed)
    expect(circuit.state._tag).toBe("Closed")
    expect(Circuit.score(unguarded, circuit, 0)).toBeCloseTo(0.6, 8)
  })

  it("use the golden ratio as the base of the traffic's logarithm", () => {
    expect(HealthModel.falseTripExponent(1 / 2, 2)).toBeCloseTo(0.481211825, 9)
    expect(HealthModel.falseTripExponent(1 / 2, 2)).toBeCloseTo(Math.log((1 + Math.sqrt(5)) / 2), 14)
  })
})

describe("the saturation-priced budget", () => {
  it("follows its row: 10 9 9.9 8.9 9.9 8.9 8.9 9 8.8 8.8, eight timed-out retries to 0.8, then denied", () => {
    const budget = RetryBudget.saturation()
    let tokens = budget.init
    let cost = 0
    const withdraw = () => {
      const paid = budget.withdraw(tokens, failure, 0)
      if (paid !== undefined) [tokens, cost] = paid
      return paid === undefined ? "denied" : tokens.tokens
    }
    const settle = (retry: boolean, outcome: Outcome.Outcome) => {
      tokens = budget.settle(tokens, { cost: retry ? cost : 0, retry, outcome }, 0)
      return tokens.tokens
    }
    const row = [
      tokens.tokens,
      withdraw(),
      settle(true, failure),
      withdraw(),
      settle(true, Outcome.success),
      withdraw(),
      settle(true, timeout),
      settle(false, Outcome.success),
      settle(false, timeout),
      settle(false, failure)
    ]
    for (let i = 0; i < 8; i++) row.push(withdraw(), settle(true, timeout))
    row.push(withdraw())
    const near = row.map((value) => (typeof value === "number" ? Number(value.toFixed(digits)) : value))
    expect(near.slice(0, 10)).toEqual([10, 9, 9.9, 8.9, 9.9, 8.9, 8.9, 9, 8.8, 8.8])
    expect(near.slice(-2)).toEqual([0.8, "denied"])
  })
})

describe("each other model", () => {
  const opensAt = <S>(model: HealthModel.HealthModel<S>, events: string): number => {
    const policy = CircuitPolicy.make(model)
    let circuit = Circuit.make(policy, 1)
    for (const [index, letter] of Array.from(events).entries()) {
      circuit = attempt(policy, circuit, letter === "F" ? failure : Outcome.success, 0)
      if (circuit.state._tag === "Open") return index + 1
    }
    return Infinity
  }
  const seedScore = HealthModel.additive()
  const inARow = (events: string) => opensAt(HealthModel.consecutive(), events)
  const rate = (events: string) => opensAt(HealthModel.countWindow(), events)
  const posterior = (events: string) => opensAt(HealthModel.beta(), events)
  const additive = (events: string) => opensAt(seedScore, events)

  it.each([
    ["consecutive on the 5th failure in a row", inARow, "FFFFF", 5],
    ["consecutive not on FFFFS", inARow, "FFFFSFFFF", Infinity],
    ["countWindow on 50 failures after 100 successes", rate, "S".repeat(100) + "F".repeat(60), 150],
    ["countWindow on 100 failures from cold", rate, "F".repeat(120), 100],
    ["beta on the 37th failure after 60 successes", posterior, "S".repeat(60) + "F".repeat(60), 97],
    ["the seed's score on FFFF", additive, "FFFF", 4],
    ["the seed's score never on (F S)*", additive, "FS".repeat(100), Infinity],
    ["the seed's score on the 14th attempt of (F F S)*", additive, "FFS".repeat(5), 14]
  ])("opens %s", (_, opening, events, attempts) => {
    expect(opening(events)).toBe(attempts)
  })

  it.each([
    ["FFFF", [0.7, 0.4, 0.1, "OPEN"]],
    ["FFS", [0.7, 0.4, 0.9]],
    ["FSFSFS", [0.7, 1, 0.7, 1, 0.7, 1]],
    ["FFSFFSFFSFFSFFS", [0.7, 0.4, 0.9, 0.6, 0.3, 0.8, 0.5, 0.2, 0.7, 0.4, 0.1, 0.6, 0.3, "OPEN"]]
  ] as const)("scores %s as %s with the seed's steps", (events, expected) => {
    const policy = CircuitPolicy.make(seedScore)
    expectScores(play(policy, Circuit.make(policy, 1), events).scores, expected)
  })

  it("scores FFSFFF with cusum", () => {
    const policy = CircuitPolicy.make(HealthModel.cusum())
    const { scores } = play(policy, Circuit.make(policy, 1), "FFSFFF")
    const shown = scores.map((score) => (score === "OPEN" ? score : Number(score.toFixed(6))))
    expect(shown).toEqual([0.769741, 0.539483, 0.603668, 0.37341, 0.143151, "OPEN"])
  })

  it("scores eight failures at one instant with beta", () => {
    const policy = CircuitPolicy.make(HealthModel.beta())
    const { scores } = play(policy, Circuit.make(policy, 1), "FFFFFFFF")
    const shown = scores.map((score) => (score === "OPEN" ? score : Number(score.toFixed(6))))
    expect(shown).toEqual([0.888889, 0.8, 0.727273, 0.666667, 0.615385, 0.571429, 0.533333, "OPEN"])
  })

  it("scores a failure each second with ewma, which trips at 7 s", () => {
    const model = HealthModel.ewma()
    const seconds = [1, 2, 3, 4, 5, 6, 7].map((second) => ["F", second * 1_000] as const)
    const { scores, state } = feed(model, [["S", 0], ...seconds])
    expectScores(
      scores,
      [1, 0.9672161, 0.935506985, 0.904837418, 0.875173319, 0.846481725, 0.818730753, 0.791889566].map((score) =>
        Number(score.toFixed(digits))
      )
    )
    expect(model.trips(state, 7_000)).toBe(true)
    expect(model.trips(feed(model, [["S", 0], ...seconds.slice(0, -1)]).state, 6_000)).toBe(false)
  })

  it("counts, with ewma, only the first of six failures in one millisecond", () => {
    const { scores } = feed(HealthModel.ewma(), [["S", 0], ...at(5, "FFFFFF")])
    expect(scores.slice(1).map((score) => score.toFixed(9))).toEqual(Array(6).fill("0.999833347"))
  })

  it("opens, with ewma, on one failure after ten idle minutes", () => {
    const policy = CircuitPolicy.make(HealthModel.ewma())
    let { circuit } = play(policy, Circuit.make(policy, 1), "SSSSS")
    circuit = attempt(policy, circuit, failure, 600_000)
    expect(circuit.state._tag).toBe("Open")
    expect(admit(policy, circuit, openUntil(circuit))[0].state._tag).toBe("HalfOpen")
  })
})
