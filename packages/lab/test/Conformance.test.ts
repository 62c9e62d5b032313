import { Laws, Scenario, Scenarios } from "@truce/conformance"
import { describe, expect, it } from "vitest"
import { lab } from "./conformance.ts"

/** Runs are stable by default; `FC_SEED=7 vitest run` explores others. */
const seed = Number(process.env.FC_SEED ?? 20_260_101)

describe("scenarios, attempt by attempt", () => {
  for (const scenario of Scenarios.steps) it(scenario.name, () => Scenario.checkSteps(scenario, lab))
})

describe("scenarios, call by call", () => {
  const able = Scenarios.calls.filter((scenario) => Scenario.canRun(scenario, lab))
  for (const scenario of able) it(scenario.name, () => Scenario.checkCalls(scenario, lab))

  it("are most of them within what the simulator has", () => {
    expect(able.length).toBeGreaterThan(20)
  })
})

describe("laws", () => {
  for (const law of Laws.laws(lab, { seed, histories: 300, alike: 300, pairs: 50, plans: 200 })) it(law.name, law.check)
})
