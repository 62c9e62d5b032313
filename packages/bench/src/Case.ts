/** What is measured: scenarios by name, and one case for each library that can play one. */

import { Array } from "effect"

/** Makes `count` calls; a case never makes more or fewer. */
export type Run = (count: number) => Promise<void>

/** One library in one scenario. */
export interface Case {
  readonly run: Run
  /** The same calls without a breaker: what is subtracted. */
  readonly bare: Run
  /** Calls come in multiples of this; 1 where left out. */
  readonly batch?: number
}

export type PeerName = "truce" | "truce4" | "effect4" | "cockatiel" | "opossum"

/** The scenarios a library can play; a case is prepared when it is asked for. */
export type Cases = { readonly [name in Scenario]?: () => Case | Promise<Case> }

/** Truce itself, on one major of Effect or the other. */
export type Binding = Extract<PeerName, "truce" | "truce4">

export const bindings = ["truce", "truce4"] as const satisfies ReadonlyArray<Binding>

export const peerTitles: { readonly [name in PeerName]: string } = {
  truce: "Truce, Effect 3",
  truce4: "Truce, Effect 4",
  effect4: "Effect 4.1",
  cockatiel: "cockatiel",
  opossum: "opossum"
}

export type Section = "overhead" | "fibers" | "scaling"

/** Every scenario with its section and title. */
export const scenarios = {
  closed: ["overhead", "closed, success"],
  "closed-timed": ["overhead", "closed, with a timeout of 10 s"],
  "closed-built": ["overhead", "closed, built per call"],
  failing: ["overhead", "closed, failing attempt"],
  rejected: ["overhead", "open, rejected"],
  probe: ["overhead", "half-open, failed probe"],
  protect: ["overhead", "retry + breaker, success"],
  "protect-built": ["overhead", "retry + breaker, built per call"],
  "protect-metrics": ["overhead", "retry + breaker, with metrics"],
  "protect-traced": ["overhead", "retry + breaker, in a span"],
  "fibers-1": ["fibers", "1 fiber"],
  "fibers-100": ["fibers", "100 fibers"],
  "fibers-10k": ["fibers", "10,000 fibers"],
  "keys-10k": ["scaling", "10k keys in turn"],
  "keys-100k": ["scaling", "100k keys in turn"],
  "new-key": ["scaling", "a key not seen before"],
  "count-100": ["scaling", "count window of 100"],
  "count-10k": ["scaling", "count window of 10k"],
  "count-100k": ["scaling", "count window of 100k"],
  "time-10s": ["scaling", "time window of 10 s"],
  "time-1h": ["scaling", "time window of 1 h"]
} as const satisfies Record<string, readonly [Section, string]>

export type Scenario = keyof typeof scenarios

export const isScenario = (name: string): name is Scenario => Object.hasOwn(scenarios, name)

export const scenarioNames: ReadonlyArray<Scenario> = Object.keys(scenarios).filter(isScenario)

/** Keys that every library is given alike. */
export const keysOf = (count: number): Array.NonEmptyReadonlyArray<string> =>
  Array.makeBy(count, (index) => `key-${index}`)

/** `items` in turn, for ever. */
export const inTurn = <A>(items: Array.NonEmptyReadonlyArray<A>): (() => A) => {
  let index = 0
  return () => {
    const item = items[index] ?? items[0]
    index = index + 1 < items.length ? index + 1 : 0
    return item
  }
}

/** Calls of each fiber, so that starting it is a small part of them. */
export const callsPerFiber = 5

/** Starts `count` fibers and waits for the last of them. */
export const allEnded = (count: number, start: (ended: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    let left = count
    const ended = (): void => {
      left--
      if (left === 0) resolve()
    }
    for (let started = 0; started < count; started++) start(ended)
  })
