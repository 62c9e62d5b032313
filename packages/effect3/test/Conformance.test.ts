import { Laws, Scenario, Scenarios } from "@truce/conformance"
import { describe, it } from "vitest"
import { effect3 } from "./conformance.ts"
import { seed } from "./support.ts"

describe("scenarios, attempt by attempt", () => {
  for (const scenario of Scenarios.steps) it(scenario.name, () => Scenario.checkSteps(scenario, effect3))
})

describe("scenarios, call by call", () => {
  for (const scenario of Scenarios.calls) it(scenario.name, () => Scenario.checkCalls(scenario, effect3))
})

describe("laws", () => {
  for (const law of Laws.laws(effect3, { seed, histories: 100, alike: 420, pairs: 70, plans: 215 }))
    it(law.name, law.check)
})
