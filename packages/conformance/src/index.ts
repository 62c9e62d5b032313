/** Scenarios and laws that every implementation of Truce has to pass, as data and functions that know no test framework. */
export { core } from "./Core.ts"
export * as Difference from "./Difference.ts"
export * as Laws from "./Laws.ts"
export * as Policy from "./Policy.ts"
export * as Scenario from "./Scenario.ts"
export * as Scenarios from "./Scenarios.ts"
export type * as Subject from "./Subject.ts"
