/** What was measured, as tables. */
import {
  type Binding,
  type PeerName,
  type Scenario,
  type Section,
  bindings,
  peerTitles,
  scenarioNames,
  scenarios
} from "./Case.ts"
import { bytesOf, holders, type Memories, type State, stateNames, states } from "./Memory.ts"
import { type Overhead, type Overheads, ratio } from "./Overhead.ts"
import { peerNames } from "./Peers/Peers.ts"
import { number, table, times } from "./Table.ts"
import type { Result } from "./Targets.ts"

const others = peerNames.filter((name) => !bindings.some((binding) => binding === name))

export const overhead = (section: Section, overheads: Overheads): string => {
  const rows = scenarioNames.filter((name) => scenarios[name][0] === section)
  const cell = (found: Overhead | undefined): string =>
    found === undefined ? "-" : `${number(found.over.median)} ±${number(found.over.spread)}`
  const row = (scenario: Scenario): ReadonlyArray<string> => [
    scenarios[scenario][1],
    ...peerNames.map((peer) => cell(overheads.find((one) => one.scenario === scenario && one.peer === peer)))
  ]
  const ratios = (binding: Binding): string => {
    const row = (scenario: Scenario): ReadonlyArray<string> => [
      scenarios[scenario][1],
      ...others.map((peer) => times(ratio(overheads, scenario, peer, binding)))
    ]
    return table([[`${title(binding)}, times the cost of`, ...others.map(title)], ...rows.map(row)])
  }
  return [
    table([["ns a call over the bare effect", ...peerNames.map(title)], ...rows.map(row)]),
    ...bindings.map(ratios)
  ].join("\n\n")
}

export const memory = (memories: Memories): string => {
  const sizes = [...new Set(memories.map(({ keys }) => keys))]
  const columns = holders.flatMap((peer) => sizes.map((size) => ({ peer, size })))
  const row = (state: State): ReadonlyArray<string> => [
    states[state],
    ...columns.map(({ peer, size }) => number(bytesOf(memories, peer, state, size)))
  ]
  return table([
    ["bytes of heap a key", ...columns.map(({ peer, size }) => `${title(peer)}, ${size / 1_000}k`)],
    ...stateNames.map(row)
  ])
}

export const targets = (results: ReadonlyArray<Result>): string =>
  [
    table([
      ["target", "at most", "measured", ""],
      ...results.map(({ figure, isMet, limit, title, unit }) => [
        title,
        `${limit} ${unit}`,
        `${number(figure)} ${unit}`,
        isMet ? "met" : "MISSED"
      ])
    ]),
    ...results.filter(({ isMet }) => !isMet).map(({ because, title }) => `Missed: ${title}. ${because}.`)
  ].join("\n")

const title = (name: PeerName): string => peerTitles[name]
