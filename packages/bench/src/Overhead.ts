/** What each library costs in each scenario over the same calls without a breaker. */
import { type Binding, type PeerName, type Run, type Scenario, type Section, scenarios } from "./Case.ts"
import { entries } from "./Peers/Peers.ts"
import { type Figure, type Settings, type Subject, measure, overhead, quantile } from "./Rounds.ts"

export interface Overhead {
  readonly scenario: Scenario
  readonly peer: PeerName
  /** Nanoseconds of a call without a breaker. */
  readonly bare: number
  /** Nanoseconds over that. */
  readonly over: Figure
}

export type Overheads = ReadonlyArray<Overhead>

export const run = async (
  section: Section,
  settings: Settings,
  tick: (done: number, of: number) => void
): Promise<Overheads> => {
  const subjects: Array<Subject> = []
  const places = new Map<Run, number>()
  // What several cases are compared with is measured once.
  const place = (run: Run, batch: number): number => {
    const known = places.get(run) ?? subjects.push({ run, batch }) - 1
    places.set(run, known)
    return known
  }
  const chosen = entries.filter(({ scenario }) => scenarios[scenario][0] === section)
  const placed: Array<{
    readonly scenario: Scenario
    readonly peer: PeerName
    readonly at: readonly [number, number]
  }> = []
  for (const { peer, prepare, scenario } of chosen) {
    const { bare, batch = 1, run } = await prepare()
    placed.push({ scenario, peer, at: [place(run, batch), place(bare, batch)] })
  }
  const times = await measure(subjects, settings, tick)
  return placed.map(({ at: [guarded, bare], peer, scenario }) => ({
    scenario,
    peer,
    bare: quantile(times[bare] ?? [], 0.5),
    over: overhead(times[guarded] ?? [], times[bare] ?? [])
  }))
}

/** Nanoseconds of a library in a scenario over the bare call. */
export const over = (overheads: Overheads, scenario: Scenario, peer: PeerName): number | undefined =>
  overheads.find((one) => one.scenario === scenario && one.peer === peer)?.over.median

/** How many times what `peer` costs one of Truce's bindings costs. */
export const ratio = (
  overheads: Overheads,
  scenario: Scenario,
  peer: PeerName,
  binding: Binding = "truce"
): number | undefined => {
  const own = over(overheads, scenario, binding)
  const theirs = over(overheads, scenario, peer)
  return own === undefined || theirs === undefined ? undefined : own / theirs
}
