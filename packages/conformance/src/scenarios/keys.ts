/** Snapshots, policies that conflict, and options by pattern. */
import { CircuitPolicy, Circuit, CircuitSnapshot, HealthModel } from "@truce/core"
import type { Steps } from "../Scenario.ts"
import { steady } from "./steps.ts"
import { fixed } from "./vectors.ts"

const ledger = CircuitPolicy.make(HealthModel.ledger())
const pristine: object = JSON.parse(JSON.stringify(CircuitSnapshot.take(ledger, Circuit.make(ledger, 42), 0)))

const snapshots: ReadonlyArray<Steps> = [
  {
    name: "a restart goes on where the process ended: open for the rest of its time",
    policy: steady,
    steps: [
      { do: "advance", millis: 70_000 },
      { do: "letters", key: "a", letters: "FFFFF" },
      { do: "letters", key: "b", letters: "FF" },
      { do: "control", key: "c", to: "isolate", reason: "maintenance" },
      { do: "advance", millis: 100 },
      {
        do: "restart",
        elapsedMillis: 150,
        see: {
          a: { status: "Open", generation: 1, openings: 1, nextAdmission: 250, since: -250, moves: [] },
          b: { status: "Closed", score: 0.6 },
          c: { status: "Isolated", mode: { _tag: "Isolated", reason: "maintenance", since: -250 } }
        }
      },
      { do: "advance", millis: 249 },
      { do: "begin", attempt: "early", keys: ["a"], told: { state: "Open", retryAfterMillis: 1 } },
      { do: "advance", millis: 1 },
      { do: "begin", attempt: "probe", keys: ["a"], told: "Admitted" },
      { do: "restart", elapsedMillis: 9_999, see: { a: { status: "HalfOpen", probes: 1, nextAdmission: 1 } } },
      { do: "begin", attempt: "held", keys: ["a"], told: { state: "HalfOpen", retryAfterMillis: 1 } },
      { do: "advance", millis: 1, see: { a: { probes: 0 } } },
      { do: "letters", key: "a", letters: "SS", see: { a: { status: "Closed" } } }
    ]
  },
  {
    name: "a seed that is restored spreads the open times as before",
    policy: { model: fixed },
    steps: [
      { do: "restore", circuits: { a: pristine }, elapsedMillis: 0 },
      // 500 ms * (1 + 0.2 * (2 u - 1)) with the first draw of seed 42.
      { do: "letters", key: "a", letters: "FFFFF", see: { a: { nextAdmission: openTime(42, 1, 500) } } },
      { do: "advance", millis: 600 },
      { do: "letters", key: "a", letters: "F", see: { a: { nextAdmission: 600 + openTime(42, 3, 1_000) } } }
    ]
  },
  {
    name: "data that is not a snapshot restores nothing and names the circuit and the field",
    policy: steady,
    steps: [
      { do: "letters", key: "a", letters: "FF" },
      ...Object.entries({
        model: { ...pristine, model: "consecutive" },
        version: { ...pristine, version: 2 },
        state: { ...pristine, state: { _tag: "Ajar" } },
        generation: { ...pristine, generation: -1 },
        traffic: { ...pristine, traffic: { attempts: 1, failures: 2, at: 0 } },
        health: { ...pristine, health: "fine" }
      }).map(([field, data]) => ({
        do: "restore" as const,
        circuits: { a: pristine, b: data },
        elapsedMillis: 0,
        fault: { _tag: "InvalidSnapshot" as const, key: "b", field },
        see: { a: { score: 0.6 } }
      }))
    ]
  }
]

/** Written out here once more: the core must not be asked about itself. */
function openTime(seed: number, generation: number, base: number): number {
  let x = (seed + Math.imul(generation, 0x9e3779b9)) | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  const u = ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
  return base * (1 + 0.2 * (2 * u - 1))
}

const policies: ReadonlyArray<Steps> = [
  {
    name: "two policies on one key are a conflict that names the key, the field and both values",
    policy: steady,
    steps: [
      { do: "register", key: "a", options: { permits: 2, openFor: 1_000 }, fault: "none" },
      { do: "register", key: "a", options: { permits: 2, openFor: 1_000 }, fault: "none" },
      {
        do: "register",
        key: "a",
        options: { permits: 3, openFor: 1_000 },
        fault: { _tag: "PolicyConflict", key: "a", field: "permits", existing: 2, requested: 3 }
      },
      {
        do: "register",
        key: "a",
        options: { permits: 2, openFor: 2_000 },
        fault: { _tag: "PolicyConflict", key: "a", field: "openFor", existing: 1_000, requested: 2_000 }
      },
      { do: "letters", key: "a", letters: "FFFFF", see: { a: { permits: 2, nextAdmission: 1_000 } } },
      { do: "letters", key: "b", letters: "FFFFF", see: { b: { permits: 1, nextAdmission: 500 } } },
      {
        do: "register",
        key: "b",
        options: { closeAt: 0.9 },
        fault: { _tag: "PolicyConflict", key: "b", field: "closeAt", existing: 0.5, requested: 0.9 },
        see: { b: { closeAt: 0.5 } }
      }
    ]
  },
  {
    name: "the exact key comes before patterns, and the pattern with most characters of its own before others",
    policy: {
      ...steady,
      overrides: {
        "*": { circuit: { permits: 2 } },
        "tenant-*": { circuit: { permits: 3, openFor: 700 }, model: { type: "consecutive", failures: 2 } },
        "tenant-*-eu": { circuit: { permits: 4 } },
        "tenant-7-eu": { circuit: { closeAt: 0.9 } }
      }
    },
    steps: [
      { do: "letters", key: "search", letters: "F", scores: [0.8], see: { search: { permits: 2, closeAt: 0.5 } } },
      {
        do: "letters",
        key: "tenant-1",
        letters: "FF",
        scores: [0.5, "OPEN"],
        see: { "tenant-1": { permits: 3, openBelow: 0, nextAdmission: 700 } }
      },
      { do: "letters", key: "tenant-1-eu", letters: "F", scores: [0.8], see: { "tenant-1-eu": { permits: 4 } } },
      { do: "letters", key: "tenant-7-eu", letters: "F", see: { "tenant-7-eu": { permits: 1, closeAt: 0.9 } } }
    ]
  }
]

export const keys: ReadonlyArray<Steps> = [...snapshots, ...policies]
