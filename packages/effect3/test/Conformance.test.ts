import { Scenario, Scenarios } from "@truce/conformance"
import { describe, it } from "vitest"
import { effect3 } from "./conformance.ts"

describe("scenarios, attempt by attempt", () => {
  for (const scenario of Scenarios.steps) it(scenario.name, () => Scenario.checkSteps(scenario, effect3))
})

describe("scenarios, call by call", () => {
  for (const scenario of Scenarios.calls) it(scenario.name, () => Scenario.checkCalls(scenario, effect3))
})
