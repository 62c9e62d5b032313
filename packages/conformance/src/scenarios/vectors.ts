/** The vectors of the models: outcomes at one instant, and the score after each. */
import { Outcome } from "@truce/core"
import type { Model, Policy } from "../Policy.ts"
import type { Calls, Step, Steps } from "../Scenario.ts"

/** n = 5 at any traffic, and nothing heals with time. */
export const fixed: Model = { type: "ledger", guard: 0, halfLife: "infinity" }

type Row = readonly [letters: string, scores: ReadonlyArray<number | "OPEN">, options?: Policy]

const slow: Policy = { model: fixed, circuit: { slowWeight: 2 / 3 } }
const seed: Policy = { model: { type: "additive" } }
const cusum: Policy = { model: { type: "cusum" } }
const beta: Policy = { model: { type: "beta" } }
const consecutive: Policy = { model: { type: "consecutive" } }

/** What a failure adds to the suspicion of cusum(.05, .5, A = 10), and a success takes. */
const up = Math.log(0.5 / 0.05) / 10
const down = Math.log(0.95 / 0.5) / 10

const rows: ReadonlyArray<Row> = [
  ["FFFFF", [0.8, 0.6, 0.4, 0.2, "OPEN"]],
  ["FhS", [0.8, 0.7, 1]],
  ["FSFSFSFS", [0.8, 1, 0.8, 1, 0.8, 1, 0.8, 1]],
  ["FhqFhqFh", [0.8, 0.7, 0.65, 0.45, 0.35, 0.3, 0.1, "OPEN"]],
  ["FFSFFSFFS", [0.8, 0.6, 1, 0.8, 0.6, 1, 0.8, 0.6, 1]],
  ["FhSFhS", [0.8, 0.7, 1, 0.8, 0.7, 1]],
  ["FFFSFFFSFFF", [0.8, 0.6, 0.4, 0.8, 0.6, 0.4, 0.2, 0.6, 0.4, 0.2, "OPEN"]],
  ["FFFFh", [0.8, 0.6, 0.4, 0.2, 0.1]],
  ["LLLL", [1, 1, 1, 1], slow],
  ["FLLL", [0.8, 0.8, 0.8, 0.8], slow],
  ["TTTT", [0.93, 0.86, 0.79, 0.72]],
  ["FIFIF", [0.8, 0.8, 0.6, 0.6, 0.4]],
  ["FFFF", [0.7, 0.4, 0.1, "OPEN"], seed],
  ["FFS", [0.7, 0.4, 0.9], seed],
  ["FSFSFS", [0.7, 1, 0.7, 1, 0.7, 1], seed],
  ["FFSFFSFFSFFSFF", [0.7, 0.4, 0.9, 0.6, 0.3, 0.8, 0.5, 0.2, 0.7, 0.4, 0.1, 0.6, 0.3, "OPEN"], seed],
  ["FFSFFF", [1 - up, 1 - 2 * up, 1 - 2 * up + down, 1 - 3 * up + down, 1 - 4 * up + down, "OPEN"], cusum],
  ["FFFFFFFF", [8 / 9, 0.8, 8 / 11, 2 / 3, 8 / 13, 4 / 7, 8 / 15, "OPEN"], beta],
  ["FFFFF", [0.8, 0.6, 0.4, 0.2, "OPEN"], consecutive],
  ["FFFFSFFFF", [0.8, 0.6, 0.4, 0.2, 1, 0.8, 0.6, 0.4, 0.2], consecutive]
]

const named = (policy: Policy): string => (policy.model === fixed ? "n = 5" : (policy.model?.type ?? "ledger"))

const scored: ReadonlyArray<Steps> = rows.map(([letters, scores, policy = { model: fixed }]) => ({
  name: `vector ${letters} under ${named(policy)}`,
  policy,
  steps: [{ do: "letters", key: "a", letters, scores }]
}))

type Opened = readonly [
  reopenOn: "failure" | "score",
  letters: string,
  scores: ReadonlyArray<number | "OPEN">,
  status: "Closed" | "Open" | "HalfOpen",
  openings: number
]

const probes: ReadonlyArray<Opened> = [
  ["failure", "SS", [0.4, 0.8], "Closed", 1],
  ["failure", "F", ["OPEN"], "Open", 2],
  ["failure", "SF", [0.4, "OPEN"], "Open", 2],
  ["failure", "ST", [0.4, 0.33], "HalfOpen", 1],
  ["failure", "IS", [0, 0.4], "HalfOpen", 1],
  ["score", "SFS", [0.4, 0.2, 0.6], "Closed", 1],
  ["score", "SFF", [0.4, 0.2, "OPEN"], "Open", 2]
]

const halfOpen: ReadonlyArray<Steps> = probes.map(([reopenOn, letters, scores, status, openings]) => ({
  name: `half-open ${letters} when reopening on ${reopenOn}`,
  policy: { model: fixed, circuit: { openJitter: 0, reopenOn } },
  steps: [
    { do: "letters", key: "a", letters: "FFFFF", see: { a: { status: "Open", openings: 1, generation: 1 } } },
    { do: "advance", millis: 500 },
    {
      do: "letters",
      key: "a",
      letters,
      scores,
      see: { a: { status, openings, probes: 0, generation: status === "HalfOpen" ? 2 : 3 } }
    }
  ]
}))

/** One failure each second under a model that measures time. */
const ewma: ReadonlyArray<Step> = [0.9672161, 0.935506985, 0.904837418, 0.875173319, 0.846481725, 0.818730753].flatMap(
  (score): ReadonlyArray<Step> => [
    { do: "advance", millis: 1_000 },
    { do: "letters", key: "a", letters: "F", scores: [score] }
  ]
)

const times: ReadonlyArray<Steps> = [
  {
    name: "suspicion is halved in ten minutes",
    policy: { model: { type: "ledger", guard: 0 } },
    steps: [
      { do: "letters", key: "a", letters: "F", scores: [0.8] },
      { do: "advance", millis: 60_000, see: { a: { score: 0.813393402 } } },
      { do: "advance", millis: 540_000, see: { a: { score: 0.9 } } }
    ]
  },
  {
    name: "the default ledger opens at the 6th failure of a cold start at one instant",
    policy: {},
    steps: [{ do: "letters", key: "a", letters: "FFFFFF", see: { a: { status: "Open" } } }]
  },
  {
    name: "strain keeps what a success cannot erase",
    policy: {},
    steps: [{ do: "letters", key: "a", letters: "FhS", see: { a: { score: 1, strain: 0.25 } } }]
  },
  {
    name: "ewma, a failure each second: opens at 7 s",
    policy: { model: { type: "ewma" } },
    steps: [
      { do: "letters", key: "a", letters: "S", scores: [1] },
      ...ewma,
      { do: "advance", millis: 1_000 },
      { do: "letters", key: "a", letters: "F", scores: ["OPEN"] }
    ]
  },
  {
    name: "ewma counts only the first of six failures in one millisecond",
    policy: { model: { type: "ewma" } },
    steps: [
      { do: "letters", key: "a", letters: "S" },
      { do: "advance", millis: 5 },
      { do: "letters", key: "a", letters: "FFFFFF", scores: Array<number>(6).fill(0.999833347) }
    ]
  },
  {
    name: "ewma opens on one failure after ten idle minutes",
    policy: { model: { type: "ewma" } },
    steps: [
      { do: "letters", key: "a", letters: "SSSSS" },
      { do: "advance", millis: 600_000 },
      { do: "letters", key: "a", letters: "F", scores: ["OPEN"] }
    ]
  },
  {
    name: "countWindow opens at the 100th failure of a cold start, beta at the 37th after 60 successes",
    policy: { model: { type: "countWindow" }, overrides: { b: { model: { type: "beta" } } } },
    steps: [
      { do: "letters", key: "a", letters: "F".repeat(100), see: { a: { status: "Open" } } },
      { do: "letters", key: "b", letters: "S".repeat(60) },
      { do: "letters", key: "b", letters: "F".repeat(37), see: { b: { status: "Open" } } }
    ]
  }
]

export const vectors: ReadonlyArray<Steps> = [...scored, ...halfOpen, ...times]

/** The vectors that whole calls can send, each letter as a call of one attempt: the lab has nothing smaller. */
export const vectorCalls: ReadonlyArray<Calls> = rows
  // Beta forgets from one millisecond to the next.
  .filter(([letters, , policy]) => /^[FS]+$/.test(letters) && policy !== beta)
  .map(([letters, scores, policy = { model: fixed }]) => ({
    name: `vector ${letters} under ${named(policy)}, a call for each`,
    plan: {
      policy: { ...policy, circuit: { ...policy.circuit, openJitter: 0 }, retry: { attempts: 1, jitter: "none" } },
      calls: Array.from(letters, (letter, index) => ({
        at: index,
        attempts: [{ ends: letter === "F" ? Outcome.failure() : Outcome.success }]
      }))
    },
    calls: Array.from(letters, (letter, index) => ({
      result: letter === "F" ? ("attempts" as const) : ("success" as const),
      endedAt: index
    })),
    transitions: scores.at(-1) === "OPEN" ? [{ at: letters.length - 1, from: "Closed", to: "Open" }] : []
  }))
