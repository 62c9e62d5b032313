/** Which keys are kept and which are dropped. Lifetimes are kept to the second: nothing here is nearer to its end than that. */
import { Outcome } from "@truce/core"
import type { Policy } from "../Policy.ts"
import type { Step, Steps } from "../Scenario.ts"
import { begin, control, end, steady, trip, wait } from "./steps.ts"

const minute = 60_000
const hour = 3_600_000
const day = 24 * hour

const keeping = (lifetime: Pick<Policy, "maxKeys" | "ttl">): Policy => ({ ...steady, ...lifetime })

/** One attempt, and the keys there are then. */
const one = (key: string, letter: "F" | "S", kept?: ReadonlyArray<string>): Step => ({
  do: "letters",
  key,
  letters: letter,
  ...(kept === undefined ? {} : { kept })
})

const times: ReadonlyArray<Steps> = [
  {
    name: "a key that was idle for as long as it is kept is dropped when another is added",
    policy: keeping({ ttl: minute }),
    steps: [
      one("a", "F", ["a"]),
      { ...wait(minute + 2_000), kept: ["a"] },
      one("a", "F", ["a"]),
      { ...wait(minute + 2_000, { a: { score: 0.6 } }), kept: ["a"] },
      { ...one("b", "F", ["b"]), see: { a: { score: 1, generation: 0 }, b: { score: 0.8 } } }
    ]
  },
  {
    name: "a key is kept while it is used, which to look at it or to reject it is not",
    policy: keeping({ ttl: minute }),
    steps: [
      one("a", "F"),
      one("b", "F"),
      wait(50_000, { b: { score: 0.8 } }),
      one("a", "S"),
      wait(50_000, { b: { score: 0.8 } }),
      one("c", "F", ["a", "c"])
    ]
  },
  {
    name: "a key that is failing is dropped after those that are well, so that failures with other keys between them open it",
    policy: keeping({ maxKeys: 3 }),
    steps: [
      ...Array.from({ length: 4 }, (_, round): ReadonlyArray<Step> => [
        one("a", "F"),
        ...[0, 1, 2, 3, 4].flatMap((other): ReadonlyArray<Step> => [one(`other ${round} ${other}`, "S"), wait(1_000)])
      ]).flat(),
      { ...one("a", "F"), see: { a: { status: "Open" } } }
    ]
  },
  {
    name: "where all are failing, the one that was used longest ago is dropped",
    policy: keeping({ maxKeys: 2 }),
    steps: [one("a", "F"), wait(1_000), one("b", "F"), wait(1_000), one("c", "F", ["b", "c"])]
  },
  {
    name: "a circuit is never dropped in its open time",
    policy: keeping({ ttl: minute, maxKeys: 1 }),
    steps: [
      { do: "register", key: "a", options: { openFor: hour, maxOpenFor: hour }, fault: "none" },
      trip(),
      wait(hour / 2),
      one("b", "F", ["a", "b"]),
      begin("early", { key: "a", state: "Open", generation: 1 })
    ]
  },
  {
    name: "an open circuit is not dropped while there is room, however long nobody asks for it",
    policy: keeping({ ttl: minute }),
    steps: [
      trip(),
      wait(day),
      { ...one("b", "F", ["a", "b"]), see: { a: { status: "Open", openings: 1 } } },
      begin("probe", "Admitted"),
      end("probe", "interrupt"),
      wait(day),
      { ...one("c", "F", ["a", "c"]), see: { a: { status: "HalfOpen", openings: 1 } } }
    ]
  },
  {
    name: "an open circuit that nobody asked for since its open time gives way where there is no room",
    policy: keeping({ maxKeys: 2, ttl: minute }),
    steps: [
      trip("a"),
      trip("b"),
      wait(55_000),
      one("c", "S", ["a", "b", "c"]),
      wait(10_000),
      { ...one("d", "S", ["c", "d"]), see: { a: { status: "Closed", generation: 0, openings: 0 } } }
    ]
  },
  {
    name: "a circuit is never dropped with a probe in flight, nor for its age after it",
    policy: keeping({ maxKeys: 1, ttl: minute }),
    steps: [
      { do: "register", key: "a", options: { lease: hour }, fault: "none" },
      trip(),
      wait(500),
      begin("probe", "Admitted"),
      wait(hour / 2),
      one("b", "F", ["a", "b"]),
      end("probe", Outcome.success, { a: { status: "HalfOpen", score: 0.4, probes: 0 } }),
      begin("next", "Admitted"),
      one("c", "F", ["a", "c"])
    ]
  },
  {
    name: "a key that an operator has set is never dropped",
    policy: keeping({ maxKeys: 1, ttl: minute }),
    steps: [
      control("a", "isolate"),
      control("b", "disable"),
      control("c", "observe"),
      wait(day),
      { ...one("d", "F", ["a", "b", "c", "d"]), see: { a: { status: "Isolated" }, b: { status: "Disabled" } } },
      control("b", "reset"),
      wait(2_000),
      one("e", "F", ["a", "c", "e"])
    ]
  }
]

const room: ReadonlyArray<Steps> = [
  {
    name: "where one key is kept each takes the place of the one before",
    policy: keeping({ maxKeys: 1 }),
    steps: ["a", "b", "c", "d"].map((key) => one(key, "S", [key]))
  },
  {
    name: "the key that was idle longest makes room, and not the one that came first",
    policy: keeping({ maxKeys: 3 }),
    steps: [
      ...["a", "b", "c", "a"].flatMap((key) => [one(key, "S"), wait(2_000)]),
      one("d", "S", ["a", "c", "d"]),
      wait(2_000),
      one("e", "S", ["a", "d", "e"])
    ]
  },
  {
    name: "an open circuit does not make room, though it was idle longest",
    policy: keeping({ maxKeys: 2 }),
    steps: [
      trip("a"),
      wait(2_000),
      one("b", "S"),
      wait(2_000),
      { ...one("c", "S", ["a", "c"]), see: { a: { status: "Open", openings: 1 } } },
      begin("probe", "Admitted"),
      wait(2_000),
      { ...one("d", "S", ["a", "d"]), see: { a: { status: "HalfOpen", probes: 1 } } }
    ]
  },
  {
    name: "there are more keys than are kept while they are open, and no more once they are closed",
    policy: keeping({ maxKeys: 2 }),
    steps: [
      ...["a", "b", "c", "d"].flatMap((key) => [trip(key), wait(2_000)]),
      { ...one("e", "S", ["a", "b", "c", "d", "e"]) },
      ...["a", "b", "c", "d"].map((key) => control(key, "reset")),
      wait(2_000),
      one("f", "S", ["e", "f"])
    ]
  },
  {
    name: "a key that was dropped starts anew",
    policy: keeping({ maxKeys: 1 }),
    steps: [
      trip(),
      control("a", "reset"),
      { do: "letters", key: "a", letters: "FF", scores: [0.8, 0.6], see: { a: { generation: 2 } } },
      wait(2_000),
      {
        ...one("b", "S", ["b"]),
        see: { a: { status: "Closed", score: 1, strain: 0, generation: 0, openings: 0, moves: [] } }
      },
      { do: "letters", key: "a", letters: "FFFF", scores: [0.8, 0.6, 0.4, 0.2], kept: ["a"] },
      { ...one("a", "F"), see: { a: { status: "Open", generation: 1, openings: 1, nextAdmission: 2_500 } } }
    ],
    transitions: [
      { key: "a", from: "Closed", to: "Open", generation: 1 },
      { key: "a", from: "Open", to: "Closed", generation: 2, reason: "by hand" },
      { key: "a", from: "Closed", to: "Open", generation: 1 }
    ]
  },
  ...[true, false].map((byHand): Steps => ({
    name: `what an attempt on its way comes to does not bring its key back, ${byHand ? "as a transaction" : "around an effect"}`,
    policy: keeping({ maxKeys: 1 }),
    steps: [
      { do: "letters", key: "a", letters: "FFFF" },
      { do: "begin", attempt: "old", keys: ["a"], byHand },
      { do: "begin", attempt: "older", keys: ["a"], byHand },
      wait(2_000),
      one("b", "F", ["b"]),
      { ...end("old", Outcome.failure(), { a: { status: "Closed", score: 1 }, b: { score: 0.8 } }), kept: ["b"] },
      wait(2_000),
      { do: "letters", key: "a", letters: "F", scores: [0.8], kept: ["a"] },
      { ...end("older", Outcome.failure(), { a: { status: "Closed", score: 0.8, generation: 0 } }), kept: ["a"] }
    ],
    transitions: []
  })),
  ...[true, false].map((byHand): Steps => ({
    name: `several keys are asked and settled though there is room for one, ${byHand ? "as a transaction" : "around an effect"}`,
    policy: keeping({ maxKeys: 1 }),
    steps: [
      { do: "begin", attempt: "both", keys: ["a", "b"], byHand, kept: ["b"] },
      end("both", Outcome.failure(), { a: { score: 1 }, b: { score: 0.8 } })
    ]
  }))
]

export const lifetimes: ReadonlyArray<Steps> = [...times, ...room]
