/** The colors of the report. */
import type { CallOutcome, Status } from "./Design.ts"
import type { Fault } from "./Scenario.ts"

const good = "#2f9e6e"
const warning = "#e8b23a"
const bad = "#d1495b"
const quiet = "#c2c9d1"

export const statusColors: Readonly<Record<Status, string>> = {
  Closed: good,
  HalfOpen: warning,
  Open: bad,
  Isolated: bad,
  Disabled: good
}

export const callColors: Readonly<Record<CallOutcome, string>> = { Served: good, Failed: bad, Rejected: quiet }

export const requestColors = { first: "#4472b8", retry: "#f0a04b" } as const

export const faultColors: Readonly<Record<Fault["_tag"], string>> = {
  Healthy: "#ffffff",
  Brownout: warning,
  Outage: bad,
  Slow: "#4aa8b8",
  Hang: "#8f63b8"
}
