/** The table of the ways in which several processes share a judgement, and the figures it is compared with. */
import { faultShare } from "./Headline.ts"
import { type Metric, metrics } from "./Metric.ts"
import type { Scenario } from "./Scenario.ts"
import * as Scenarios from "./Scenarios.ts"

/** A world of several processes; one scenario for each seed of a cell. */
export interface Column {
  readonly title: string
  readonly scenarios: ReadonlyArray<Scenario>
  readonly metrics: ReadonlyArray<Metric>
}

/** A way of sharing; its published figures by column and metric, where there are any. */
export interface Row {
  readonly title: string
  /** The name of a design. */
  readonly design: string
  readonly reference: ReadonlyArray<ReadonlyArray<number>>
}

export interface FleetTable {
  readonly rows: ReadonlyArray<Row>
  readonly columns: ReadonlyArray<Column>
}

const lasting = (make: Scenarios.Lasting): ReadonlyArray<Scenario> => {
  const { fault } = make()
  return faultShare.map((share) => make(Math.round((fault.untilMillis - fault.fromMillis) * share)))
}

export const columns: ReadonlyArray<Column> = [
  {
    title: "20 processes, outage at 100 calls a second: failed attempts / probes",
    scenarios: lasting(Scenarios.processes),
    metrics: [metrics.wasted, metrics["probes-sent"]]
  },
  {
    title: "20 processes, one broken: availability of the others, %",
    scenarios: lasting(Scenarios.brokenProcessOf20),
    metrics: [metrics["availability-elsewhere"]]
  },
  {
    title: "20 processes with a call a minute each, outage: failed attempts",
    scenarios: lasting(Scenarios.processesByTheMinute),
    metrics: [metrics.wasted]
  },
  {
    title: "2 processes, one broken: availability of the other, %",
    scenarios: lasting(Scenarios.brokenProcessOf2),
    metrics: [metrics["availability-elsewhere"]]
  }
]

export const rows: ReadonlyArray<Row> = [
  { title: "nothing", design: "truce", reference: [[641, 280], [100], [697], [100]] },
  { title: "each attempt, one witness", design: "truce-fleet-each", reference: [[37, 15], [100], [241], [28]] },
  {
    title: "batches of 250 ms, one witness",
    design: "truce-fleet-250ms-alone",
    reference: [[103, 15], [100], [239], [2.8]]
  },
  {
    title: "batches of 1 s, one witness",
    design: "truce-fleet-1s-alone",
    reference: [[196, 15], [99.6], [243], [5.9]]
  },
  { title: "batches of 1 s, two witnesses", design: "truce-fleet-1s", reference: [[196, 15], [100], [243], [100]] },
  { title: "batches of 5 s, two witnesses", design: "truce-fleet-5s", reference: [[876, 15], [100], [243], [100]] },
  { title: "as shipped, but one witness", design: "truce-fleet-alone", reference: [] },
  { title: "as shipped: 250 ms, two witnesses", design: "truce-fleet", reference: [] }
]
