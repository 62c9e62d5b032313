import { core, Scenario, Scenarios } from "@truce/conformance"
import { describe, it } from "vitest"

describe("scenarios, attempt by attempt", () => {
  for (const scenario of Scenarios.steps) it(scenario.name, () => Scenario.checkSteps(scenario, core))
})

describe("scenarios, call by call", () => {
  for (const scenario of Scenarios.calls) it(scenario.name, () => Scenario.checkCalls(scenario, core))
})
