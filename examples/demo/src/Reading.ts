/** What the table says, in sentences computed from it: a peer that wins a row is named. */
import type { FaultMeasures, Measures } from "./Measure.ts"
import { isBrownout, isHopeless } from "./Scenario.ts"
import type { Table } from "./Table.ts"

interface Peers<A> {
  readonly fused: A
  readonly outside: A
  readonly truce: A
}

export const read = (measures: Peers<Measures>, table: Table): ReadonlyArray<string> => {
  const all = faults(measures)
  const hopeless = all.find(({ truce }) => isHopeless(truce.phase))
  const brownout = all.find(({ truce }) => isBrownout(truce.phase))
  return [
    ...(hopeless === undefined ? [] : inHopeless(hopeless)),
    ...(brownout === undefined ? [] : inBrownout(brownout)),
    ...concessions(table)
  ]
}

const faults = ({ fused, outside, truce }: Peers<Measures>): ReadonlyArray<Peers<FaultMeasures>> =>
  fused.faults.flatMap((fault, index) => {
    const [peer, own] = [outside.faults[index], truce.faults[index]]
    return peer === undefined || own === undefined ? [] : [{ fused: fault, outside: peer, truce: own }]
  })

const inHopeless = ({ fused, truce }: Peers<FaultMeasures>): ReadonlyArray<string> => {
  const [peer, own] = [fused.absorbed, truce.absorbed]
  if (peer._tag === "WasOpen" || own._tag !== "Opened" || peer.requests <= own.requests) return []
  const opening = peer._tag === "Opened" ? "before the circuit opened" : "and the circuit did not open"
  return [
    `Retry inside: in the ${fused.name} ${peer.requests} requests reached the dependency ${opening}, Truce's opened ` +
      `after ${own.requests}: a breaker around the retry learns of a failure only when a call has spent all its attempts.`
  ]
}

const inBrownout = ({ fused, outside, truce }: Peers<FaultMeasures>): ReadonlyArray<string> =>
  truce.availability > outside.availability
    ? [
        `Retry outside: in the ${outside.name} it served ${percent(outside.availability)} of calls, Truce ` +
          `${percent(truce.availability)} and retry inside ${percent(fused.availability)}: a few failures in a row ` +
          `opened it, although retries could have served most calls.`
      ]
    : []

const concessions = ({ columns, rows }: Table): ReadonlyArray<string> => {
  const own = columns.indexOf("Truce")
  const better = columns.flatMap((name, column) => {
    const won = rows.filter(({ cells }) => cells[column]?.isBest && !cells[own]?.isBest).length
    return won === 0 ? [] : [`${name.toLowerCase()} in ${won} of ${contests(rows)} rows`]
  })
  return better.length === 0 ? [] : [`* is the best of its row. Better than Truce: ${better.join(", ")}.`]
}

const contests = (rows: Table["rows"]): number => rows.filter(({ cells }) => cells.some(({ isBest }) => isBest)).length

const percent = (share: number): string => `${Math.round(share * 100)} %`
