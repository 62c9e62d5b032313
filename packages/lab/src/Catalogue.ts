/** What there is to run, by name. */
import type { Design } from "./Design.ts"
import * as Designs from "./Designs.ts"
import { run } from "./Run.ts"
import type { Scenario } from "./Scenario.ts"

export interface Catalogue {
  readonly scenarios: ReadonlyArray<Scenario>
  readonly designs: ReadonlyArray<Design>
  readonly run: typeof run
}

export const catalogue: Catalogue = { scenarios: [], designs: Designs.all, run }
