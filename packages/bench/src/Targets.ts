/** What Truce promises itself, beside what was measured. */
import { type Binding, type PeerName, type Scenario, peerTitles, scenarios } from "./Case.ts"
import { bytesOf, type Memories } from "./Memory.ts"
import { type Overheads, over, ratio } from "./Overhead.ts"

export interface Measured {
  readonly overheads: Overheads
  readonly memories: Memories
}

export interface Target {
  readonly title: string
  readonly limit: number
  readonly unit: "x" | "B"
  /** What a miss comes from. */
  readonly because: string
  /** None where it was not measured. */
  readonly figure: (measured: Measured) => number | undefined
}

export interface Result extends Omit<Target, "figure"> {
  readonly figure: number
  readonly isMet: boolean
}

const causes = {
  floor: "A few more steps of the interpreter and one reading of its clock are most of it",
  failing: "The handling of a cause is most of it",
  rejected: "The handling of a failure by the interpreter and one reading of the clock are most of it",
  protect: "A call that may have to try again reads the clock before and after",
  heap: "The circuit, its traffic and the entry of the map are most of it"
} as const

/** At most so many times the cost of Effect 4.1's breaker. */
const ofBuiltIn = (binding: Binding, scenario: Scenario, limit: number, because: string): Target => ({
  title: `${peerTitles[binding]}: ${scenarios[scenario][1]}: of Effect 4.1's breaker`,
  limit,
  unit: "x",
  because,
  figure: ({ overheads }) => ratio(overheads, scenario, "effect4", binding)
})

const ofIdleKey = (binding: Binding, limit: number): Target => ({
  title: `${peerTitles[binding]}: heap of an idle key`,
  limit,
  unit: "B",
  because: causes.heap,
  figure: ({ memories }) => idle(memories, binding)
})

const targets: ReadonlyArray<Target> = [
  ofBuiltIn("truce", "closed", 0.1, causes.floor),
  ofBuiltIn("truce4", "closed", 0.06, causes.floor),
  ofBuiltIn("truce", "failing", 0.5, causes.failing),
  ofBuiltIn("truce4", "failing", 0.6, causes.failing),
  ofBuiltIn("truce", "rejected", 0.05, causes.rejected),
  ofBuiltIn("truce4", "rejected", 0.03, causes.rejected),
  ofBuiltIn("truce", "protect", 0.15, causes.protect),
  ofBuiltIn("truce4", "protect", 0.1, causes.protect),
  ofBuiltIn("truce", "fibers-10k", 0.2, causes.floor),
  ofBuiltIn("truce4", "fibers-10k", 0.2, causes.floor),
  ofIdleKey("truce", 400),
  ofIdleKey("truce4", 450),
  {
    title: "closed, success: of opossum as it comes, with its timeout",
    limit: 1,
    unit: "x",
    because: causes.floor,
    figure: ({ overheads }) => quotient(over(overheads, "closed", "truce"), over(overheads, "closed-timed", "opossum"))
  },
  {
    title: "closed, success: of opossum without its timeout",
    limit: 1,
    unit: "x",
    because: `${causes.floor}; opossum has no fiber to step`,
    figure: ({ overheads }) => ratio(overheads, "closed", "opossum")
  },
  {
    title: "window of 100k over window of 100",
    limit: 1.25,
    unit: "x",
    because: "More of the window is out of the processor's cache",
    figure: ({ overheads }) => quotient(over(overheads, "count-100k", "truce"), over(overheads, "count-100", "truce"))
  },
  {
    title: "100k keys in turn over 10k keys in turn",
    limit: 1.5,
    unit: "x",
    because:
      "The instructions of a call do not grow; what does is the reads that miss the processor's cache (README, Counting instructions)",
    figure: ({ overheads }) => growth(overheads, "truce")
  },
  {
    // A control: what one plain object a key grows by is the machine's share.
    title: "the same growth: of cockatiel's",
    limit: 1.25,
    unit: "x",
    because: "A key of Truce's is several objects, cockatiel's is fewer",
    figure: ({ overheads }) => quotient(growth(overheads, "truce"), growth(overheads, "cockatiel"))
  },
  {
    title: "heap of a key among 1M over among 100k",
    limit: 1.25,
    unit: "x",
    because: "The map grows by doubling",
    figure: ({ memories }) =>
      quotient(bytesOf(memories, "truce", "idle", 1_000_000), bytesOf(memories, "truce", "idle", 100_000))
  }
]

const quotient = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined || right === undefined ? undefined : left / right

const growth = (overheads: Overheads, peer: PeerName): number | undefined =>
  quotient(over(overheads, "keys-100k", peer), over(overheads, "keys-10k", peer))

/** At the greatest number of keys that was measured. */
const idle = (memories: Memories, binding: Binding): number | undefined =>
  memories.findLast(({ peer, state }) => peer === binding && state === "idle")?.bytesPerKey

export const judge = (measured: Measured): ReadonlyArray<Result> =>
  targets.flatMap(({ figure, ...target }) => {
    const found = figure(measured)
    return found === undefined ? [] : [{ ...target, figure: found, isMet: found <= target.limit }]
  })
