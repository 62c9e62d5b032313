/** Rules that are replaced while they are in force. */
import { Outcome } from "@truce/core"
import type { Model, Policy } from "../Policy.ts"
import type { Step, Steps } from "../Scenario.ts"
import { begin, control, end, steady, trip, wait } from "./steps.ts"
import { fixed } from "./vectors.ts"

const reload = (policy: Policy, see?: Step["see"]): Step => ({
  do: "reload",
  policy,
  fault: "none",
  ...(see === undefined ? {} : { see })
})

const consecutive = (failures: number): Model => ({ type: "consecutive", failures })
const still = { openJitter: 0 } as const

export const reloads: ReadonlyArray<Steps> = [
  {
    name: "other options hold from the next admission on, and nothing that is known is lost",
    policy: steady,
    steps: [
      { do: "letters", key: "a", letters: "FFFFF" },
      { do: "letters", key: "b", letters: "FF" },
      {
        do: "reload",
        policy: { model: fixed, circuit: { openJitter: 0, openFor: 2_000, permits: 2, closeAt: 0.9 } },
        fault: "none",
        see: {
          a: { status: "Open", generation: 1, openings: 1, nextAdmission: 500, permits: 2 },
          b: { score: 0.6, generation: 0, closeAt: 0.9 }
        }
      },
      { do: "letters", key: "b", letters: "FFF", see: { b: { status: "Open", nextAdmission: 2_000 } } },
      { do: "advance", millis: 500 },
      { do: "begin", attempt: "one", keys: ["a"], told: "Admitted" },
      { do: "begin", attempt: "two", keys: ["a"], told: "Admitted" },
      { do: "begin", attempt: "three", keys: ["a"], told: { state: "HalfOpen" } },
      { do: "end", attempt: "one", ends: Outcome.success },
      { do: "end", attempt: "two", ends: Outcome.success, see: { a: { status: "HalfOpen", score: 0.8 } } },
      { do: "letters", key: "a", letters: "S", see: { a: { status: "Closed", score: 1, generation: 3 } } }
    ]
  },
  {
    name: "a policy with a fault changes nothing and names the path",
    policy: steady,
    steps: [
      { do: "letters", key: "a", letters: "FF" },
      ...(
        [
          ["circuit.permits", { circuit: { permits: 0 } }],
          ["circuit.openFor", { circuit: { openFor: -1 } }],
          ["circuit.maxOpenFor", { circuit: { openFor: 9_000, maxOpenFor: 100 } }],
          ["model.tolerance", { model: { type: "ledger", tolerance: 1 } }],
          ["retry.attempts", { retry: { attempts: 0 } }],
          ["budget.capacity", { budget: { type: "saturation", capacity: 0 } }],
          ["overrides.b-*.circuit.closeAt", { overrides: { "b-*": { circuit: { closeAt: 0 } } } }]
        ] satisfies ReadonlyArray<readonly [string, Policy]>
      ).map(([path, policy]) => ({
        do: "reload" as const,
        policy,
        fault: { _tag: "InvalidPolicy" as const, paths: [path] },
        see: { a: { score: 0.6, permits: 1 } }
      }))
    ]
  },
  {
    name: "under another model the score goes on",
    policy: steady,
    steps: [
      { do: "letters", key: "a", letters: "FFF", scores: [0.8, 0.6, 0.4] },
      {
        do: "reload",
        policy: { model: { type: "consecutive", failures: 5 }, circuit: { openJitter: 0 } },
        see: { a: { score: 0.4, openBelow: 0 } }
      },
      { do: "letters", key: "a", letters: "FF", scores: [0.2, "OPEN"] }
    ]
  },
  {
    name: "a threshold that is reloaded holds for the next settle, and the score goes on",
    policy: { model: consecutive(2), circuit: still },
    steps: [
      { do: "letters", key: "a", letters: "F", scores: [0.5] },
      { do: "letters", key: "b", letters: "S" },
      reload({ model: consecutive(4), circuit: still }, { a: { score: 0.75 } }),
      { do: "letters", key: "a", letters: "FF", scores: [0.5, 0.25] },
      reload({ model: consecutive(5), circuit: still }, { a: { score: 0.4, status: "Closed" } }),
      { do: "letters", key: "a", letters: "F", scores: [0.2] },
      { do: "letters", key: "a", letters: "F", scores: ["OPEN"], see: { b: { status: "Closed", score: 1 } } }
    ]
  },
  {
    name: "what was on its way counts, under the rules before until its key is next asked or looked at",
    policy: { model: consecutive(4), circuit: still },
    steps: [
      { do: "letters", key: "a", letters: "F", scores: [0.75] },
      begin("slow"),
      { do: "begin", attempt: "slower", keys: ["a"], byHand: true },
      reload({ model: consecutive(2), circuit: still }),
      end("slow", Outcome.failure(), { a: { status: "Closed", score: 0, generation: 0 } }),
      end("slower", Outcome.failure(), { a: { status: "Open", generation: 1 } })
    ]
  },
  {
    name: "an override that is added or removed applies to its keys only",
    policy: steady,
    steps: [
      { do: "letters", key: "a-1", letters: "FF", scores: [0.8, 0.6] },
      { do: "letters", key: "b-1", letters: "FF", scores: [0.8, 0.6] },
      reload(
        { ...steady, overrides: { "a-*": { circuit: { permits: 3, openFor: 2_000 } } } },
        {
          "a-1": { score: 0.6, permits: 3, generation: 0 },
          "a-2": { score: 1, permits: 3 },
          "b-1": { score: 0.6, permits: 1, generation: 0 }
        }
      ),
      { do: "letters", key: "a-1", letters: "FFF", see: { "a-1": { status: "Open", nextAdmission: 2_000 } } },
      { do: "letters", key: "b-1", letters: "FFF", see: { "b-1": { status: "Open", nextAdmission: 500 } } },
      reload(steady, { "a-1": { status: "Open", nextAdmission: 2_000, permits: 1 }, "a-2": { permits: 1 } }),
      { do: "letters", key: "a-2", letters: "FFFFF", see: { "a-2": { status: "Open", nextAdmission: 500 } } },
      wait(2_000),
      begin("probe", "Admitted", ["a-1"]),
      begin("beside it", { key: "a-1", state: "HalfOpen" }, ["a-1"])
    ]
  },
  {
    name: "a model that is added or removed for some keys takes over the score of these only",
    policy: steady,
    steps: [
      { do: "letters", key: "a-1", letters: "FFF", scores: [0.8, 0.6, 0.4] },
      { do: "letters", key: "b-1", letters: "FFF", scores: [0.8, 0.6, 0.4] },
      reload(
        { ...steady, overrides: { "a-*": { model: consecutive(5) } } },
        { "a-1": { score: 0.4, openBelow: 0 }, "b-1": { score: 0.4, openBelow: 0.1 } }
      ),
      { do: "letters", key: "a-1", letters: "S", scores: [1] },
      { do: "letters", key: "b-1", letters: "S", scores: [0.8] },
      reload(steady, { "a-1": { score: 1, openBelow: 0.1 }, "b-1": { score: 0.8, openBelow: 0.1 } }),
      { do: "letters", key: "a-1", letters: "F", scores: [0.8] },
      { do: "letters", key: "b-1", letters: "F", scores: [0.6] }
    ]
  },
  {
    name: "an impossible policy puts no part of it in force, and the rules before it go on",
    policy: steady,
    steps: [
      ...Array.from({ length: 9 }, (_, index) => index + 1).flatMap((permits): ReadonlyArray<Step> => {
        const see = { other: { permits }, "key-1": { permits: permits + 1 } }
        return [
          reload({
            ...steady,
            circuit: { ...still, permits },
            overrides: { "key-*": { circuit: { permits: permits + 1 } } }
          }),
          {
            do: "reload",
            policy: {
              model: consecutive(1),
              circuit: { permits: 99, openFor: 60_000 },
              overrides: { "key-*": { retry: { attempts: 0 } } }
            },
            fault: { _tag: "InvalidPolicy", paths: ["overrides.key-*.retry.attempts"] },
            see
          }
        ]
      }),
      { do: "letters", key: "other", letters: "FFFF", scores: [0.8, 0.6, 0.4, 0.2] },
      { do: "letters", key: "other", letters: "F", see: { other: { status: "Open", nextAdmission: 500 } } },
      { do: "letters", key: "key-1", letters: "F", scores: [0.8], see: { "key-1": { permits: 10 } } }
    ]
  },
  {
    name: "an open circuit stays open until its time, and its next open time grows from the new one",
    policy: { model: fixed, circuit: { ...still, openFor: 10_000 } },
    steps: [
      trip(),
      reload(
        { model: fixed, circuit: { ...still, openFor: 1_000, permits: 3 } },
        { a: { status: "Open", nextAdmission: 10_000, since: 0, generation: 1, openings: 1, permits: 3 } }
      ),
      wait(9_999),
      begin("early", { state: "Open", retryAfterMillis: 1 }),
      wait(1),
      { do: "letters", key: "a", letters: "F", see: { a: { status: "Open", openings: 2, nextAdmission: 12_000 } } }
    ]
  },
  {
    name: "probes in flight keep their leases, and no more are admitted beside them than the new permits",
    policy: { model: fixed, circuit: { ...still, permits: 3, lease: 10_000 } },
    steps: [
      trip(),
      wait(500),
      begin("one"),
      begin("two"),
      begin("three"),
      reload({ model: fixed, circuit: { ...still, permits: 2, lease: 1_000 } }, { a: { probes: 3, permits: 2 } }),
      begin("too many", { state: "HalfOpen", retryAfterMillis: 10_000 }),
      end("one", "interrupt", { a: { probes: 2 } }),
      begin("still", { state: "HalfOpen" }),
      end("two", "interrupt", { a: { probes: 1 } }),
      begin("room", "Admitted"),
      wait(1_000, { a: { probes: 1 } }),
      wait(8_999, { a: { probes: 1 } }),
      wait(1, { a: { probes: 0 } })
    ]
  },
  {
    name: "manual modes outlast a reload",
    policy: steady,
    steps: [
      control("a", "isolate", "maintenance"),
      control("b", "disable"),
      reload(
        { model: consecutive(1), circuit: { ...still, permits: 3 } },
        {
          a: { status: "Isolated", mode: { _tag: "Isolated", reason: "maintenance", since: 0 }, permits: 3 },
          b: { status: "Disabled", permits: 3 }
        }
      ),
      begin("isolated", { state: "Isolated", generation: 1 }),
      begin("disabled", "Admitted", ["b"])
    ]
  },
  {
    name: "a key that is registered with options of its own keeps them, over those that are reloaded",
    policy: steady,
    steps: [
      { do: "register", key: "a", options: { permits: 7 }, fault: "none" },
      reload(
        { ...steady, circuit: { ...still, permits: 2, closeAt: 0.9 } },
        { a: { permits: 7, closeAt: 0.9 }, b: { permits: 2, closeAt: 0.9 } }
      ),
      {
        do: "register",
        key: "a",
        options: { permits: 1 },
        fault: { _tag: "PolicyConflict", key: "a", field: "permits", existing: 7, requested: 1 }
      }
    ]
  },
  {
    name: "how many keys are kept, and how long, is reloaded for the next key that is added",
    policy: { ...steady, maxKeys: 4 },
    steps: [
      ...["a", "b", "c", "d"].flatMap((key): ReadonlyArray<Step> => [
        { do: "letters", key, letters: "F" },
        wait(2_000)
      ]),
      { ...reload({ ...steady, maxKeys: 2 }), kept: ["a", "b", "c", "d"] },
      { do: "letters", key: "c", letters: "F", scores: [0.6], kept: ["a", "b", "c", "d"] },
      { do: "letters", key: "e", letters: "F", kept: ["c", "e"] },
      reload({ ...steady, ttl: 60_000 }),
      wait(50_000),
      { do: "letters", key: "e", letters: "S" },
      wait(12_000),
      { do: "letters", key: "f", letters: "F", kept: ["e", "f"] }
    ]
  }
]
