/** What Truce promises itself, beside what was measured. */
import type { PeerName } from "./Case.ts"
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

const floor = "Three more steps of Effect 3's interpreter and one reading of its clock are most of it"

const targets: ReadonlyArray<Target> = [
  {
    title: "closed, success: of Effect 4.1's breaker",
    limit: 0.1,
    unit: "x",
    because: floor,
    figure: ({ overheads }) => ratio(overheads, "closed", "effect4")
  },
  {
    title: "closed, success: of opossum as it comes, with its timeout",
    limit: 1,
    unit: "x",
    because: floor,
    figure: ({ overheads }) => quotient(over(overheads, "closed", "truce"), over(overheads, "closed-timed", "opossum"))
  },
  {
    title: "closed, success: of opossum without its timeout",
    limit: 1,
    unit: "x",
    because: `${floor}; opossum has no fiber to step`,
    figure: ({ overheads }) => ratio(overheads, "closed", "opossum")
  },
  {
    title: "closed, failing attempt: of Effect 4.1's breaker",
    limit: 0.5,
    unit: "x",
    because: "The handling of a cause is most of it",
    figure: ({ overheads }) => ratio(overheads, "failing", "effect4")
  },
  {
    title: "open, rejected: of Effect 4.1's breaker",
    limit: 0.05,
    unit: "x",
    because: "The handling of a failure by the interpreter and one reading of the clock are most of it",
    figure: ({ overheads }) => ratio(overheads, "rejected", "effect4")
  },
  {
    title: "retry + breaker, success: of Effect 4.1's breaker in Effect.retry",
    limit: 0.15,
    unit: "x",
    because: "A call that may have to try again reads the clock before and after",
    figure: ({ overheads }) => ratio(overheads, "protect", "effect4")
  },
  {
    title: "10,000 fibers on one key: of Effect 4.1's breaker",
    limit: 0.2,
    unit: "x",
    because: floor,
    figure: ({ overheads }) => ratio(overheads, "fibers-10k", "effect4")
  },
  {
    title: "heap of an idle key",
    limit: 400,
    unit: "B",
    because: "The circuit, its traffic and the entry of the map are most of it",
    figure: ({ memories }) => idle(memories)
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
const idle = (memories: Memories): number | undefined =>
  memories.findLast(({ peer, state }) => peer === "truce" && state === "idle")?.bytesPerKey

export const judge = (measured: Measured): ReadonlyArray<Result> =>
  targets.flatMap(({ figure, ...target }) => {
    const found = figure(measured)
    return found === undefined ? [] : [{ ...target, figure: found, isMet: found <= target.limit }]
  })
