import { Laws, Scenario, Scenarios } from "@truce/conformance"
import { describe, it } from "vitest"
import { effect4 } from "./conformance.ts"
import { seed } from "./support.ts"

describe("scenarios, attempt by attempt", () => {
  for (const scenario of Scenarios.steps) it(scenario.name, () => Scenario.checkSteps(scenario, effect4))
})

describe("scenarios, call by call", () => {
  for (const scenario of Scenarios.calls) it(scenario.name, () => Scenario.checkCalls(scenario, effect4))
})

describe("laws", () => {
  for (const law of Laws.laws(effect4, { seed, histories: 100, alike: 420, pairs: 70, plans: 215 }))
    it(law.name, law.check)
})
