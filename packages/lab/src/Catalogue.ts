/** What there is to run, by name, and the table that is published. */
import type { Comparison } from "./Comparisons.ts"
import * as Comparisons from "./Comparisons.ts"
import type { Design } from "./Design.ts"
import * as Designs from "./Designs.ts"
import * as FleetTable from "./FleetTable.ts"
import * as Flaws from "./Flaws.ts"
import * as Headline from "./Headline.ts"
import type { Metric } from "./Metric.ts"
import { run } from "./Run.ts"
import type { Scenario } from "./Scenario.ts"
import * as Scenarios from "./Scenarios.ts"

/** A row of the headline table; run `n` of a cell has scenario `n` modulo their number. */
export interface Row {
  readonly name: string
  readonly title: string
  readonly scenarios: ReadonlyArray<Scenario>
  readonly metrics: ReadonlyArray<Metric>
}

/** A row of the closed-loop table. */
export interface ClosedLoopRow {
  readonly callers: number
  readonly scenarios: { readonly outage: Scenario; readonly blackhole: Scenario }
}

export interface Catalogue {
  readonly scenarios: ReadonlyArray<Scenario>
  readonly designs: ReadonlyArray<Design>
  readonly run: typeof run
  /** Each with a scenario of its own, which can be run by its name too. */
  readonly flaws: ReadonlyArray<Flaws.Flaw>
  readonly headline: {
    readonly rows: ReadonlyArray<Row>
    /** Names of designs. */
    readonly columns: ReadonlyArray<string>
    /** Names of the designs whose runs are drawn. */
    readonly pictured: ReadonlyArray<string>
    /** The name of the design that is shown beside each flaw. */
    readonly sound: string
  }
  readonly comparisons: ReadonlyArray<Comparison>
  readonly closedLoop: {
    readonly rows: ReadonlyArray<ClosedLoopRow>
    /** Names of designs. */
    readonly columns: ReadonlyArray<string>
  }
  /** The table of the ways to share a judgement. */
  readonly fleet?: FleetTable.FleetTable
}

export const catalogue: Catalogue = {
  scenarios: Scenarios.all,
  designs: Designs.all,
  run,
  flaws: Flaws.all,
  headline: {
    rows: Headline.rows,
    columns: Headline.columns,
    pictured: ["retry-only", "seed-fused", "outside-consecutive-short", "truce"],
    sound: "truce"
  },
  comparisons: Comparisons.all,
  closedLoop: { rows: Headline.closedLoop, columns: Headline.closedLoopColumns },
  fleet: { rows: FleetTable.rows, columns: FleetTable.columns }
}
