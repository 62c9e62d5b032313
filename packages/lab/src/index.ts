/** A deterministic, seeded simulator that runs the shipped core next to other designs. */
export * as Design from "./Design.ts"
export * as Run from "./Run.ts"
export type { Scenario } from "./Scenario.ts"
export * as World from "./World.ts"
export * as Designs from "./Designs.ts"
export * as Flaws from "./Flaws.ts"
export * as Headline from "./Headline.ts"
export * as Scenarios from "./Scenarios.ts"
