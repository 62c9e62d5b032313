/** The libraries that are compared. */
import type { Case, Cases, PeerName, Run, Scenario } from "../Case.ts"
import { scenarioNames } from "../Case.ts"
import * as Cockatiel from "./Cockatiel.ts"
import * as Effect4 from "./Effect4.ts"
import * as Opossum from "./Opossum.ts"
import * as Truce from "./Truce.ts"
import * as Truce4 from "./Truce4.ts"

const peers: { readonly [name in PeerName]: Cases } = {
  truce: Truce.cases,
  truce4: Truce4.cases,
  effect4: Effect4.cases,
  cockatiel: Cockatiel.cases,
  opossum: Opossum.cases
}

export const peerNames = [
  "truce",
  "truce4",
  "effect4",
  "cockatiel",
  "opossum"
] as const satisfies ReadonlyArray<PeerName>

export interface Entry {
  readonly peer: PeerName
  readonly scenario: Scenario
  readonly prepare: () => Case | Promise<Case>
}

/** Every case there is. */
export const entries: ReadonlyArray<Entry> = scenarioNames.flatMap((scenario) =>
  peerNames.flatMap((peer) => {
    const prepare = peers[peer][scenario]
    return prepare === undefined ? [] : [{ peer, scenario, prepare }]
  })
)

export const nameOf = ({ peer, scenario }: Entry): string => `${peer}/${scenario}`

/** The run of a case by name; with `:bare` after the name, the run without a breaker. */
export const find = (name: string): (() => Promise<Run>) | undefined => {
  const isBare = name.endsWith(":bare")
  const found = entries.find((entry) => nameOf(entry) === (isBare ? name.slice(0, -5) : name))
  if (found === undefined) return undefined
  return async () => {
    const { bare, run } = await found.prepare()
    return isBare ? bare : run
  }
}
