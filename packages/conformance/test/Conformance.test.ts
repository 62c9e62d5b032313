import { core, Laws, Scenario, Scenarios } from "@truce/conformance"
import { describe, it } from "vitest"

/** Runs are stable by default; `FC_SEED=7 vitest run` explores others. */
const seed = Number(process.env.FC_SEED ?? 20_260_101)

describe("scenarios, attempt by attempt", () => {
  for (const scenario of Scenarios.steps) it(scenario.name, () => Scenario.checkSteps(scenario, core))
})

describe("scenarios, call by call", () => {
  for (const scenario of Scenarios.calls) it(scenario.name, () => Scenario.checkCalls(scenario, core))
})

describe("laws", () => {
  for (const law of Laws.laws(core, { seed, histories: 500, alike: 500, pairs: 150, plans: 500 }))
    it(law.name, law.check)
})
